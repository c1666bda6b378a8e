//! Doctests handed to Kbuild's builder instead of being compiled.
//!
//! Kbuild extracts them with `rustdoc --test --no-run --test-builder BUILDER`, which is closed on stable. Here the `bin/rustc` that
//! rustdoc starts hands the doctest, which arrives complete on standard input, to the builder. rustdoc then runs
//! what it takes for the compiled test; a program that does nothing stands there.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, paths, process};
use gateless_model::{Failure, Result};

use super::rustdoc;
use crate::call::Call;

/// Names the builder to the wrapper in the view, as `DIRECTORY\nPROGRAM\nMIRROR`.
const VARIABLE: &str = "GATELESS_DOCTEST_BUILDER";

/// Extracts the doctests of a crate: `builder` is run for each, in Kbuild's directory.
pub fn run(call: &Call<'_>, builder: &str) -> Result<u8> {
    let builder = paths::absolute(call.cwd, Utf8Path::new(builder));
    let mirror = rustdoc::mirror(call);
    rustdoc::run(
        call,
        (VARIABLE, &format!("{}\n{builder}\n{mirror}", call.cwd)),
    )
}

/// What rustdoc finds in place of rustc while doctests are extracted.
pub struct Builder {
    directory: Utf8PathBuf,
    program: Utf8PathBuf,
    /// Where the lowered files are.
    mirror: String,
}

/// What rustdoc begins the name of a test's function with, before the path of its file.
const FUNCTION: &str = "_doctest_main_";

/// A doctest with its function named after the original file, where its path is absolute (trees that do not map it): the lowered one's is that
/// of the mirror before it, which rustdoc 1.85 says relative to its `directory`. In a name, all but letters and digits are `_`.
fn named_as_original(body: &str, mirror: &str, directory: &Utf8Path) -> String {
    let in_name = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let relative = Utf8Path::new(mirror).strip_prefix(directory).ok();
    let mirrors = [Some(mirror), relative.map(Utf8Path::as_str)];
    let mirrors = mirrors.into_iter().flatten();
    mirrors.fold(body.to_owned(), |body, mirror| {
        let mirror: String = mirror.chars().map(in_name).collect();
        body.replace(&format!("{FUNCTION}{mirror}_"), &format!("{FUNCTION}_"))
    })
}

impl Builder {
    /// The builder that [`run`] named, if this process was started by its rustdoc.
    pub fn from_env() -> Option<Self> {
        let variable = std::env::var(VARIABLE).ok()?;
        let mut lines = variable.split('\n');
        Some(Self {
            directory: lines.next()?.into(),
            program: lines.next()?.into(),
            mirror: lines.next()?.to_owned(),
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
        let failed = |error| {
            Failure::failed(format!("cannot run the doctest builder `{}`", self.program))
                .because(error)
        };
        let body = std::io::read_to_string(std::io::stdin()).map_err(failed)?;
        let body = named_as_original(&body, &self.mirror, &self.directory);
        let mut builder = Command::new(&self.program)
            .args(&args)
            .current_dir(&self.directory)
            .env_remove(VARIABLE)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut input) = builder.stdin.take() {
            match input.write_all(body.as_bytes()) {
                // It read no further; its status says whether that is well.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
                written => written.map_err(failed)?,
            }
        }
        let status = builder.wait().map_err(failed)?;
        if let Some(output) = output {
            files::write_with_parents(&output, b"#!/bin/sh\n")?;
            fs_err::set_permissions(&output, std::fs::Permissions::from_mode(0o755))?;
        }
        Ok(process::exit_code(status))
    }
}

#[cfg(test)]
mod tests {
    use super::named_as_original;

    #[test]
    fn a_test_is_named_after_the_original_file() {
        let test = |name: &str| format!("fn main() {{ fn {name}() {{\n}} {name}() }}");
        let named = |name: &str| named_as_original(&test(name), "/o/.l%k", "/o".into());
        assert_eq!(
            named("_doctest_main__o__l_k_t_rust_a_rs_1_0"),
            test("_doctest_main__t_rust_a_rs_1_0")
        );
        assert_eq!(
            named("_doctest_main__l_k_t_rust_a_rs_1_0"),
            test("_doctest_main__t_rust_a_rs_1_0")
        );
        let relative = "_doctest_main_rust_a_rs_1_0";
        assert_eq!(named(relative), test(relative));
    }
}
