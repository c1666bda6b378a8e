//! A feature closed: its name taken out of the crate's feature attributes (and out of `-Zcrate-attr`), with all other gates left open, in
//! every crate of the build that names it.

use std::collections::BTreeSet;

use gateless_ledger::Ledger;
use gateless_model::Result;

use super::compile::{Compiler, Gates};
use super::recorded::Build;
use super::{Evidence, Note, Verified, none};
use crate::audit::{Applies, Gate, Usage, Use};
use crate::finding::Role;

/// Closes the feature. Nothing if nothing in the build opens it, and the audit does not say that it is needed.
pub fn close(
    gate: &Gate,
    ledger: &Ledger,
    build: &Build,
    compiler: &Compiler<'_>,
    note: Note<'_>,
) -> Result<Option<Verified>> {
    let names: BTreeSet<String> = match ledger.get(&gate.id) {
        Some(entry) if !entry.features.is_empty() => entry.features.iter().cloned().collect(),
        _ => BTreeSet::from([gate.id.clone()]),
    };
    let mut crates = Vec::new();
    let mut error = None;
    for one in build
        .crates()
        .filter(|one| !one.features.is_disjoint(&names))
    {
        note(format!("{}: compiling {} without it", gate.id, one.name));
        compiler.sound(one)?;
        crates.push(one.name.clone());
        error = compiler
            .compile(one, Gates::Open, &none(), &names)?
            .map(|words| format!("{}: {words}", one.name));
        if error.is_some() {
            break;
        }
    }
    if crates.is_empty() && !gate.needed {
        return Ok(None);
    }
    if error.is_none()
        && gate.needed
        && let Some(why) = shows_nothing(gate, build, &crates)
    {
        return Ok(Some(Verified {
            crates,
            ..Verified::not(Evidence::NotCompiled, why)
        }));
    }
    let mut verified = Verified::verdict(Evidence::FeatureClosed, gate.needed, crates, error);
    if matches!(gate.usage, Usage::NotKnown | Usage::InMacros) {
        // The audit left it to the compiler.
        verified.agrees = Some(true);
    }
    Ok(Some(verified))
}

/// Why it shows nothing that the crates compile without a gate which the audit calls needed, if it doesn't.
fn shows_nothing(gate: &Gate, build: &Build, crates: &[String]) -> Option<String> {
    if crates.is_empty() {
        return Some("no crate of this build opens it".to_owned());
    }
    let applies = |one: &&Use| one.place == "build" && one.applies != Applies::Never;
    let uses: Vec<&Use> = gate.uses.iter().filter(applies).collect();
    match gate.usage {
        // One use that was compiled without conditions left is enough to call it a contradiction.
        Usage::Used => {
            let counted: Vec<&Use> = uses.into_iter().filter(|u| u.role == Role::Uses).collect();
            let compiled = counted
                .iter()
                .any(|one| one.applies == Applies::Always && build.compiled(one));
            (!compiled).then(|| list("it compiles none of", &counted))
        }
        // It may be needed anywhere; all that it can be needed in must have been compiled.
        _ => {
            let missing: Vec<&Use> = uses
                .into_iter()
                .filter(|one| one.file.ends_with(".rs") && !build.compiled(one))
                .collect();
            (!missing.is_empty()).then(|| list("it does not compile", &missing))
        }
    }
}

fn list(words: &str, places: &[&Use]) -> String {
    let files: BTreeSet<&str> = places.iter().map(|one| one.file.as_str()).collect();
    let shown: Vec<&str> = files.iter().take(3).copied().collect();
    let more = files.len() - shown.len();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{words} {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::verify::recorded::Recorded;

    fn use_in(file: &str, applies: Applies, example: bool) -> Use {
        Use {
            file: file.to_owned(),
            line: 1,
            text: "self: Arc<Self>".to_owned(),
            role: Role::Uses,
            place: "build".to_owned(),
            example,
            vendored: None,
            architectures: vec!["all".to_owned()],
            configurations: Vec::new(),
            applies,
        }
    }

    fn gate(uses: Vec<Use>) -> Gate {
        Gate {
            id: "x".to_owned(),
            kind: "lang-feature".to_owned(),
            name: "x".to_owned(),
            needed: true,
            needed_for: Vec::new(),
            usage: Usage::Used,
            status: "unstable".to_owned(),
            status_from: "compiler".to_owned(),
            since: None,
            tracking: None,
            goal: None,
            way_out: None,
            gateless: None,
            verified: None,
            uses,
        }
    }

    fn command(name: &str, rustdoc: bool, sources: &[&str]) -> Recorded {
        Recorded {
            name: name.to_owned(),
            env: Vec::new(),
            program: "rustc".to_owned(),
            rustdoc,
            args: vec![sources[0].to_owned()],
            root: 0,
            features: BTreeSet::new(),
            sources: sources.iter().map(|file| (*file).to_owned()).collect(),
            ours: true,
        }
    }

    #[test]
    fn what_was_not_compiled_is_no_contradiction_and_what_was_is_one() {
        let mut build = Build {
            commands: vec![command("lib.o", false, &["lib.rs", "a.rs"])],
        };
        let why = |build: &Build, uses: Vec<Use>| {
            shows_nothing(&gate(uses), build, &["lib.o".to_owned()])
        };
        let always = Applies::Always;
        assert_eq!(why(&build, vec![use_in("a.rs", always, false)]), None);
        assert!(why(&build, vec![use_in("b.rs", always, false)]).is_some());
        assert!(
            why(&build, vec![use_in("a.rs", Applies::Sometimes, false)]).is_some(),
            "a condition is left that nobody decided"
        );
        let example = || vec![use_in("a.rs", always, true)];
        assert!(why(&build, example()).is_some(), "no examples were built");
        build.commands.push(command("tests.rs", true, &["lib.rs"]));
        assert!(
            why(&build, example()).is_some(),
            "they were extracted, and not compiled"
        );
        build
            .commands
            .push(command("tests.o", false, &["{out}/tests.rs"]));
        assert_eq!(why(&build, example()), None);
        assert!(shows_nothing(&gate(example()), &build, &[]).is_some());
    }
}
