//! `cargo xtask test`: everything, set up from nothing; `--quick`: what to run after each edit.

use std::process::ExitCode;

use camino::Utf8Path;

#[derive(clap::Args)]
pub struct Arguments {
    /// Only what is quick: no kernel tree, no builds, no oracles
    #[arg(long)]
    quick: bool,
}

pub fn run(_: &Utf8Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    Ok(crate::unwritten(if arguments.quick {
        "test --quick"
    } else {
        "test"
    }))
}
