//! An option closed. A stable compiler closes all of them together, so everything closed is taken out of a recorded command: what is left
//! must go with no gate open, and must not any more when the one option is put back.

use std::collections::BTreeSet;

use gateless_ledger::Ledger;
use gateless_linux::condition::Condition;
use gateless_linux::makefile::words::Word;
use gateless_model::Result;

use super::compile::{Compiler, Gates};
use super::recorded::{Build, Recorded};
use super::{Evidence, Verified, none};
use crate::audit::Gate;
use crate::audit::assemble::id_of;
use crate::finding::Sign;
use crate::makefile::options;
use crate::scan::spec_findings;
use crate::signs::Signs;

/// Closes what the gate stands for. Nothing where no compiler can be asked (a way of building that no command shows).
pub fn close(
    gate: &Gate,
    ledger: &Ledger,
    build: &Build,
    compiler: &Compiler<'_>,
) -> Result<Option<Verified>> {
    let is = |key: &str| ledger.by_sign(key).unwrap_or_default() == gate.id;
    if is("env:RUSTC_BOOTSTRAP") || gate.id == "RUSTC_BOOTSTRAP" {
        return bootstrap(gate, build, compiler);
    }
    if let Some(tail) = library(&gate.id) {
        return library_source(gate, &tail, build, compiler);
    }
    if gate.kind == "build-practice" {
        return Ok(None);
    }
    let mut only = None;
    let mut passed = None;
    for one in &build.commands {
        let found = Closed::find(one, gate, ledger, compiler);
        if found.own.is_empty() {
            continue;
        }
        passed = Some(&one.name);
        // Compiling is only worth trying where the crate itself has no gate, and its dependencies are of the same target.
        let whole = one.ours && !one.rustdoc && one.features.is_empty() && !found.custom_target;
        let evidence = if whole && compiler.control(one, Gates::Shut, &found.all)?.is_none() {
            Evidence::OptionClosed
        } else if only.is_none() && compiler.options(one, &found.all)?.is_none() {
            only = Some((one, found));
            continue;
        } else {
            continue;
        };
        let error = compiler.compile(one, Gates::Shut, &found.others(), &none())?;
        return Ok(Some(verdict(evidence, gate, one, error)));
    }
    if let Some((one, found)) = only {
        let error = compiler.options(one, &found.others())?;
        return Ok(Some(verdict(Evidence::OptionsOnly, gate, one, error)));
    }
    let why = match passed {
        Some(name) => {
            format!("{name} passes it, and its other options are refused without any closed one")
        }
        None => "no recorded command of this build passes it".to_owned(),
    };
    Ok(gate
        .needed
        .then(|| Verified::not(Evidence::NotCompiled, why)))
}

fn verdict(evidence: Evidence, gate: &Gate, one: &Recorded, error: Option<String>) -> Verified {
    Verified::verdict(evidence, gate.needed, vec![one.name.clone()], error)
}

/// The variable that opens all gates, shut: everything else is as recorded.
fn bootstrap(gate: &Gate, build: &Build, compiler: &Compiler<'_>) -> Result<Option<Verified>> {
    let mut crates = Vec::new();
    let mut error = None;
    for one in build.crates() {
        crates.push(one.name.clone());
        error = compiler
            .compile(one, Gates::Shut, &none(), &none())?
            .map(|words| format!("{}: {words}", one.name));
        if error.is_some() {
            break;
        }
    }
    Ok(Some(Verified::verdict(
        Evidence::BootstrapClosed,
        gate.needed,
        crates,
        error,
    )))
}

/// The library source that a way of building is about, behind the variable that names its directory.
fn library(id: &str) -> Option<String> {
    let practices = &Signs::get().practices;
    practices
        .iter()
        .find(|(word, own)| *own == id && word.ends_with(".rs"))
        .and_then(|(word, _)| word.split_once(')'))
        .map(|(_, tail)| tail.to_owned())
}

