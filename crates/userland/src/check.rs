//! The data of `userland/`: what is checked, by which steps, on which devices.
//!
//! A check is a suite of the answer, its steps are the cases. Files are embedded in the binary; a file of the user's own is read alike.

use std::sync::LazyLock;

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use include_dir::{Dir, include_dir};
use serde::Deserialize;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../userland");

static CHECKS: LazyLock<Vec<Check>> = LazyLock::new(|| {
    let files = FILES
        .files()
        .filter(|file| file.path().extension().is_some_and(|end| end == "toml"));
    let mut checks: Vec<Check> = files
        .map(|file| {
            let text = file.contents_utf8().unwrap_or_default();
            Check::parse(
                Utf8Path::from_path(file.path()).unwrap_or(Utf8Path::new("")),
                text,
            )
            .expect("the embedded files are checked by a test of this crate")
        })
        .collect();
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    checks
});

/// One file of `userland/`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Check {
    /// Name of the file without its end, and of the suite.
    #[serde(skip)]
    pub name: String,
    /// What it shows, for people.
    pub about: String,
    /// Symbols of the configuration (without `CONFIG_`) without which it is skipped.
    #[serde(default)]
    pub needs: Vec<String>,
    /// QEMU's devices (`-device`) that it needs besides the machine's own.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Arguments for the kernel.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Whether its steps end in a panic: it is booted by itself then, and the screen is what is judged.
    #[serde(default)]
    pub panic_screen: bool,
    /// Static programs that it runs.
    #[serde(default, rename = "program")]
    pub programs: Vec<Program>,
    /// Its own program, a file of `userland/programs/`, in place of the shell that runs steps: it prints the suite, and is compiled by the kernel's own
    /// compiler against nothing but the kernel's tree, so that it runs on any machine. The modules with Rust are listed for it.
    #[serde(default)]
    pub init: Option<String>,
    /// Whether the module that checks the ABI between C and Rust is generated, built and loaded as well; its suite is one more of the answer.
    #[serde(default)]
    pub abi: bool,
    /// What is done.
    #[serde(default, rename = "step")]
    pub steps: Vec<Step>,
}

/// A program that is compiled for a check, statically linked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Program {
    /// Its name in the guest's path.
    pub name: String,
    /// Its source: a file of `userland/programs/`, or of the kernel tree if `of_tree` is set.
    pub source: String,
    /// Whether `source` is a file of the kernel tree.
    #[serde(default)]
    pub of_tree: bool,
    /// Further directories of the kernel tree for `#include`.
    #[serde(default)]
    pub includes: Vec<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// Name of the case; not given for steps that are repeated.
    #[serde(default)]
    pub name: String,
    /// The step is repeated for each of these, with its name in `$MODULE`.
    #[serde(default)]
    pub for_each: Option<Each>,
    /// Where it is repeated: only modules in this directory of the build.
    #[serde(default)]
    pub under: Option<String>,
    /// Where it is repeated: not for these.
    #[serde(default)]
    pub except: Vec<String>,
    /// Symbols of the configuration without which the step is skipped.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Seconds after which it has failed.
    #[serde(default = "usual_limit")]
    pub limit: u32,
    /// Whether it prints KTAP or TAP, whose results become results of their own.
    #[serde(default)]
    pub ktap: bool,
    /// Kernel messages that say nothing about the step (extended regular expressions).
    #[serde(default)]
    pub ignore: Vec<String>,
    /// What differs from run to run in lines that are compared: `sed -E` expressions.
    #[serde(default)]
    pub mask: Vec<String>,
    /// Shell commands; they run with `set -e` and the functions of `userland/step.sh`.
    pub run: String,
}

/// What a step can be repeated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// Every module of the build with code in Rust.
    RustModule,
}

fn usual_limit() -> u32 {
    120
}

