//! A guard against a compiler that is gateless itself: by `GATELESS_RUSTC`, by PATH, through a script or a link, and for rustdoc and clippy-driver alike.
//!
//! Whatever is run as a compiler finds a variable in its environment. gateless, started with it, was started as its own compiler, and says so
//! instead of starting the next one.

use std::process::Command;

use camino::Utf8Path;
use gateless_model::Failure;

/// The program that is being run as a compiler.
const VARIABLE: &str = "GATELESS_RUNS";

/// A command for a program that is to be a compiler or one of its companions.
pub fn command(program: &Utf8Path) -> Command {
    let mut command = Command::new(program);
    command.env(VARIABLE, program.as_str());
    command
}

/// The failure of a gateless that was started as its own compiler; nothing if it was not.
pub fn caught() -> Option<Failure> {
    let program = std::env::var(VARIABLE).ok()?;
    // One line: who started it repeats the last line only.
    Some(Failure::failed(format!(
        "`{program}` is no compiler: it ends in gateless, which would run it again; GATELESS_RUSTC, or else `rustc` on PATH, must be a stable rustc itself"
    )))
}