fn library_source(
    gate: &Gate,
    tail: &str,
    build: &Build,
    compiler: &Compiler<'_>,
) -> Result<Option<Verified>> {
    let own = build
        .commands
        .iter()
        .find(|one| !one.rustdoc && !one.ours && one.root().ends_with(tail));
    let Some(one) = own else {
        return Ok(Some(Verified::not(
            Evidence::NotCompiled,
            format!("no recorded command of this build compiles {tail}"),
        )));
    };
    compiler.sound(one)?;
    let closed: BTreeSet<usize> = closed(one).into_iter().flat_map(|(_, at)| at).collect();
    let error = compiler.compile(one, Gates::Shut, &closed, &none())?;
    Ok(Some(verdict(Evidence::LibraryClosed, gate, one, error)))
}

/// The closed arguments of a command, by index.
#[derive(Debug, Default)]
struct Closed {
    /// All of them.
    all: BTreeSet<usize>,
    /// Those of the gate.
    own: BTreeSet<usize>,
    /// Whether one of them is a target specification.
    custom_target: bool,
}

impl Closed {
    fn find(one: &Recorded, gate: &Gate, ledger: &Ledger, compiler: &Compiler<'_>) -> Self {
        let mut found = Self::default();
        for (sign, at) in closed(one) {
            let spec = at
                .last()
                .map(|&i| one.args[i].trim_start_matches("--target="))
                .filter(|path| path.ends_with(".json"));
            found.custom_target |= spec.is_some();
            let mut signs = vec![sign];
            if let Some(path) = spec
                && let Ok(text) = std::fs::read_to_string(compiler.out().join(path))
            {
                // What is in a specification is refused with it, and can't be passed otherwise.
                let inside = spec_findings(&text, path).unwrap_or_default();
                signs.extend(inside.into_iter().map(|finding| finding.sign));
            }
            if signs.iter().any(|sign| id_of(sign, ledger) == gate.id) {
                found.own.extend(at.iter().copied());
            }
            found.all.extend(at);
        }
        found
    }

    fn others(&self) -> BTreeSet<usize> {
        self.all.difference(&self.own).copied().collect()
    }
}

/// The arguments of a command that are closed options, with their values where these stand apart.
fn closed(one: &Recorded) -> Vec<(Sign, Vec<usize>)> {
    let words: Vec<Word> = one
        .args
        .iter()
        .map(|arg| Word {
            text: arg.clone(),
            offset: 0,
            condition: Condition::Always,
            inside: Vec::new(),
        })
        .collect();
    options::scan(&words, one.rustdoc)
        .into_iter()
        .filter(|found| matches!(found.sign, Sign::Option { .. }))
        .map(|found| {
            let arg = &one.args[found.word];
            let next = found.word + 1;
            let inside = arg.contains('=') || (arg.starts_with("-Z") && arg != "-Z");
            let apart = one
                .args
                .get(next)
                .is_some_and(|next| !next.starts_with(['-', '@']));
            let mut at = vec![found.word];
            if !inside && apart && next != one.root {
                at.push(next);
            }
            (found.sign, at)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_options_are_taken_out_with_their_values_and_nothing_else_is() {
        let args = "--test -Zfoo --edition=2021 -Z bar=1 --no-run --crate-name x --test-builder ./b --target t.json lib.rs";
        let one = Recorded {
            name: "x".to_owned(),
            env: Vec::new(),
            program: "rustdoc".to_owned(),
            rustdoc: true,
            args: args.split(' ').map(str::to_owned).collect(),
            root: 12,
            features: BTreeSet::new(),
            sources: BTreeSet::new(),
            ours: true,
        };
        let gone: BTreeSet<usize> = closed(&one).into_iter().flat_map(|(_, at)| at).collect();
        let left: Vec<&str> = one
            .args
            .iter()
            .enumerate()
            .filter(|(i, _)| !gone.contains(i))
            .map(|(_, arg)| arg.as_str())
            .collect();
        assert_eq!(
            left.join(" "),
            "--test --edition=2021 --crate-name x lib.rs"
        );
    }
}
