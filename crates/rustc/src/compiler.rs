//! The Rust compiler that a build uses.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::program;
use gateless_model::{Failure, Result, Version};
use serde::{Deserialize, Serialize};

use crate::find as which;
use crate::guard;
use crate::llvm::{self, Generator};
use crate::verbose::{self, Verbose};

/// How LLVM refuses an option that it doesn't know.
const UNKNOWN_OPTION: &str = "Unknown command line argument";

/// A stable release of rustc and its companions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiler {
    /// The command as found: what `GATELESS_RUSTC` or PATH named, absolute; may be a rustup proxy.
    pub command: Utf8PathBuf,
    /// The compiler itself: in the sysroot's bin directory where it is there (so behind rustup's proxy), else [`Compiler::command`].
    pub rustc: Utf8PathBuf,
    /// rustdoc of the same toolchain, if it is installed.
    pub rustdoc: Option<Utf8PathBuf>,
    /// clippy-driver of the same toolchain, if it is installed.
    pub clippy_driver: Option<Utf8PathBuf>,
    /// The directory that `--print sysroot` names.
    pub sysroot: Utf8PathBuf,
    /// Its version.
    pub version: Version,
    /// First line of `--version`.
    pub version_text: String,
    /// The triple that it runs on (`host:` of `rustc -vV`); empty if it does not say.
    pub host: String,
    /// Its LLVM (`LLVM version:` of `rustc -vV`), such as `22.1.2`; empty for a compiler without LLVM.
    pub llvm: String,
    /// Whether the environment named it (`GATELESS_RUSTC`), rather than PATH.
    pub named: bool,
}

impl Compiler {
    /// The names of its built-in targets.
    pub fn builtin_targets(&self) -> Result<Vec<String>> {
        verbose::builtin_targets(&self.rustc)
    }

    /// The libLLVM that generates code for it.
    ///
    /// # Errors
    /// See [`llvm::of_compiler`].
    pub fn generator(&self) -> Result<Generator> {
        llvm::of_compiler(&self.sysroot, &self.llvm, &[])
    }

    /// Whether its LLVM knows this option (`-Cllvm-args`); the compiler is asked.
    ///
    /// # Errors
    /// If it can't be run, or refuses the option for another reason than not knowing it.
    pub fn takes_llvm_option(&self, option: &str) -> Result<bool> {
        let mut command = self.run("rustc");
        command.args([&format!("-Cllvm-args={option}"), "--print=target-features"]);
        let output = command
            .output()
            .map_err(|error| Failure::failed(format!("`{}` can't be run: {error}", self.rustc)))?;
        let said = String::from_utf8_lossy(&output.stderr);
        match (output.status.success(), said.contains(UNKNOWN_OPTION)) {
            (true, _) => Ok(true),
            (false, true) => Ok(false),
            (false, false) => Err(Failure::failed(format!(
                "`{} -Cllvm-args={option} --print=target-features` failed: {}",
                self.rustc,
                said.trim()
            ))),
        }
    }

    /// The program of this toolchain of that name: `rustc`, or one that lies beside it.
    pub fn program(&self, name: &str) -> Utf8PathBuf {
        match name {
            "rustc" => self.rustc.clone(),
            _ => self.rustc.with_file_name(name),
        }
    }

    /// A command for one of the toolchain's programs, without what a gate could come in by.
    ///
    /// `RUSTC_BOOTSTRAP` is removed (Kbuild exports it for every call), and so is the `LD_LIBRARY_PATH` that `cargo run`
    /// sets to a toolchain's directory, since the program would then load another one's libraries.
    pub fn run(&self, name: &str) -> Command {
        let mut command = guard::command(&self.program(name));
        command
            .env_remove("RUSTC_BOOTSTRAP")
            .env_remove("LD_LIBRARY_PATH");
        command
    }
}

/// The compiler that `$GATELESS_RUSTC`, else PATH names, and no other; anything but a stable release is refused.
pub fn find() -> Result<Compiler> {
    let program = which::program()?;
    inspect(&program.path, program.named)
}

/// The compiler that the user names, by a path or a name on PATH; `by` says how, for messages.
pub fn named(program: &Utf8Path, by: &str) -> Result<Compiler> {
    inspect(&which::named(program, by)?, true)
}

/// The failure of a compiler in which gates are open by default.
pub(crate) fn not_stable(path: &Utf8Path, why: &str) -> Failure {
    Failure::failed(format!("`{path}` must be a stable release of rustc, but {why}"))
        .help("choose one with `rustup default stable`, RUSTUP_TOOLCHAIN=stable or GATELESS_RUSTC=PATH; in any other compiler gates are open by default")
}

/// Asks the compiler at `path` (absolute) what it is.
pub fn inspect(path: &Utf8Path, named: bool) -> Result<Compiler> {
    let verbose = Verbose::ask(path)?;
    let version = verbose
        .stable_release()
        .map_err(|why| not_stable(path, &why))?;
    let sysroot = verbose::sysroot(path)?;
    let beside = |name: &str| {
        verbose::of_sysroot(&sysroot, name)
            .or_else(|| Some(path.with_file_name(name)).filter(|path| program::is_executable(path)))
    };
    Ok(Compiler {
        command: path.to_owned(),
        rustc: verbose::of_sysroot(&sysroot, "rustc").unwrap_or_else(|| path.to_owned()),
        rustdoc: beside("rustdoc"),
        clippy_driver: beside("clippy-driver"),
        sysroot,
        version,
        version_text: verbose.line,
        host: verbose.host.unwrap_or_default(),
        llvm: verbose.llvm.unwrap_or_default(),
        named,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_tells_an_option_of_its_llvm_from_one_that_it_does_not_know() {
        let compiler = find().unwrap();
        assert!(compiler.takes_llvm_option("-asan-stack=1").unwrap());
        assert!(!compiler.takes_llvm_option("-no-option-of-llvm").unwrap());
        // It is known, and this is no value for it.
        assert!(compiler.takes_llvm_option("-asan-stack=x").is_err());
    }
}
