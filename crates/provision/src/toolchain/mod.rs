//! Which compiler a build takes: the user's own, or, where that is older than the tree wants for an architecture, a newer stable
//! release of Debian's, unpacked into the cache beside it and installed nowhere.

mod closure;
pub mod debian;
mod launcher;

use std::fmt;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::cache;
use gateless_model::{Failure, Result};

use gateless_model::Version;
use gateless_rustc::compiler::{self, Compiler};

/// What the user says about the compiler (`--toolchain`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// What `$GATELESS_RUSTC`, else PATH names; where nobody named it and the tree wants a newer one, Debian's oldest that does.
    #[default]
    Automatic,
    /// The program at this path, or of this name on PATH.
    Program(Utf8PathBuf),
    /// Debian's newest of this release: `1.96`, or `1.96.1` for exactly that.
    Release(String),
}

/// A compiler that is not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// At least of this version.
    AtLeast(Version),
    /// Of this release, as the user names it.
    Release(String),
}

/// The answer of [`choose`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// A compiler that is there.
    Here(Compiler),
    /// One that `gateless doctor --install` brings in, and what is there instead, for people.
    Missing(Wanted, String),
}

impl FromStr for Choice {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        if text == "auto" {
            return Ok(Self::Automatic);
        }
        if text.is_empty() {
            return Err(Failure::usage("an empty name is no toolchain")
                .help("give `auto`, a release such as 1.96, or the path of a rustc"));
        }
        if !text.contains('/') && text.starts_with(|c: char| c.is_ascii_digit()) {
            let numbers = text.split('.').count();
            if text.parse::<Version>().is_err() || !(2..=3).contains(&numbers) {
                return Err(Failure::usage(format!("`{text}` is no release of rustc"))
                    .help("write it like 1.96 or 1.96.1; a path needs a slash"));
            }
            return Ok(Self::Release(text.to_owned()));
        }
        Ok(Self::Program(text.into()))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Automatic => f.write_str("auto"),
            Self::Program(path) => f.write_str(path.as_str()),
            Self::Release(release) => f.write_str(release),
        }
    }
}

