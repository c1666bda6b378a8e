//! What a compiler says it is (`rustc -vV`), and where it lies.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{process, program};
use gateless_model::{Result, Version};

use crate::guard;

/// The answer to `-vV`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verbose {
    /// The first line, as `--version` prints it.
    pub line: String,
    /// `release:`, such as `1.95.0`.
    pub release: Option<String>,
    /// `host:`.
    pub host: Option<String>,
    /// `LLVM version:`, such as `22.1.2`; none for a compiler without LLVM.
    pub llvm: Option<String>,
}

impl Verbose {
    /// Asks the program.
    ///
    /// # Errors
    /// When it can't be run or fails.
    pub fn ask(program: &Utf8Path) -> Result<Self> {
        Ok(Self::parse(&answer(program, &["-vV"])?))
    }

    /// Reads the answer.
    pub fn parse(text: &str) -> Self {
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        Self {
            line: text.lines().next().unwrap_or_default().to_owned(),
            release: field("release:"),
            host: field("host:"),
            llvm: field("LLVM version:"),
        }
    }

    /// The version; `Err` says what it is instead of a stable release.
    ///
    /// # Errors
    /// When it is no rustc, or a nightly, beta or development compiler.
    pub fn stable_release(&self) -> Result<Version, String> {
        if !self.line.starts_with("rustc ") {
            return Err(format!("it prints `{}` for its version", self.line));
        }
        let Some(release) = &self.release else {
            return Err("it does not name its release in `-vV`".to_owned());
        };
        // A suffix is what makes rustc open its gates (-nightly, -dev) or may in the future (-beta).
        let is_whole = release.split('.').count() == 3;
        let version = release.parse().ok().filter(|_| is_whole);
        version.ok_or_else(|| format!("it is {release}"))
    }
}

/// The directory that holds `bin/` and `lib/` (`--print sysroot`).
pub fn sysroot(program: &Utf8Path) -> Result<Utf8PathBuf> {
    Ok(answer(program, &["--print", "sysroot"])?.trim().into())
}

/// The compiler in this sysroot, if it is there: behind a rustup proxy, the toolchain's own.
pub fn of_sysroot(sysroot: &Utf8Path, name: &str) -> Option<Utf8PathBuf> {
    Some(sysroot.join("bin").join(name)).filter(|path| program::is_executable(path))
}

/// The names of its built-in targets.
pub fn builtin_targets(program: &Utf8Path) -> Result<Vec<String>> {
    let list = answer(program, &["--print", "target-list"])?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// What it prints, gates shut.
fn answer(program: &Utf8Path, args: &[&str]) -> Result<String> {
    process::stdout_of(
        guard::command(program)
            .args(args)
            .env_remove("RUSTC_BOOTSTRAP"),
    )
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
        let release = |text: &str| Verbose::parse(text).stable_release();
        assert_eq!(release(&output("1.95.0")), Ok(Version::new(1, 95, 0)));
        for unstable in ["1.97.0-nightly", "1.96.0-beta.2", "1.95.0-dev"] {
            assert!(release(&output(unstable)).unwrap_err().contains(unstable));
        }
        assert!(
            release(&output("1.95")).is_err(),
            "no release has two numbers"
        );
        assert!(release("gcc 12").is_err());
        assert!(release("rustc 1.95.0 (59807616e 2026-04-14)\n").is_err());
    }
}
