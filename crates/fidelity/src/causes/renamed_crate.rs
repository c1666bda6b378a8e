//! A crate that the gateless build compiles under another name.

use gateless_model::record::Record;

use super::{Cause, Evidence};
use crate::compare::Comparison;
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
    let given: Vec<String> = record
        .runs
        .iter()
        .flat_map(|run| crate_names(&run.args))
        .filter(|name| !asked.contains(name))
        .collect();
    Renames(match asked.first() {
        Some(asked) => given
            .into_iter()
            .map(|name| (name, asked.clone()))
            .collect(),
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

/// Whether something is the matter with the same thing once the names are put back.
pub fn is_left(difference: &Difference, renamed: &Comparison) -> bool {
    renamed
        .differences
        .iter()
        .any(|other| (other.subject, &other.name) == (difference.subject, &difference.name))
}

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    evidence
        .renamed
        .is_some_and(|renamed| !is_left(difference, renamed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(asked: &[&str], given: &[&str]) -> Record {
        let words =
            |words: &[&str]| -> Vec<String> { words.iter().map(ToString::to_string).collect() };
        let run = gateless_model::record::Run {
            compiler: String::new(),
            version: String::new(),
            sha256: String::new(),
            args: words(given),
            env: Default::default(),
            exempt: Vec::new(),
        };
        Record {
            version: gateless_model::record::VERSION,
            crate_name: "a".to_owned(),
            class: String::new(),
            cwd: String::new(),
            asked: words(asked),
            runs: vec![run],
            generator: None,
            runtime_source: None,
            decisions: Vec::new(),
            inputs: Default::default(),
            lowered: Default::default(),
            outputs: Default::default(),
            seal: String::new(),
        }
    }

    #[test]
    fn only_a_name_that_the_record_shows_to_be_changed_is_put_back() {
        assert_eq!(
            renames(&record(&["--crate-name", "a"], &["--crate-name=b"])).0,
            [("b".to_owned(), "a".to_owned())]
        );
        assert!(
            renames(&record(&["--crate-name", "a"], &["--crate-name", "a"]))
                .0
                .is_empty()
        );
        assert!(renames(&record(&[], &["--crate-name", "b"])).0.is_empty());
    }

    #[test]
    fn what_is_left_after_renaming_and_what_was_not_renamed_stays_unexplained() {
        let (_keep, directory) = crate::directory::tests_directory();
        let difference = |name: &str| {
            Difference::new(
                crate::difference::Subject::Function,
                name,
                crate::difference::Finding::Changed(Vec::new()),
            )
        };
        let renamed = Comparison {
            compared: Default::default(),
            differences: vec![difference("f")],
        };
        let object = crate::object::tests_object();
        let mut evidence = Evidence {
            gateless: &directory,
            objects: (&object, &object),
            renamed: Some(&renamed),
        };
        assert!(explains(&difference("g"), &evidence));
        assert!(!explains(&difference("f"), &evidence));
        evidence.renamed = None;
        assert!(!explains(&difference("g"), &evidence));
    }
}
