//! `cargo xtask new-gate NAME`: the file, the row, the ledger entry and the failing test of a new gate.

use std::process::ExitCode;

use camino::Utf8Path;

#[derive(clap::Args)]
pub struct Arguments {
    /// Its name, as its file will be called
    name: String,
}

pub fn run(_: &Utf8Path, _: &Arguments) -> anyhow::Result<ExitCode> {
    Ok(crate::unwritten("new-gate"))
}
