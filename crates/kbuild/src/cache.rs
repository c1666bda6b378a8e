//! The directory where gateless keeps what it fetched, installed and built.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

/// The cache directory, absolute: `$GATELESS_CACHE`, else `$XDG_CACHE_HOME/gateless`, else `$HOME/.cache/gateless`. Not created here.
pub fn root() -> Result<Utf8PathBuf> {
    if let Some(own) = utf8_variable("GATELESS_CACHE")? {
        return camino::absolute_utf8(&own).map_err(Failure::from);
    }
    // The XDG base directory specification: a relative path there is invalid and to be ignored.
    if let Some(xdg) = utf8_variable("XDG_CACHE_HOME")?.filter(|path| path.is_absolute()) {
        return Ok(xdg.join("gateless"));
    }
    match utf8_variable("HOME")?.filter(|path| path.is_absolute()) {
        Some(home) => Ok(home.join(".cache/gateless")),
        None => Err(Failure::failed("no cache directory: neither GATELESS_CACHE, XDG_CACHE_HOME nor HOME names an absolute path")
            .help("set GATELESS_CACHE to a directory with some gigabytes of space")),
    }
}

/// Unpacked kernel trees, one directory per version.
pub fn trees(cache: &Utf8Path) -> Utf8PathBuf {
    cache.join("linux")
}

/// Programs installed by `gateless doctor --install` (a cargo installation root).
pub fn tools(cache: &Utf8Path) -> Utf8PathBuf {
    cache.join("tools")
}

/// Unpacked rust-src packages, one directory per compiler version.
pub fn rust_src(cache: &Utf8Path) -> Utf8PathBuf {
    cache.join("rust-src")
}

/// Unpacked compilers, one directory per version.
pub fn compilers(cache: &Utf8Path) -> Utf8PathBuf {
    cache.join("compilers")
}

/// Results of `gateless matrix`, with their logs.
pub fn results(cache: &Utf8Path) -> Utf8PathBuf {
    cache.join("results")
}

/// A variable's value as a path; `None` where it is unset or empty, an error where it is not UTF-8.
pub(crate) fn utf8_variable(name: &str) -> Result<Option<Utf8PathBuf>> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.into())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::usage(format!("the value of {name} is not UTF-8")))
        }
    }
}
