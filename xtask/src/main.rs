//! Chores of this repository, as `cargo xtask COMMAND`. One file per command.
//!
//! Exit codes are those of `gateless`: 0 yes; 1 no (a check found something, a test failed); 2 wrong usage; 3 could not be done.

mod check;
mod long_tail;
mod measured;
mod new_flag;
mod new_gate;
mod test;

use std::env;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Parser, Subcommand};

/// Chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check what can be checked without running anything that was built
    Check(check::Arguments),
    /// Set up what the tests need and run them
    Test(test::Arguments),
    /// Write the file, row, ledger entry and failing test of a new code generation flag
    NewFlag(new_flag::Arguments),
    /// Write the file, row, ledger entry and failing test of a new gate
    NewGate(new_gate::Arguments),
    /// Write the page of wishes from the ledger
    LongTail,
    /// Write the pages of figures from the records of runs
    Measured(measured::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Check(arguments) => check::run(&root(), &arguments),
        Command::Test(arguments) => test::run(&root(), &arguments),
        Command::NewFlag(arguments) => new_flag::run(&root(), &arguments),
        Command::NewGate(arguments) => new_gate::run(&root(), &arguments),
        Command::LongTail => long_tail::run(&root()),
        Command::Measured(arguments) => measured::run(&root(), &arguments),
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::from(3)
    })
}

/// The checkout that cargo runs this program in. Checkouts may share a target directory, and with it this program.
fn root() -> Utf8PathBuf {
    let manifests = env::var("CARGO_MANIFEST_DIR");
    let manifests = manifests.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR"));
    Utf8Path::new(manifests)
        .parent()
        .unwrap_or(Utf8Path::new("."))
        .to_owned()
}
