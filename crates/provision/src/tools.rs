//! Programs that Kbuild's Rust support calls besides the compiler.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, process, program};
use gateless_model::{Failure, Result};

use gateless_model::Version;

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

/// The first bindgen that is at least `minimum`: on PATH, else the one that `doctor --install` put into the cache.
pub fn find_bindgen(cache: &Utf8Path, minimum: Version) -> Result<Bindgen> {
    let candidates = [
        program::find("bindgen"),
        Some(cache::tools(cache).join("bin/bindgen")).filter(|path| program::is_executable(path)),
    ];
    let mut too_old = None;
    for path in candidates.into_iter().flatten() {
        let text = process::stdout(&path, &["--version"])?;
        let version = Version::find(&text).ok_or_else(|| {
            Failure::failed(format!(
                "`{path} --version` prints no version: {}",
                text.trim()
            ))
        })?;
        if version >= minimum {
            return Ok(Bindgen { path, version });
        }
        too_old.get_or_insert(Bindgen { path, version });
    }
    let what = match too_old {
        Some(Bindgen { path, version }) => {
            format!("bindgen {version} ({path}) is too old: {minimum} is the minimum")
        }
        None => "no `bindgen` on PATH".to_owned(),
    };
    Err(Failure::no(what).help("run `gateless doctor --install`"))
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
