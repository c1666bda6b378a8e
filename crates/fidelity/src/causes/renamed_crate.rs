//! A crate that the gateless build compiles under another name.

use gateless_model::record::Record;

use super::{Cause, Evidence};
use crate::difference::Difference;
use crate::names::Renames;

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "renamed-crate",
    title: "crate compiled under another name",
    words: "The name `compiler_builtins` is behind a gate, so the kernel's panicking intrinsics are compiled as an ordinary crate of another name, \
            which is part of the names of its own items. Nothing outside refers to these. Accepted only where the record of the call shows \
            that another crate name was given to the compiler than Kbuild asked for, and only what is equal once this name is put back.",
    explains,
};

/// The crate names that the record shows to have been changed: what the compiler was given, and what Kbuild asked for.
pub fn renames(record: &Record) -> Renames {
    let asked = crate_names(&record.asked);
    let given: Vec<String> = record.runs.iter().flat_map(|run| crate_names(&run.args)).filter(|name| !asked.contains(name)).collect();
    Renames(match asked.first() {
        Some(asked) => given.into_iter().map(|name| (name, asked.clone())).collect(),
        None => Vec::new(),
    })
}

fn crate_names(arguments: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if argument == "--crate-name" {
            names.extend(arguments.get(index + 1).cloned());
        } else if let Some(name) = argument.strip_prefix("--crate-name=") {
            names.push(name.to_owned());
        }
    }
    names
}

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    evidence.renamed.is_some_and(|renamed| !renamed.differences.contains(difference))
}
