//! A kernel source tree.

mod minimum;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result, Version};

use crate::makefile::{self, Makefile};

pub use minimum::{Run, Tool};

/// The oldest release whose Rust can be built. Those before 6.11 want exactly one compiler, of their own time; 6.12 is the first that is maintained.
pub const OLDEST: Version = Version::new(6, 12, 0);
const OLDEST_TEXT: &str = "6.12";

/// An error if a release is too old for its Rust to be built; `release` names it for people.
pub fn check_release(version: Version, release: &str) -> Result<()> {
    if version >= OLDEST {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the Rust of Linux {release} can't be built: it is for one compiler of its own time alone"
    ))
    .help(format!(
        "{OLDEST_TEXT} is the oldest release that can be built: `gateless fetch {OLDEST_TEXT}`"
    )))
}

/// A directory that holds the sources of a kernel with Rust support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Absolute path.
    pub path: Utf8PathBuf,
    /// What the tree's Makefile says, without EXTRAVERSION.
    pub version: Version,
    /// The version as `make kernelversion` prints it, such as `7.3.4` or `7.4.0-rc1`.
    pub release: String,
}

impl Tree {
    /// Looks at the directory `path` (relative to the current directory).
    ///
    /// It is an error if there is no such directory, it is no kernel tree, or the kernel has no Rust support.
    pub fn open(path: &Utf8Path) -> Result<Self> {
        let no_tree = |why: String| {
            Failure::failed(why)
                .help("`gateless fetch 7.3` fetches a kernel tree and prints its path")
        };
        if !path.is_dir() {
            let why = if path.exists() {
                "is not a directory"
            } else {
                "does not exist"
            };
            return Err(no_tree(format!("the kernel tree {path} {why}")));
        }
        let path = camino::absolute_utf8(path)?.canonicalize_utf8()?;
        let is_tree = ["Makefile", "Kbuild", "Kconfig", "scripts/Kbuild.include"]
            .iter()
            .all(|file| path.join(file).is_file());
        if !is_tree {
            return Err(no_tree(format!(
                "{path} is not a kernel tree: it lacks one of Makefile, Kbuild, Kconfig, scripts/Kbuild.include"
            )));
        }
        let makefile = fs_err::read_to_string(path.join("Makefile"))?;
        let (version, release) = version_of(&makefile::parse(&makefile)).ok_or_else(|| Failure::failed(format!("{path}/Makefile does not say which version the kernel is (VERSION, PATCHLEVEL, SUBLEVEL)")))?;
        if !path.join("rust/Makefile").is_file() {
            return Err(Failure::failed(format!(
                "Linux {release} in {path} has no Rust support: there is no rust/Makefile"
            ))
            .help(format!("{OLDEST_TEXT} is the oldest release that can be built: `gateless fetch {OLDEST_TEXT}`")));
        }
        check_release(version, &release)?;
        Ok(Self {
            path,
            version,
            release,
        })
    }

    /// An error if Kbuild would refuse to build this tree in another directory.
    pub fn check_clean(&self, arch: &str) -> Result<()> {
        // The same three marks as in Kbuild's own `outputmakefile` check.
        let source_arch = source_arch(arch);
        for mark in [
            ".config".to_owned(),
            "include/config".to_owned(),
            format!("arch/{source_arch}/include/generated"),
        ] {
            if self.path.join(&mark).exists() {
                return Err(Failure::failed(format!("the kernel tree {} is not clean: it holds {mark} of a build inside of the tree", self.path))
                    .help(format!("keep your .config if you need it, then run `make -C {} ARCH={arch} mrproper`", self.path)));
            }
        }
        Ok(())
    }
}

/// The directory below `arch/` for a value of ARCH, as the tree's Makefile maps it.
pub fn source_arch(arch: &str) -> &str {
    match arch {
        "i386" | "x86_64" => "x86",
        "sparc32" | "sparc64" => "sparc",
        "parisc64" => "parisc",
        other => other,
    }
}

/// The version that the top makefile says, and as `make kernelversion` prints it.
pub fn version_of(makefile: &Makefile) -> Option<(Version, String)> {
    let number = |name: &str| makefile.value(name)?.parse().ok();
    let version = Version::new(
        number("VERSION")?,
        number("PATCHLEVEL")?,
        number("SUBLEVEL")?,
    );
    let extra = makefile.value("EXTRAVERSION").unwrap_or_default();
    Some((version, format!("{version}{extra}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_makefile() {
        let makefile =
            "# SPDX\nVERSION = 7\nPATCHLEVEL = 4\nSUBLEVEL = 0\nEXTRAVERSION = -rc1\nNAME = Baby\n";
        assert_eq!(
            version_of(&makefile::parse(makefile)),
            Some((Version::new(7, 4, 0), "7.4.0-rc1".to_owned()))
        );
        assert_eq!(
            version_of(&makefile::parse(&makefile.replace("SUBLEVEL = 0\n", ""))),
            None
        );
    }

    const OLD: &str = "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 2\nEXTRAVERSION =\n";
    const NEW: &str = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n";

    fn fake(release: &str, rust: bool) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("Makefile", release),
            ("Kbuild", ""),
            ("Kconfig", ""),
            ("scripts/Kbuild.include", ""),
        ] {
            let path = root.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        if rust {
            fs_err::create_dir_all(root.path().join("rust")).unwrap();
            fs_err::write(root.path().join("rust/Makefile"), "").unwrap();
        }
        root
    }

    #[test]
    fn a_kernel_without_rust_is_refused_by_name() {
        let root = fake(OLD, false);
        let failure = Tree::open(Utf8Path::from_path(root.path()).unwrap()).unwrap_err();
        assert!(
            failure.what.contains("Linux 6.1.2") && failure.what.contains("no Rust support"),
            "{}",
            failure.what
        );
    }

    #[test]
    fn rust_of_a_time_when_one_compiler_did_is_refused_with_the_release_that_would_do() {
        let root = fake(OLD, true);
        let failure = Tree::open(Utf8Path::from_path(root.path()).unwrap()).unwrap_err();
        assert!(failure.what.contains("Linux 6.1.2"), "{failure}");
        assert!(failure.help.unwrap().contains("6.12"));
    }

    #[test]
    fn a_tree_that_was_built_in_is_refused() {
        let root = fake(NEW, true);
        let tree = Tree::open(Utf8Path::from_path(root.path()).unwrap()).unwrap();
        tree.check_clean("um").unwrap();
        fs_err::write(root.path().join(".config"), "").unwrap();
        assert!(
            tree.check_clean("um")
                .unwrap_err()
                .what
                .contains("not clean")
        );
    }

    #[test]
    fn directories_that_are_no_tree_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(root.path()).unwrap();
        assert!(
            Tree::open(path)
                .unwrap_err()
                .what
                .contains("is not a kernel tree")
        );
        assert!(
            Tree::open(&path.join("nowhere"))
                .unwrap_err()
                .what
                .contains("does not exist")
        );
    }
}
