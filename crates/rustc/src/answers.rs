//! What a compiler itself says about features, `-Z` options and target features.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::diagnostic::Diagnostic;
use gateless_model::Version;

use crate::diagnostic::features::{self, FeatureState};
use crate::diagnostic::{self, Event, Said};
use crate::guard;
use crate::verbose::Verbose;

/// Answers of one compiler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// The program.
    pub path: Utf8PathBuf,
    /// Release, such as `1.95.0`.
    pub release: String,
    /// As `CONFIG_RUSTC_VERSION` has it: `109500`.
    pub code: u32,
    /// Features that were asked about.
    pub features: BTreeMap<String, FeatureState>,
    /// Names of its `-Z` options, with `-`.
    pub z_options: BTreeSet<String>,
    /// Target features that it calls unstable or unknown.
    pub unstable_target_features: BTreeSet<String>,
}

impl Answers {
    /// Asks the compiler at `path` for its version and its options.
    pub fn ask(path: &Utf8Path) -> io::Result<Self> {
        let verbose =
            Verbose::ask(path).map_err(|failure| io::Error::other(failure.to_string()))?;
        let release = verbose.release.unwrap_or_default();
        let code = Version::prefix(&release)
            .map(Version::code)
            .ok_or_else(|| {
                io::Error::other(format!("{path} does not say which release of rustc it is"))
            })?;
        let help = output(
            guard::command(path)
                .arg("-Zhelp")
                .env("RUSTC_BOOTSTRAP", "1"),
        )?
        .0;
        let z_options = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("-Z "))
            .filter_map(|rest| rest.trim().split(['=', ' ']).next())
            .map(|name| name.replace('_', "-"))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            release,
            code,
            z_options,
            ..Self::default()
        })
    }

    /// Asks about features, all in one run with the gates open: it warns of those that are stable and refuses those it doesn't know.
    pub fn ask_features<'f>(&mut self, names: impl Iterator<Item = &'f str>) -> io::Result<()> {
        let names: BTreeSet<&str> = names.filter(|name| is_name(name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let attributes: String = names
            .iter()
            .map(|name| format!("#![feature({name})]\n"))
            .collect();
        let all =
            "extern crate std; extern crate alloc; extern crate proc_macro; extern crate test;";
        let with_std = format!("{attributes}#![no_std]\n#![feature(test)]\n{all}");
        let mut diagnostics = self.diagnose(&with_std)?;
        let is_missing = |event: Event<'_>| matches!(event.said, Said::MissingCrate { .. });
        if Event::all(&diagnostics).into_iter().any(is_missing) {
            // No standard library beside this compiler: core alone.
            diagnostics = self.diagnose(&format!("{attributes}#![no_std]\n"))?;
        }
        for name in names {
            self.features
                .insert(name.to_owned(), FeatureState::of(name, &diagnostics));
        }
        Ok(())
    }

    fn diagnose(&self, source: &str) -> io::Result<Vec<Diagnostic>> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("ask.rs");
        fs_err::write(&file, source)?;
        let mut command = guard::command(&self.path);
        command
            .args(["--crate-type=lib", "--emit=metadata", "--edition=2021"])
            .args([
                "--error-format=json",
                "-Wstable_features",
                "-Winternal_features",
            ])
            .arg("--out-dir")
            .arg(directory.path())
            .arg(&file)
            .env("RUSTC_BOOTSTRAP", "1");
        Ok(diagnostic::parse(&output(&mut command)?.1))
    }

    /// Asks about target features for the built-in target `target`.
    pub fn ask_target_features(
        &mut self,
        target: &str,
        names: &BTreeSet<String>,
    ) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = names.iter().map(|name| format!("+{name}")).collect();
        let (_, stderr) = output(
            guard::command(&self.path)
                .arg(format!("--target={target}"))
                .arg(format!("-Ctarget-feature={}", list.join(",")))
                .args(["--print=cfg", "--crate-type=lib", "--error-format=json"])
                .env_remove("RUSTC_BOOTSTRAP"),
        )?;
        let told = diagnostic::parse(&stderr);
        self.unstable_target_features.extend(
            features::of_target(&told)
                .filter(|name| names.contains(*name))
                .map(str::to_owned),
        );
        Ok(())
    }

    /// `(1, 95)`.
    pub fn minor(&self) -> (u32, u32) {
        (self.code / 100_000, self.code / 100 % 1000)
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn output(command: &mut Command) -> io::Result<(String, String)> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        io::Error::new(error.kind(), format!("`{program}` can't be run: {error}"))
    })?;
    Ok((
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_tells_stable_closed_and_unknown_features_apart() {
        let path = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let mut compiler = Answers::ask(Utf8Path::new(&path)).unwrap();
        compiler
            .ask_features(
                [
                    "asm_goto",
                    "rustc_attrs",
                    "never_type",
                    "no_such_feature_at_all",
                ]
                .into_iter(),
            )
            .unwrap();
        let state = |name: &str| compiler.features[name].clone();
        assert_eq!(state("asm_goto"), FeatureState::Stable("1.87".to_owned()));
        assert_eq!(state("rustc_attrs"), FeatureState::Internal);
        assert_eq!(state("no_such_feature_at_all"), FeatureState::Absent);
        assert_eq!(state("never_type"), FeatureState::Unstable);
        assert!(compiler.z_options.contains("crate-attr"));
        assert!(compiler.code >= 109_500);
    }
}