impl Wanted {
    fn accepts(&self, version: Version) -> bool {
        match self {
            Self::AtLeast(minimum) => version >= *minimum,
            Self::Release(release) => {
                let version = version.to_string();
                version
                    .strip_prefix(release.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
        }
    }

    /// The best of `versions`: the oldest that is new enough, which the kernel's and gateless' own checks know best; of a release the newest.
    fn best(&self, versions: impl Iterator<Item = Version>) -> Option<Version> {
        let accepted = versions.filter(|version| self.accepts(*version));
        match self {
            Self::AtLeast(_) => accepted.min(),
            Self::Release(_) => accepted.max(),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(version) => write!(f, ">= {version}"),
            Self::Release(release) => f.write_str(release),
        }
    }
}

impl Chosen {
    /// The compiler, or an error that says what is missing and how it comes in.
    pub fn compiler(self) -> Result<Compiler> {
        match self {
            Self::Here(compiler) => Ok(compiler),
            Self::Missing(wanted, instead) => Err(missing(&wanted, &instead)),
        }
    }
}

/// The failure for a compiler that is to be brought in.
pub(crate) fn missing(wanted: &Wanted, instead: &str) -> Failure {
    let option = match wanted {
        Wanted::AtLeast(_) => "--arch ARCH".to_owned(),
        Wanted::Release(release) => format!("--toolchain {release}"),
    };
    Failure::no(format!("no rustc {wanted} yet: {instead}")).help(format!(
        "`gateless doctor {option} --install` unpacks Debian's into the cache; or name a stable rustc that is new enough with --toolchain or GATELESS_RUSTC"
    ))
}

/// The compiler for a tree that wants at least `minimum` (if there is a tree), among those that are there.
///
/// A compiler that the user names (`--toolchain PATH`, `$GATELESS_RUSTC`) is taken as it is; that it is too old is for the tree's check to say.
///
/// # Errors
/// If a compiler is named that can't be run, is no stable release, or if none is named and PATH has none.
pub fn choose(choice: &Choice, cache: &Utf8Path, minimum: Option<Version>) -> Result<Chosen> {
    let wanted = match choice {
        Choice::Program(path) => {
            return compiler::named(path, "--toolchain names").map(Chosen::Here);
        }
        Choice::Release(release) => Wanted::Release(release.clone()),
        Choice::Automatic => {
            let own = compiler::find()?;
            match minimum {
                Some(minimum) if own.version < minimum && !own.named => {
                    let instead = format!(
                        "{} ({}) is older than the tree wants for this architecture",
                        own.version, own.command
                    );
                    return Ok(unpacked(cache, &Wanted::AtLeast(minimum))?.map_or_else(
                        || Chosen::Missing(Wanted::AtLeast(minimum), instead),
                        Chosen::Here,
                    ));
                }
                _ => return Ok(Chosen::Here(own)),
            }
        }
    };
    let found = unpacked(cache, &wanted)?;
    Ok(found.map_or_else(
        || Chosen::Missing(wanted, "none of that release is unpacked".to_owned()),
        Chosen::Here,
    ))
}

/// The best compiler in the cache that does.
fn unpacked(cache: &Utf8Path, wanted: &Wanted) -> Result<Option<Compiler>> {
    let Ok(entries) = cache::compilers(cache).read_dir_utf8() else {
        return Ok(None);
    };
    let mut versions = Vec::new();
    for entry in entries {
        // Anything else is what an interrupted unpacking left.
        versions.extend(entry?.file_name().parse::<Version>().ok());
    }
    let best = wanted.best(versions.into_iter());
    best.map(|version| compiler::inspect(&program(cache, version), true))
        .transpose()
}

/// Where the compiler of a version lies once it is unpacked: as Debian's package has it below its root.
fn program(cache: &Utf8Path, version: Version) -> Utf8PathBuf {
    cache::compilers(cache)
        .join(version.to_string())
        .join("usr/bin/rustc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_a_path_and_auto_are_told_apart() {
        let parsed = |text: &str| text.parse::<Choice>();
        assert_eq!(parsed("auto").unwrap(), Choice::Automatic);
        assert_eq!(parsed("1.96").unwrap(), Choice::Release("1.96".into()));
        assert_eq!(parsed("1.96.1").unwrap(), Choice::Release("1.96.1".into()));
        for program in ["/opt/rustc", "./1.96", "rustc-1.96"] {
            assert_eq!(parsed(program).unwrap(), Choice::Program(program.into()));
        }
        for bad in ["", "1", "1.96-nightly", "1.2.3.4"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_oldest_that_is_new_enough_is_taken_and_of_a_release_the_newest() {
        let versions = || {
            [(1, 85, 1), (1, 97, 1), (1, 96, 0), (1, 96, 1), (1, 960, 0)]
                .into_iter()
                .map(|(major, minor, patch)| Version::new(major, minor, patch))
        };
        let at_least = |minor| Wanted::AtLeast(Version::new(1, minor, 0)).best(versions());
        assert_eq!(at_least(96), Some(Version::new(1, 96, 0)));
        assert_eq!(at_least(98), Some(Version::new(1, 960, 0)));
        assert_eq!(at_least(961), None);
        let release = |name: &str| Wanted::Release(name.into()).best(versions());
        assert_eq!(release("1.96"), Some(Version::new(1, 96, 1)));
        assert_eq!(release("1.96.0"), Some(Version::new(1, 96, 0)));
        assert_eq!(release("1.9"), None);
    }

    /// A program that says it is a rustc of this version, in the cache.
    fn unpack(cache: &Utf8Path, directory: &str, version: &str) {
        use std::os::unix::fs::PermissionsExt;
        let bin = cache::compilers(cache).join(directory).join("usr/bin");
        fs_err::create_dir_all(&bin).unwrap();
        let script = format!(
            "#!/bin/sh\ncase $1 in -vV) printf 'rustc {version} (x)\\nrelease: {version}\\n';; *) echo {cache};; esac\n"
        );
        fs_err::write(bin.join("rustc"), script).unwrap();
        fs_err::set_permissions(bin.join("rustc"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn what_an_interrupted_unpacking_left_is_no_compiler() {
        let root = tempfile::tempdir().unwrap();
        let cache = Utf8Path::from_path(root.path()).unwrap();
        let wanted = Wanted::AtLeast(Version::new(1, 96, 0));
        assert_eq!(unpacked(cache, &wanted).unwrap(), None);
        unpack(cache, ".unpack-1.96.1", "1.96.1");
        assert_eq!(unpacked(cache, &wanted).unwrap(), None);
        unpack(cache, "1.97.1", "1.97.1");
        let found = unpacked(cache, &wanted).unwrap().unwrap();
        assert_eq!(found.version, Version::new(1, 97, 1));
        assert!(found.named, "make has to be told of it");
    }

    #[test]
    fn a_compiler_to_come_is_named_with_the_way_to_get_it() {
        let wanted = Wanted::AtLeast(Version::new(1, 96, 0));
        let failure = Chosen::Missing(wanted, "1.95.0 is older".into())
            .compiler()
            .unwrap_err();
        assert!(failure.what.contains(">= 1.96.0") && failure.what.contains("1.95.0"));
        assert!(failure.help.unwrap().contains("doctor --arch"));
        let failure = missing(&Wanted::Release("1.97".into()), "none");
        assert!(failure.help.unwrap().contains("doctor --toolchain 1.97"));
    }
}
