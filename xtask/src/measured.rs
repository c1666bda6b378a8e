//! `cargo xtask measured`: pages of figures, written from the records that runs leave.

use std::process::ExitCode;

use camino::Utf8Path;

#[derive(clap::Args)]
pub struct Arguments {}

pub fn run(_: &Utf8Path, _: &Arguments) -> anyhow::Result<ExitCode> {
    Ok(crate::unwritten("measured"))
}
