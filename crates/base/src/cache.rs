//! The directory where gateless keeps what it fetched, installed and built.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

use crate::variable;

/// The cache directory: `$GATELESS_CACHE`, else `$XDG_CACHE_HOME/gateless`, else `$HOME/.cache/gateless`. Not created here.
///
/// # Errors
/// If GATELESS_CACHE is a relative path, or none of the three names a directory.
pub fn root() -> Result<Utf8PathBuf> {
    choose(
        variable::path("GATELESS_CACHE")?,
        variable::path("XDG_CACHE_HOME")?,
        variable::path("HOME")?,
    )
}

fn choose(
    own: Option<Utf8PathBuf>,
    xdg: Option<Utf8PathBuf>,
    home: Option<Utf8PathBuf>,
) -> Result<Utf8PathBuf> {
    if let Some(own) = own {
        if own.is_relative() {
            // make calls the wrappers in other directories than the user's, where the same text names another place.
            return Err(Failure::usage(format!(
                "GATELESS_CACHE is the relative path `{own}`, which names another directory wherever make runs a wrapper"
            ))
            .help("set GATELESS_CACHE to an absolute path"));
        }
        return Ok(own);
    }
    // The XDG base directory specification: a relative path there is invalid and to be ignored.
    if let Some(xdg) = xdg.filter(|path| path.is_absolute()) {
        return Ok(xdg.join("gateless"));
    }
    match home.filter(|path| path.is_absolute()) {
        Some(home) => Ok(home.join(".cache/gateless")),
        None => Err(Failure::failed(
            "no cache directory: neither GATELESS_CACHE, XDG_CACHE_HOME nor HOME names an absolute path",
        )
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

/// Configurations of distributions.
pub fn configs(cache: &Utf8Path) -> Utf8PathBuf {
    cache.join("configs")
}

/// Results of `gateless matrix`, with their logs.
pub fn results(cache: &Utf8Path) -> Utf8PathBuf {
    cache.join("results")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(own: &str, xdg: &str, home: &str) -> Result<Utf8PathBuf> {
        let value = |text: &str| Some(text).filter(|text| !text.is_empty()).map(Into::into);
        choose(value(own), value(xdg), value(home))
    }

    #[test]
    fn each_variable_goes_before_the_next() {
        assert_eq!(chosen("/own", "/xdg", "/home").unwrap(), "/own");
        assert_eq!(chosen("", "/xdg", "/home").unwrap(), "/xdg/gateless");
        assert_eq!(chosen("", "", "/home").unwrap(), "/home/.cache/gateless");
    }

    #[test]
    fn a_relative_cache_is_refused_and_other_relative_paths_are_passed_over() {
        let error = chosen("cache", "/xdg", "/home").unwrap_err();
        assert!(error.what.contains("the relative path `cache`"), "{error}");
        assert_eq!(chosen("", "xdg", "/home").unwrap(), "/home/.cache/gateless");
        let error = chosen("", "xdg", "home").unwrap_err();
        assert!(error.what.contains("no cache directory"), "{error}");
    }
}