impl Check {
    /// All checks of `userland/`, by name.
    pub fn all() -> &'static [Check] {
        &CHECKS
    }

    /// What a user calls `name`: a check of `userland/`, or the path of a file.
    ///
    /// # Errors
    /// If it is neither, or the file is not a check.
    pub fn find(name: &str) -> Result<Check> {
        if let Some(check) = CHECKS.iter().find(|check| check.name == name) {
            return Ok(check.clone());
        }
        let path = Utf8Path::new(name);
        if !path.is_file() {
            let known: Vec<&str> = CHECKS.iter().map(|check| check.name.as_str()).collect();
            return Err(
                Failure::usage(format!("--userland {name} is neither a check nor a file"))
                    .help(format!("the checks are {}", known.join(", "))),
            );
        }
        Check::parse(path, &fs_err::read_to_string(path)?).map_err(Failure::failed)
    }

    /// Whether something is compiled for it.
    pub fn has_programs(&self) -> bool {
        self.init.is_some() || !self.programs.is_empty()
    }

    fn parse(path: &Utf8Path, text: &str) -> Result<Check, String> {
        let bad = |what: String| format!("{path}: {what}");
        let mut check: Check = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        check.name = path.file_stem().unwrap_or_default().replace('-', "_");
        if check.steps.is_empty() == check.init.is_none() {
            return Err(bad(
                "a check without steps would pass; one with an `init` of its own has none"
                    .to_owned(),
            ));
        }
        for step in &check.steps {
            if step.name.is_empty() == step.for_each.is_none() {
                return Err(bad(format!(
                    "a step has either `name` or `for-each`: {:?}",
                    step.run
                )));
            }
            if step.for_each.is_none() && (step.under.is_some() || !step.except.is_empty()) {
                return Err(bad(format!(
                    "step {}: `under` and `except` choose among what `for-each` names",
                    step.name
                )));
            }
            // A reader of KTAP takes the result of a name for the suite's own.
            if step.name == check.name {
                return Err(bad(format!("step {} is named like the check", step.name)));
            }
            if step.name.contains(['#', '/', '\n']) {
                return Err(bad(format!(
                    "step {:?} can't be named so in KTAP",
                    step.name
                )));
            }
        }
        Ok(check)
    }
}

/// The text of a file of `userland/` that is no check.
pub(crate) fn own_file(path: &str) -> Option<&'static str> {
    FILES.get_file(path)?.contents_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Check, String> {
        Check::parse(Utf8Path::new("x/disk-io.toml"), text)
    }

    #[test]
    fn every_file_of_userland_can_be_read() {
        let files: Vec<_> = FILES
            .files()
            .filter(|file| file.path().extension().is_some_and(|end| end == "toml"))
            .collect();
        assert!(!files.is_empty());
        for file in files {
            let path = Utf8Path::from_path(file.path()).unwrap();
            Check::parse(path, file.contents_utf8().unwrap()).unwrap();
        }
    }

    #[test]
    fn programs_of_ours_are_there() {
        for check in Check::all() {
            for program in check.programs.iter().filter(|program| !program.of_tree) {
                let path = format!("programs/{}", program.source);
                assert!(own_file(&path).is_some(), "{}: {path}", check.name);
            }
        }
    }

    #[test]
    fn a_program_in_place_of_steps_is_there_and_prints_its_suite() {
        for check in Check::all() {
            let Some(init) = &check.init else { continue };
            let text = own_file(&format!("programs/{init}")).unwrap();
            assert!(
                text.contains(&format!("# Subtest: {}\"", check.name)),
                "{init}"
            );
        }
    }

    #[test]
    fn a_suite_is_named_after_its_file() {
        let check = parse("about = 'x'\n[[step]]\nname = 'a'\nrun = 'true'\n").unwrap();
        assert_eq!(check.name, "disk_io");
    }

    #[test]
    fn what_could_not_fail_or_is_misspelt_is_refused() {
        for (text, what) in [
            ("about = 'x'\nstep = []\n", "without steps"),
            ("about = 'x'\n[[step]]\nrun = 'true'\n", "either `name` or"),
            (
                "about = 'x'\n[[step]]\nname = 'a'\nfor-each = 'rust-module'\nrun = 'true'\n",
                "either `name` or",
            ),
            (
                "about = 'x'\n[[step]]\nname = 'a'\nunder = 'b'\nrun = 'true'\n",
                "`under`",
            ),
            (
                "about = 'x'\n[[step]]\nname = 'disk_io'\nrun = 'true'\n",
                "like the check",
            ),
            (
                "about = 'x'\n[[step]]\nname = 'a # SKIP'\nrun = 'true'\n",
                "KTAP",
            ),
            (
                "about = 'x'\n[[step]]\nname = 'a'\nlimits = 1\nrun = 'true'\n",
                "limits",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(what), "{error}");
            assert!(error.contains("disk-io.toml"), "{error}");
        }
    }
}
