//! Which compiler: the program that `$GATELESS_RUSTC` names, else the `rustc` on PATH, and no other.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{program, variable};
use gateless_model::{Failure, Result};

/// A compiler's program as found; may be a rustup proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Absolute path.
    pub path: Utf8PathBuf,
    /// Whether the environment named it (`GATELESS_RUSTC`), rather than PATH.
    pub named: bool,
}

/// Finds the program.
///
/// # Errors
/// When `GATELESS_RUSTC` names none, or there is none on PATH.
pub fn program() -> Result<Program> {
    if let Some(own) = variable::path("GATELESS_RUSTC")? {
        return Ok(Program {
            path: named(&own, "GATELESS_RUSTC names")?,
            named: true,
        });
    }
    let path = program::find("rustc").ok_or_else(|| {
        Failure::failed("no `rustc` on PATH").help(
            "install stable Rust (https://rustup.rs), or set GATELESS_RUSTC to the path of a stable rustc",
        )
    })?;
    Ok(Program { path, named: false })
}

/// The program that the user names, by a path or a name on PATH; `by` says how, for messages.
///
/// # Errors
/// When there is no such program.
pub fn named(name: &Utf8Path, by: &str) -> Result<Utf8PathBuf> {
    let path = if name.as_str().contains('/') {
        Some(camino::absolute_utf8(name)?).filter(|path| program::is_executable(path))
    } else {
        program::find(name.as_str())
    };
    path.ok_or_else(|| {
        Failure::failed(format!(
            "{by} `{name}`, which is no program that can be run"
        ))
        .help("give the path of a stable rustc, or none")
    })
}
