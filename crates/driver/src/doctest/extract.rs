//! Doctests handed to Kbuild's builder instead of being compiled.
//!
//! Kbuild extracts them with `rustdoc --test --no-run --test-builder BUILDER`, which is closed on stable. Here the `bin/rustc` that
//! rustdoc starts hands the doctest, which arrives complete on standard input, to the builder. rustdoc then runs
//! what it takes for the compiled test; a program that does nothing stands there.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, paths, process};
use gateless_model::{Failure, Result};

use super::rustdoc;
use crate::call::Call;

/// Names the builder to the wrapper in the view, as `DIRECTORY\nPROGRAM`.
const VARIABLE: &str = "GATELESS_DOCTEST_BUILDER";

/// Extracts the doctests of a crate: `builder` is run for each, in Kbuild's directory.
pub fn run(call: &Call<'_>, builder: &str) -> Result<u8> {
    let builder = paths::absolute(call.cwd, Utf8Path::new(builder));
    rustdoc::run(call, (VARIABLE, &format!("{}\n{builder}", call.cwd)))
}

/// What rustdoc finds in place of rustc while doctests are extracted.
pub struct Builder {
    directory: Utf8PathBuf,
    program: Utf8PathBuf,
}

impl Builder {
    /// The builder that [`run`] named, if this process was started by its rustdoc.
    pub fn from_env() -> Option<Self> {
        let variable = std::env::var(VARIABLE).ok()?;
        let (directory, program) = variable.split_once('\n')?;
        Some(Self {
            directory: directory.into(),
            program: program.into(),
        })
    }

    /// Runs Kbuild's builder with the doctest on standard input, and leaves a program that does nothing where rustdoc expects the test.
    pub fn run(&self, args: Vec<OsString>) -> Result<u8> {
        // rustdoc also asks the compiler about itself.
        let output = args
            .iter()
            .position(|arg| arg == "-o")
            .and_then(|at| args.get(at + 1))
            .map(|path| Utf8PathBuf::from(path.to_string_lossy().into_owned()));
        let status = Command::new(&self.program)
            .args(&args)
            .current_dir(&self.directory)
            .env_remove(VARIABLE)
            .status()
            .map_err(|error| {
                Failure::failed(format!("cannot run the doctest builder `{}`", self.program))
                    .because(error)
            })?;
        if let Some(output) = output {
            files::write_with_parents(&output, b"#!/bin/sh\n")?;
            fs_err::set_permissions(&output, std::fs::Permissions::from_mode(0o755))?;
        }
        Ok(process::exit_code(status))
    }
}
