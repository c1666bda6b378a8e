//! Programs that Kbuild's Rust support calls besides the compiler.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, process, program};
use gateless_model::{Failure, Result};

use gateless_model::Version;

use crate::system::System;

/// The bindgen-cli version that `doctor --install` installs.
pub const BINDGEN_WANTED: Version = Version::new(0, 72, 1);

/// bindgen's command line program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bindgen {
    /// Absolute path.
    pub path: Utf8PathBuf,
    /// Its version.
    pub version: Version,
}

/// Where a bindgen is: on PATH, and in the cache.
pub(crate) fn bindgens(cache: &Utf8Path) -> Vec<Utf8PathBuf> {
    let candidates = [
        program::find("bindgen"),
        Some(cache::tools(cache).join("bin/bindgen")).filter(|path| program::is_executable(path)),
    ];
    candidates.into_iter().flatten().collect()
}

/// The bindgen at this path, asked for its version.
pub(crate) fn bindgen(path: Utf8PathBuf) -> Result<Bindgen> {
    let text = process::stdout(&path, &["--version"])?;
    let version = version_of(&text).ok_or_else(|| {
        Failure::failed(format!(
            "`{path} --version` prints no version: {}",
            text.trim()
        ))
    })?;
    Ok(Bindgen { path, version })
}

/// The first bindgen that is at least `minimum`: on PATH, else the one that `doctor --install` put into the cache.
pub fn find_bindgen(cache: &Utf8Path, minimum: Version) -> Result<Bindgen> {
    let mut too_old = None;
    for path in bindgens(cache) {
        let found = bindgen(path)?;
        if found.version >= minimum {
            return Ok(found);
        }
        too_old.get_or_insert(found);
    }
    let what = match too_old {
        Some(Bindgen { path, version }) => {
            format!("bindgen {version} ({path}) is too old: {minimum} is the minimum")
        }
        None => "no `bindgen` on PATH".to_owned(),
    };
    Err(Failure::no(what).help(System::this().help()))
}

/// `bindgen 0.72.1`, perhaps with a suffix, as scripts/rust_is_available.sh reads it: three numbers.
fn version_of(text: &str) -> Option<Version> {
    let (_, version) = text.lines().next()?.split_once("bindgen ")?;
    let numbers = version
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()?;
    let is_whole = numbers.trim_end_matches('.').split('.').count() >= 3;
    Version::find(numbers).filter(|_| is_whole)
}

/// The version of the libclang that bindgen loads from `directory`: it is made to read a header, as scripts/rust_is_available.sh does.
///
/// # Errors
/// When it can't read one, for lack of a libclang that it takes, say.
pub fn libclang_of(bindgen: &Bindgen, directory: &Utf8Path) -> Result<Version> {
    let header = tempfile::Builder::new()
        .prefix("gateless-")
        .suffix(".h")
        .tempfile()?;
    fs_err::write(
        header.path(),
        "#pragma message(\"clang version \" __clang_version__)\n",
    )?;
    let mut command = Command::new(&bindgen.path);
    command
        .arg(header.path())
        .env("LC_ALL", "C")
        .env("LIBCLANG_PATH", directory);
    let output = process::output_of(&mut command)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let failed = |what: &str| {
        let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines.clone().find(|line| line.contains("libclang"));
        let line = line.or_else(|| lines.next()).unwrap_or("it says nothing");
        Failure::no(format!("{} {what}: {line}", bindgen.path)).help(
            "set LIBCLANG_PATH to the directory of a libclang that it can load, or install another bindgen",
        )
    };
    if !output.status.success() {
        return Err(failed("can't read a header"));
    }
    let version = said.lines().find_map(|line| {
        line.split_once("clang version ")
            .map(|(_, version)| version)
    });
    version
        .and_then(Version::find)
        .ok_or_else(|| failed("does not say which libclang it loads"))
}

/// The oldest bindgen that works with libclang of this major version: before 0.72.1 it loses functions with 22
/// (scripts/rust_is_available.sh). A libclang that is unknown, or yet to be installed, may be that new.
pub fn minimum_for_libclang(major: Option<u32>) -> Version {
    if major.is_none_or(|major| major >= 22) {
        BINDGEN_WANTED
    } else {
        Version::new(0, 0, 0)
    }
}
