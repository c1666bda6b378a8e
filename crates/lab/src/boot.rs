//! Boots a build's kernel on its machine.

use std::time::Duration;

use camino::Utf8Path;
use gateless_model::Result;

use crate::console::{Ended, Progress};
use crate::machine::{Machine, Runner};
use crate::uml;

/// Boots the kernel in the build's output folder `out` and waits for its end, at most `limit`.
///
/// Everything the machine prints is in the file `log` afterwards, byte for byte. `progress` is called while it grows.
///
/// # Errors
/// If the machine can't be started or gateless was interrupted; how the kernel fares is no error.
pub fn boot(
    machine: &Machine,
    out: &Utf8Path,
    log: &Utf8Path,
    limit: Duration,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended> {
    match machine.runner {
        Runner::Process => uml::boot(machine, out, log, limit, progress),
    }
}
