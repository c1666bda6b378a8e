//! What else is installed of a kind, and whether it would do: asked about where something does not, and by `doctor`.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, program, variable};
use gateless_model::Version;
use gateless_rustc::compiler::{self, Compiler};

use crate::libclang::{self, Libclang};
use crate::tools::{self, Bindgen};

/// A stable compiler that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Its version.
    pub version: Version,
    /// Its program.
    pub program: Utf8PathBuf,
    /// How a build is told to take it (`--toolchain`).
    pub toolchain: String,
}

/// The stable compilers that are here, the oldest first: on PATH, rustup's, and those that were unpacked into the cache.
///
/// A program that can't be asked, or is no stable release, is none.
pub fn compilers(cache: &Utf8Path) -> Vec<Other> {
    let mut found: Vec<Other> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |program: Utf8PathBuf, by_release: bool| {
        let Ok(Compiler { version, rustc, .. }) = compiler::inspect(&program, true) else {
            return;
        };
        // What rustup's proxy stands for is found again below its own directory.
        if seen.insert(rustc) {
            let toolchain = match by_release {
                true => version.to_string(),
                false => program.to_string(),
            };
            found.push(Other {
                version,
                program,
                toolchain,
            });
        }
    };
    program::find("rustc")
        .into_iter()
        .for_each(|program| add(program, false));
    for program in programs(&cache::compilers(cache), "usr/bin/rustc") {
        add(program, true);
    }
    for program in rustup().iter().flat_map(|home| programs(home, "bin/rustc")) {
        add(program, false);
    }
    found.sort_by_key(|other| other.version);
    found
}

/// Where rustup keeps its toolchains.
fn rustup() -> Option<Utf8PathBuf> {
    let home = match variable::path("RUSTUP_HOME").ok()? {
        Some(home) => home,
        None => variable::path("HOME").ok()??.join(".rustup"),
    };
    Some(home.join("toolchains"))
}

/// The program of this name in each directory of `parent`; what starts with a dot is what an interrupted unpacking left.
fn programs(parent: &Utf8Path, name: &str) -> Vec<Utf8PathBuf> {
    let Ok(entries) = parent.read_dir_utf8() else {
        return Vec::new();
    };
    let mut found: Vec<Utf8PathBuf> = entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| !entry.file_name().starts_with('.'))
        .map(|entry| entry.path().join(name))
        .filter(|path| program::is_executable(path))
        .collect();
    found.sort();
    found
}

/// What to do about a compiler that is too old: one that is here, or how another comes in.
pub fn help_for_rustc(cache: &Utf8Path, minimum: Version) -> String {
    let mut fitting = compilers(cache)
        .into_iter()
        .filter(|other| other.version >= minimum);
    match fitting.next() {
        Some(other) => format!(
            "rustc {} is here and would do: --toolchain {}",
            other.version, other.toolchain
        ),
        None => format!(
            "rustc {minimum} or newer would do, and none is here: `rustup update stable`, or name one with --toolchain or GATELESS_RUSTC; `--toolchain auto` without GATELESS_RUSTC takes Debian's"
        ),
    }
}

/// The bindgens that are here: on PATH, and the one in the cache.
pub fn bindgens(cache: &Utf8Path) -> Vec<Bindgen> {
    let mut found: Vec<Bindgen> = tools::bindgens(cache)
        .into_iter()
        .filter_map(|path| tools::bindgen(path).ok())
        .collect();
    found.sort_by_key(|bindgen| bindgen.version);
    found
}

/// The libclangs that are here, the newest first.
pub fn libclangs() -> Vec<Libclang> {
    libclang::all_below(Utf8Path::new("/usr"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn unpack(cache: &Utf8Path, directory: &str, version: &str) {
        let root = cache::compilers(cache).join(directory).join("usr");
        let script = format!(
            "#!/bin/sh\ncase $1 in -vV) printf 'rustc {version} (x)\\nrelease: {version}\\n';; *) echo {root};; esac\n"
        );
        let program = root.join("bin/rustc");
        fs_err::create_dir_all(root.join("bin")).unwrap();
        fs_err::write(&program, script).unwrap();
        fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn the_oldest_that_fits_is_named_with_the_option_that_takes_it() {
        let root = tempfile::tempdir().unwrap();
        let cache = Utf8Path::from_path(root.path()).unwrap();
        unpack(cache, "1.999.1", "1.999.1");
        unpack(cache, "1.998.0", "1.998.0");
        unpack(cache, ".unpack-x", "1.997.0");
        unpack(cache, "1.996.0", "1.996.0-nightly");
        let help = help_for_rustc(cache, Version::new(1, 996, 0));
        assert!(help.contains("1.998.0 is here"), "{help}");
        assert!(help.ends_with("--toolchain 1.998.0"), "{help}");
        let help = help_for_rustc(cache, Version::new(2, 0, 0));
        assert!(help.contains("rustc 2.0.0 or newer would do"), "{help}");
    }
}
