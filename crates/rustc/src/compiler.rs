//! The Rust compiler that a build uses.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::program;
use gateless_model::{Failure, Result, Version};

use crate::find as which;
use crate::verbose::{self, Verbose};

/// A stable release of rustc and its companions.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Whether the environment named it (`GATELESS_RUSTC`), rather than PATH.
    pub named: bool,
}

impl Compiler {
    /// The names of its built-in targets.
    pub fn builtin_targets(&self) -> Result<Vec<String>> {
        verbose::builtin_targets(&self.rustc)
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

/// Asks the compiler at `path` (absolute) what it is.
pub fn inspect(path: &Utf8Path, named: bool) -> Result<Compiler> {
    let verbose = Verbose::ask(path)?;
    let version = verbose.stable_release().map_err(|why| {
        Failure::failed(format!("`{path}` must be a stable release of rustc, but {why}"))
            .help("choose one with `rustup default stable`, RUSTUP_TOOLCHAIN=stable or GATELESS_RUSTC=PATH; in any other compiler gates are open by default")
    })?;
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
        named,
    })
}
