//! The names under which Kbuild calls gateless in place of the compiler: symbolic links to the running binary.

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, hash};
use gateless_model::{Failure, Result};

/// Absolute paths of the wrappers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrappers {
    /// The wrapper of rustc.
    pub rustc: Utf8PathBuf,
    /// The wrapper of rustdoc.
    pub rustdoc: Utf8PathBuf,
    /// The wrapper of clippy-driver.
    pub clippy_driver: Utf8PathBuf,
    /// The wrapper of bindgen, where the tree's bindings have to be fixed up.
    pub bindgen: Utf8PathBuf,
}

/// File name of the rustc wrapper.
pub const RUSTC: &str = "gateless-rustc";
/// File name of the rustdoc wrapper.
pub const RUSTDOC: &str = "gateless-rustdoc";
/// File name of the clippy-driver wrapper.
pub const CLIPPY_DRIVER: &str = "gateless-clippy-driver";
/// File name of the bindgen wrapper.
pub const BINDGEN: &str = "gateless-bindgen";

/// Links the wrappers to `binary` (absolute): beside it, else in a directory of its own below `cache`/bin.
///
/// Links that are right already are left alone, so that file times do not change; a link is replaced in one step.
/// A directory whose path make or the shell would split is an error.
pub fn link(binary: &Utf8Path, cache: &Utf8Path) -> Result<Wrappers> {
    let beside = binary
        .parent()
        .ok_or_else(|| Failure::failed(format!("`{binary}` is not the path of a program")))?;
    match link_in(beside, binary) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            // One directory per binary: another gateless must not take over the links of a running build.
            let digest = hash::sha256(binary.as_str());
            let directory = cache.join("bin").join(&digest[..12]);
            check_word(&directory)?;
            fs_err::create_dir_all(&directory)?;
            link_in(&directory, binary).map_err(Failure::from)
        }
        Err(error) => Err(error.into()),
        Ok(links) => {
            check_word(beside)?;
            Ok(links)
        }
    }
}

fn link_in(directory: &Utf8Path, binary: &Utf8Path) -> std::io::Result<Wrappers> {
    let one = |name: &str| -> std::io::Result<Utf8PathBuf> {
        let link = directory.join(name);
        files::link(binary, &link)?;
        Ok(link)
    };
    Ok(Wrappers {
        rustc: one(RUSTC)?,
        rustdoc: one(RUSTDOC)?,
        clippy_driver: one(CLIPPY_DRIVER)?,
        bindgen: one(BINDGEN)?,
    })
}

/// An error if make or the shell would not take `path` as one plain word, as Kbuild uses its variables unquoted.
pub fn check_word(path: &Utf8Path) -> Result<()> {
    match path
        .as_str()
        .chars()
        .find(|c| !c.is_alphanumeric() && !"/._-+,@~".contains(*c))
    {
        None => Ok(()),
        Some(c) => Err(Failure::failed(format!(
            "the path `{path}` contains {}, which make or the shell would not take literally",
            named(c)
        ))
        .help("use (or move to) a path of letters, digits and / . _ - + , @ ~ only")),
    }
}

fn named(c: char) -> String {
    if c == ' ' {
        "a space".to_owned()
    } else {
        format!("{c:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_once_and_follow_the_binary() {
        let root = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(root.path()).unwrap();
        let [old, new] = ["old", "new"].map(|name| directory.join(name));
        fs_err::write(&old, "").unwrap();
        let links = link(&old, directory).unwrap();
        assert_eq!(links.rustc, directory.join("gateless-rustc"));
        assert_eq!(links.rustc.read_link_utf8().unwrap(), old);
        link(&new, directory).unwrap();
        assert_eq!(links.clippy_driver.read_link_utf8().unwrap(), new);
        assert_eq!(
            directory.read_dir_utf8().unwrap().count(),
            5,
            "no temporary link is left"
        );
    }

    #[test]
    fn a_path_that_make_would_split_is_refused() {
        for bad in ["/a b/c", "/a$b", "/a'b", "/a:b", "/a#b", "/a*", "/a\tb"] {
            assert!(check_word(Utf8Path::new(bad)).is_err(), "{bad}");
        }
        assert!(
            check_word(Utf8Path::new("/a b"))
                .unwrap_err()
                .what
                .contains("a space")
        );
        check_word(Utf8Path::new(
            "/home/jo/.cache/gateless/linux/7.3.4-1~bpo13+1",
        ))
        .unwrap();
    }
}
