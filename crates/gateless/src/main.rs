//! The gateless command line, and the wrappers: the names by which Kbuild calls the same binary instead of the compiler.

mod commands;
mod configured;
mod output;
mod terminal;

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use gateless_kbuild::wrappers;

fn main() -> ExitCode {
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    // First, because a doctest's compiler starts its linker with its own variables.
    if gateless_driver::is_linker() {
        return gateless_driver::linker_main(arguments.collect());
    }
    if gateless_driver::is_doctest_builder() {
        return gateless_driver::rustdoc_main(arguments.collect());
    }
    if gateless_driver::is_doctest_compiler() {
        return gateless_driver::rustc_main(arguments.collect());
    }
    if let Some(failure) = gateless_rustc::guard::caught() {
        output::failure(&failure);
        return failure.exit.into();
    }
    match Path::new(&name).file_name().and_then(OsStr::to_str) {
        Some(wrappers::RUSTC) => gateless_driver::rustc_main(arguments.collect()),
        Some(wrappers::RUSTDOC) => gateless_driver::rustdoc_main(arguments.collect()),
        Some(wrappers::CLIPPY_DRIVER) => gateless_driver::clippy_main(arguments.collect()),
        Some(wrappers::BINDGEN) => gateless_overlay::bindgen::main(arguments.collect()),
        _ => match commands::CommandLine::parse().run() {
            Ok(exit) => exit.into(),
            Err(failure) => {
                output::failure(&failure);
                failure.exit.into()
            }
        },
    }
}
