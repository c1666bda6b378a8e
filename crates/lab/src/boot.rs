//! Boots a build's kernel on its machine.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::out::tree_of;
use gateless_machines::{Machine, Runner};
use gateless_model::{Failure, Result};

use crate::console::{Ended, Progress};
use crate::guest::Guest;
use crate::qemu::{self, Qemu};
use crate::qemu_config::QemuConfig;
use crate::results::Emulator;
use crate::screen::PanicWatch;
use crate::uml::{self, Uml};

/// Boots the kernel in the build's output directory `out` with the userland of `guest`, if any, and waits for its end, at most `limit`.
///
/// Everything the machine prints is in the file `log` afterwards, byte for byte. `progress` is called while it grows.
///
/// # Errors
/// If the machine can't be started or gateless was interrupted; how the kernel fares is no error.
pub fn boot(
    machine: &Machine,
    out: &Utf8Path,
    guest: Option<Guest<'_>>,
    log: &Utf8Path,
    limit: Duration,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended> {
    let arguments = &machine.boot.arguments;
    match &machine.boot.runner {
        Runner::Process { .. } if guest.is_some() => Err(no_userland(machine)),
        Runner::Process {
            kernel,
            memory_file_mib,
        } => {
            let uml = Uml {
                kernel,
                memory_file_mib: *memory_file_mib,
                arguments,
            };
            uml::boot(&uml, out, log, limit, progress)
        }
        Runner::Qemu { .. } | Runner::OwnQemu(_) => {
            let qemu = Qemu {
                config: of_machine(machine, out)?,
                arguments,
                guest,
                screen: false,
            };
            qemu::boot(&qemu, out, log, limit, &mut |_, now| {
                progress(now);
                Ok(())
            })
        }
    }
}

/// The emulator that boots the kernel in `out`; nothing for a kernel that is a program itself.
///
/// # Errors
/// If the machine's description can't be read, or the emulator is missing or does not say its version.
pub fn emulator(machine: &Machine, out: &Utf8Path) -> Result<Option<Emulator>> {
    let (config, replaced) = match &machine.boot.runner {
        Runner::Process { .. } => return Ok(None),
        Runner::Qemu { config, replaced } => (config, replaced),
        Runner::OwnQemu(own) => {
            let config = QemuConfig::own(&machine.arch, own);
            return Ok(Some(Emulator {
                version: qemu::version(&config)?,
                replaced: Vec::new(),
            }));
        }
    };
    let mut config = QemuConfig::read(&tree_of(out), config)?;
    let replaced = qemu::replace(&mut config, replaced)
        .into_iter()
        .map(|one| {
            let (tree, with) = (one.tree.join(" "), one.with.join(" "));
            format!("`{with}` in place of the tree's `{tree}`: {}", one.because)
        })
        .collect();
    Ok(Some(Emulator {
        version: qemu::version(&config)?,
        replaced,
    }))
}

/// Boots the kernel in `out` with a userland that makes it panic, and takes a picture of the screen as it is then.
///
/// The picture is the file `picture` (PNG) afterwards, if the kernel panicked; what it printed is in `log`. The machine is ended then.
///
/// # Errors
/// If the machine can't be started, has no screen, or the picture can't be taken; that the kernel does not panic is no error.
pub fn boot_to_panic(
    machine: &Machine,
    out: &Utf8Path,
    guest: Guest<'_>,
    picture: &Utf8Path,
    log: &Utf8Path,
    limit: Duration,
) -> Result<Ended> {
    let qemu = Qemu {
        config: of_machine(machine, out)?,
        arguments: &machine.boot.arguments,
        guest: Some(guest),
        screen: true,
    };
    let mut watch = PanicWatch::new(log, picture);
    qemu::boot(&qemu, out, log, limit, &mut |directory, _| {
        watch.look(directory)
    })
}

fn no_userland(machine: &Machine) -> Failure {
    Failure::usage(format!(
        "the checks of a userland run in QEMU, and {} is no machine of QEMU's",
        machine.name()
    ))
    .help("leave --userland away, or choose another --arch")
}

/// The image that [`boot`] boots, relative to the output directory of a build of `tree`.
///
/// # Errors
/// If the machine is described in the tree, and the description can't be read.
pub fn image(machine: &Machine, tree: &Utf8Path) -> Result<Utf8PathBuf> {
    match &machine.boot.runner {
        Runner::Process { kernel, .. } => Ok(kernel.into()),
        Runner::Qemu { config, .. } => Ok(QemuConfig::read(tree, config)?.kernel_path),
        Runner::OwnQemu(own) => Ok(own.kernel.as_str().into()),
    }
}

/// The machine of QEMU's that a build in `out` runs on, with what gateless has changed of the tree's description.
fn of_machine(machine: &Machine, out: &Utf8Path) -> Result<QemuConfig> {
    match &machine.boot.runner {
        Runner::Process { .. } => Err(no_userland(machine)),
        Runner::Qemu { config, replaced } => {
            let mut config = QemuConfig::read(&tree_of(out), config)?;
            qemu::replace(&mut config, replaced);
            Ok(config)
        }
        Runner::OwnQemu(own) => Ok(QemuConfig::own(&machine.arch, own)),
    }
}
