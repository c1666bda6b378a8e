//! What is said of a flag that is refused: which gate it opens, and who passes it.

use gateless_ledger::Ledger;
use gateless_model::Failure;

use crate::invocation::Arg;

/// The error for an unstable flag that the ledger doesn't know (or only by the id `known`, and not with this value).
pub(super) fn unknown_flag(
    spelled: &str,
    arg: &Arg,
    known: Option<&str>,
    ledger: &Ledger,
) -> Failure {
    let place = arg
        .from
        .as_ref()
        .map(|path| format!(" (in the response file `{path}`)"))
        .unwrap_or_default();
    let origin = origin(spelled, &|name| std::env::var(name).ok());
    match known.and_then(|id| Some((id, ledger.get(id)?))) {
        Some((id, entry)) => Failure::no(format!(
            "`{spelled}`{place}: the gate `{id}` is open, and its effect is not reproduced"
        ))
        .help(format!(
            "{} The flag comes from {origin}.",
            entry.stable_way
        )),
        None => Failure::no(format!(
            "`{spelled}`{place}: an unstable flag that the ledger doesn't know"
        ))
        .help(format!("the flag comes from {origin}; remove it there")),
    }
}

/// Where a flag comes from: a variable in which the user adds flags, which make exports to the calls, or else a Makefile.
fn origin(spelled: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    const BY_USER: [&str; 3] = ["KRUSTFLAGS", "RUSTFLAGS_KERNEL", "RUSTFLAGS_MODULE"];
    // `-Z` and its value may be words of their own.
    let flag: String = spelled.split_whitespace().collect();
    let has = |name: &&str| {
        let words = variable(name).unwrap_or_default();
        let joined: String = words.split_whitespace().collect::<Vec<_>>().join("");
        joined.contains(&flag)
    };
    match BY_USER.iter().find(|name| has(name)) {
        Some(name) => format!("{name}, in the environment or on make's command line"),
        None => {
            "the Makefile of the tree or of the directory being built (make V=1 shows the call)"
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_of_the_users_is_not_blamed_on_a_makefile() {
        let environment =
            |name: &str| (name == "KRUSTFLAGS").then(|| "-O -Z mir-opt-level=4".to_owned());
        assert!(origin("-Zmir-opt-level=4", &environment).starts_with("KRUSTFLAGS, "));
        assert!(origin("-Zmir-opt-level=3", &environment).starts_with("the Makefile "));
        assert!(origin("-Zmir-opt-level=4", &|_| None).starts_with("the Makefile "));
    }
}
