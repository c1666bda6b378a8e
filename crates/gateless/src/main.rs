//! The gateless command line, and the names under which Kbuild calls the same binary in place of the compiler.

mod commands;
mod output;
mod terminal;

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use gateless_kbuild::stand_ins;
use gateless_model::Failure;

fn main() -> ExitCode {
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    match Path::new(&name).file_name().and_then(OsStr::to_str) {
        Some(name @ (stand_ins::RUSTC | stand_ins::RUSTDOC | stand_ins::CLIPPY_DRIVER)) => {
            output::failure(&Failure::failed(format!(
                "this gateless has no compiler driver to call as {name}"
            )));
            ExitCode::FAILURE
        }
        _ => match commands::CommandLine::parse().run() {
            Ok(exit) => exit.into(),
            Err(failure) => {
                output::failure(&failure);
                failure.exit.into()
            }
        },
    }
}
