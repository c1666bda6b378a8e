//! Two lists that have to agree: what the ledger leaves to code generation, and the flags that `gateless-codegen` has.

use gateless_codegen::{Spelling, spellings};
use gateless_ledger::{Entry, FlagAction, Ledger};

#[test]
fn the_ledger_and_the_list_of_flags_leave_the_same_to_code_generation() {
    let codegen = |(_, entry): (&'static str, &'static Entry)| {
        let flags = entry.flag.iter();
        flags.filter(|flag| flag.action == FlagAction::Codegen)
    };
    let name = |name: &str| name.replace('_', "-");
    let known: Vec<Spelling> = spellings().collect();
    for flag in Ledger::embedded().iter().flat_map(codegen) {
        let is_there = |value: Option<&String>| {
            known.iter().any(|spelling| match (spelling, value) {
                (Spelling::Unstable(own), None) => name(own) == name(&flag.name),
                (Spelling::Listed(own, its), Some(value)) => {
                    name(own) == name(&flag.name) && its == value
                }
                _ => false,
            })
        };
        let all = match flag.values.is_empty() {
            true => is_there(None),
            false => flag.values.iter().all(|value| is_there(Some(value))),
        };
        assert!(
            all,
            "-Z{} of the ledger has no flag in crates/codegen/src/flags",
            flag.name
        );
    }
    for spelling in known {
        let (own, value) = match spelling {
            Spelling::Unstable(own) => (own, ""),
            Spelling::Listed(own, value) => (own, value),
            _ => continue,
        };
        let entry = Ledger::embedded().flag(own, value);
        assert!(
            !matches!(entry, Err(None)),
            "{spelling} has a flag in crates/codegen/src/flags and is in no entry of the ledger"
        );
    }
}
