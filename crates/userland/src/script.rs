//! Checks, expanded for one build: which steps run, and which are skipped for what reason.

use std::collections::BTreeSet;

use gateless_model::{Failure, Result};

use crate::check::{Check, Program, Step};
use crate::modules::Module;

/// What one boot's userland does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Suites in the order in which they run.
    pub suites: Vec<Suite>,
    /// QEMU's devices.
    pub devices: Vec<String>,
    /// Arguments for the kernel.
    pub arguments: Vec<String>,
    /// Programs to compile.
    pub programs: Vec<Program>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name; no two of a suite have the same.
    pub name: String,
    /// The module that it is about, where it is repeated for modules.
    pub module: Option<String>,
    /// Why it can't run.
    pub skip: Option<String>,
    /// What it does.
    pub step: Step,
}

impl Script {
    /// Expands `checks` for a build with these `modules` and a configuration in which `is_on` tells whether a symbol is on.
    ///
    /// # Errors
    /// If a step that is repeated has nothing to be repeated for, or names a module that is not there.
    pub fn new(
        checks: &[Check],
        modules: &[Module],
        is_on: &dyn Fn(&str) -> bool,
    ) -> Result<Script> {
        let mut script = Script {
            suites: Vec::new(),
            devices: Vec::new(),
            arguments: Vec::new(),
            programs: Vec::new(),
        };
        for check in checks {
            let off = missing(&check.needs, is_on);
            let mut cases = Vec::new();
            for step in &check.steps {
                let skip = off.clone().or_else(|| missing(&step.needs, is_on));
                cases.extend(expand(check, step, modules, skip)?);
            }
            let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
            if names.len() < cases.len() {
                return Err(Failure::failed(format!(
                    "two steps of the check {} go by the same name",
                    check.name
                )));
            }
            script.suites.push(Suite {
                name: check.name.clone(),
                cases,
            });
            if off.is_none() {
                add(&mut script.devices, &check.devices);
                add(&mut script.arguments, &check.arguments);
                add(&mut script.programs, &check.programs);
            }
        }
        Ok(script)
    }
}

fn add<T: Clone + PartialEq>(all: &mut Vec<T>, new: &[T]) {
    for item in new {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
}

fn missing(needs: &[String], is_on: &dyn Fn(&str) -> bool) -> Option<String> {
    let off: Vec<String> = needs
        .iter()
        .filter(|symbol| !is_on(symbol))
        .map(|symbol| format!("CONFIG_{symbol} is off"))
        .collect();
    (!off.is_empty()).then(|| off.join(", "))
}

fn expand(
    check: &Check,
    step: &Step,
    modules: &[Module],
    skip: Option<String>,
) -> Result<Vec<Case>> {
    if step.for_each.is_none() {
        return Ok(vec![Case {
            name: step.name.clone(),
            module: None,
            skip,
            step: step.clone(),
        }]);
    }
    let under = step.under.as_deref().unwrap_or_default();
    let cases: Vec<Case> = modules
        .iter()
        .filter(|module| module.is_rust && module.file.starts_with(under))
        .filter(|module| !step.except.contains(&module.name))
        .map(|module| Case {
            name: module.name.clone(),
            module: Some(module.name.clone()),
            skip: skip.clone(),
            step: step.clone(),
        })
        .collect();
    if cases.is_empty() {
        return Err(Failure::failed(format!(
            "the build has no module for a step of the check {}",
            check.name
        ))
        .help("leave the check away with --userland, or choose a configuration with modules in Rust, as x86_64-allrust"));
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Check {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("c.toml");
        fs_err::write(&path, format!("about = 'x'\n{text}")).unwrap();
        Check::find(path.to_str().unwrap()).unwrap()
    }

    fn module(name: &str, file: &str, is_rust: bool) -> Module {
        Module {
            name: name.to_owned(),
            file: file.into(),
            needs: Vec::new(),
            is_rust,
        }
    }

    #[test]
    fn a_step_is_repeated_for_the_modules_in_rust_alone() {
        let modules = [
            module("a", "samples/a.ko", true),
            module("c", "samples/c.ko", false),
            module("b", "drivers/b.ko", true),
            module("x", "samples/x.ko", true),
        ];
        let each = "[[step]]\nfor-each = 'rust-module'\nexcept = ['x']\nrun = 'load'\n";
        let names = |text: &str| -> Vec<String> {
            let script = Script::new(&[check(text)], &modules, &|_| true).unwrap();
            let cases = script.suites[0].cases.iter();
            cases.map(|case| case.name.clone()).collect()
        };
        assert_eq!(names(each), ["a", "b"]);
        let samples = each.replace("run", "under = 'samples'\nrun");
        assert_eq!(names(&samples), ["a"]);
    }

    #[test]
    fn a_step_that_would_be_repeated_for_nothing_is_an_error() {
        let each = check("[[step]]\nfor-each = 'rust-module'\nrun = 'load'\n");
        let failure = Script::new(&[each], &[], &|_| true).unwrap_err();
        assert!(failure.what.contains("check c"), "{}", failure.what);
    }

    #[test]
    fn what_the_configuration_lacks_is_skipped_with_its_name() {
        let check = check(
            "needs = ['A']\ndevices = ['d']\n[[step]]\nname = 's'\nneeds = ['B']\nrun = 'x'\n",
        );
        let skip = |on: &[&str]| {
            let script = Script::new(std::slice::from_ref(&check), &[], &|symbol| {
                on.contains(&symbol)
            })
            .unwrap();
            (script.suites[0].cases[0].skip.clone(), script.devices.len())
        };
        assert_eq!(skip(&[]), (Some("CONFIG_A is off".to_owned()), 0));
        assert_eq!(skip(&["A"]), (Some("CONFIG_B is off".to_owned()), 1));
        assert_eq!(skip(&["A", "B"]), (None, 1));
    }

    #[test]
    fn two_steps_of_one_name_are_refused() {
        let step = "[[step]]\nname = 's'\nrun = 'x'\n";
        assert!(Script::new(&[check(&format!("{step}{step}"))], &[], &|_| true).is_err());
    }
}
