//! The Rust compiler that a build uses.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{process, program, variable};
use gateless_linux::Tree;
use gateless_model::{Failure, Result, Version};

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
        let list = process::stdout(&self.rustc, &["--print", "target-list"])?;
        Ok(list.lines().map(str::to_owned).collect())
    }

    /// An error if it is older than `tree` wants for `arch`.
    pub fn check_age(&self, tree: &Tree, arch: &str) -> Result<()> {
        let minimum = tree.minimum_rustc(arch, &process::stdout_of)?;
        if self.version < minimum {
            return Err(Failure::failed(format!(
                "rustc {} ({}) is too old for Linux {}: {minimum} is the minimum",
                self.version, self.command, tree.release
            ))
            .help("`rustup update stable`, or name a newer stable rustc with --toolchain or GATELESS_RUSTC; `--toolchain auto` without GATELESS_RUSTC takes Debian's"));
        }
        Ok(())
    }
}

/// The compiler that `$GATELESS_RUSTC`, else PATH names, and no other; anything but a stable release is refused.
pub fn find() -> Result<Compiler> {
    match variable::path("GATELESS_RUSTC")? {
        Some(program) => named(&program, "GATELESS_RUSTC names"),
        None => {
            let path = program::find("rustc").ok_or_else(|| {
                Failure::failed("no `rustc` on PATH").help("install stable Rust (https://rustup.rs), or set GATELESS_RUSTC to the path of a stable rustc")
            })?;
            inspect(&path, false)
        }
    }
}

/// The compiler that the user names, by a path or a name on PATH; `by` says how, for messages.
pub fn named(program: &Utf8Path, by: &str) -> Result<Compiler> {
    let path = if program.as_str().contains('/') {
        Some(camino::absolute_utf8(program)?).filter(|path| program::is_executable(path))
    } else {
        program::find(program.as_str())
    };
    let path = path.ok_or_else(|| {
        Failure::failed(format!(
            "{by} `{program}`, which is no program that can be run"
        ))
        .help("give the path of a stable rustc, or none")
    })?;
    inspect(&path, true)
}

/// Asks the compiler at `path` (absolute) what it is.
pub fn inspect(path: &Utf8Path, named: bool) -> Result<Compiler> {
    let verbose = process::stdout(path, &["-vV"])?;
    let version_text = verbose.lines().next().unwrap_or_default().to_owned();
    let version = stable_release(&verbose).map_err(|why| {
        Failure::failed(format!("`{path}` must be a stable release of rustc, but {why}"))
            .help("choose one with `rustup default stable`, RUSTUP_TOOLCHAIN=stable or GATELESS_RUSTC=PATH; in any other compiler gates are open by default")
    })?;
    let sysroot = Utf8PathBuf::from(process::stdout(path, &["--print", "sysroot"])?.trim());
    let companion = |name: &str| {
        Some(sysroot.join("bin").join(name)).filter(|path| program::is_executable(path))
    };
    let beside = |name: &str| {
        companion(name)
            .or_else(|| Some(path.with_file_name(name)).filter(|path| program::is_executable(path)))
    };
    Ok(Compiler {
        command: path.to_owned(),
        rustc: companion("rustc").unwrap_or_else(|| path.to_owned()),
        rustdoc: beside("rustdoc"),
        clippy_driver: beside("clippy-driver"),
        sysroot,
        version,
        version_text,
        named,
    })
}

/// The version in the output of `rustc -vV`; `Err` says what it is instead of a stable release.
fn stable_release(verbose: &str) -> Result<Version, String> {
    let first = verbose.lines().next().unwrap_or_default();
    if !first.starts_with("rustc ") {
        return Err(format!("it prints `{first}` for its version"));
    }
    let release = verbose
        .lines()
        .find_map(|line| line.strip_prefix("release: "))
        .map(str::trim)
        .unwrap_or_default();
    if release.is_empty() {
        return Err("it does not name its release in `-vV`".to_owned());
    }
    // A suffix is what makes rustc open its gates (-nightly, -dev) or may in the future (-beta).
    release.parse().map_err(|_| format!("it is {release}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_release_without_suffix_counts_as_stable() {
        let output = |release: &str| {
            format!(
                "rustc {release} (59807616e 2026-04-14)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: {release}\nLLVM version: 22.1.2\n"
            )
        };
        assert_eq!(
            stable_release(&output("1.95.0")),
            Ok(Version::new(1, 95, 0))
        );
        for unstable in ["1.97.0-nightly", "1.96.0-beta.2", "1.95.0-dev"] {
            assert!(
                stable_release(&output(unstable))
                    .unwrap_err()
                    .contains(unstable)
            );
        }
        assert!(stable_release("gcc 12").is_err());
        assert!(stable_release("rustc 1.95.0 (59807616e 2026-04-14)\n").is_err());
    }
}
