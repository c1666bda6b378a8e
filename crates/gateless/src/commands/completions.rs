//! `gateless completions`.

use clap::CommandFactory;
use clap_complete::Shell;
use gateless_model::{Exit, Failure, Result};

use crate::output;

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut super::CommandLine::command(),
        "gateless",
        &mut script,
    );
    let script = String::from_utf8(script)
        .map_err(|error| Failure::failed("the completion script is not UTF-8").because(error))?;
    output::line(script.trim_end())?;
    Ok(Exit::Yes)
}
