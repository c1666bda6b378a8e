//! The promises of ARCHITECTURE.md that a program can check.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use camino::Utf8Path;
use gateless_ledger::{Kind, Ledger};

/// How a gate says that it is no language feature, so no ledger entry of its own (`Gate` in crates/lower/src/gate/mod.rs).
const NO_FEATURE: &str = "const IS_FEATURE: bool = false;";

/// Everything that is not as promised.
pub fn broken(root: &Utf8Path) -> io::Result<Vec<String>> {
    let ledger = Ledger::embedded();
    let mut broken = Vec::new();
    let directory = root.join("crates/lower/src/gates");
    let gates = stems(&directory)?;
    for gate in &gates {
        let text = fs_err::read_to_string(directory.join(gate).with_extension("rs"))?;
        if !text.contains(NO_FEATURE) && !ledger.get(gate).is_some_and(|entry| entry.lowered) {
            broken.push(format!(
                "crates/lower/src/gates/{gate}: no ledger entry `{gate}` says that it is lowered"
            ));
        }
    }
    for (id, entry) in ledger.iter() {
        if entry.lowered && !gates.contains(id) {
            broken.push(format!("ledger/{id}.toml: is called lowered, but there is no crates/lower/src/gates/{id}.rs"));
        }
    }
    // That the ledger and the list of flags leave the same to code generation is a test of the driver's plan, which knows both.
    broken.extend(entries(ledger));
    Ok(broken)
}

/// What the entries themselves promise: a probe or why there is none, known ids, and no sign that two entries claim.
fn entries(ledger: &Ledger) -> Vec<String> {
    let mut broken = Vec::new();
    let mut claimed: BTreeMap<String, &str> = BTreeMap::new();
    for (id, entry) in ledger.iter() {
        match &entry.probe {
            None => broken.push(format!(
                "ledger/{id}.toml: has no [probe]; `none = \"why\"` if no program can show it"
            )),
            Some(probe) if probe.none.is_some() && !entry.observed.is_empty() => {
                broken.push(format!(
                    "ledger/{id}.toml: is called observed, and has no program to observe"
                ));
            }
            Some(probe) if probe.none.is_none() && entry.observed.is_empty() => {
                broken.push(format!(
                    "ledger/{id}.toml: has a program and no answer of a compiler under [observed]; `gateless probe {id}` tells it"
                ));
            }
            _ => {}
        }
        match (&entry.delivered, &entry.outside) {
            (None, None) if entry.kind == Kind::Wish => broken.push(format!(
                "ledger/{id}.toml: is a wish, and has neither [delivered] nor [outside], which says why not"
            )),
            (Some(_), Some(_)) => broken.push(format!(
                "ledger/{id}.toml: is delivered, and can't be had outside of the compiler"
            )),
            _ => {}
        }
        let others = entry
            .depends_on
            .iter()
            .chain(entry.alternatives.iter().flatten());
        for other in others.filter(|other| ledger.get(other).is_none()) {
            broken.push(format!(
                "ledger/{id}.toml: names `{other}`, which is no entry"
            ));
        }
        for release in entry
            .observed
            .keys()
            .filter(|release| release.split('.').count() != 3)
        {
            broken.push(format!(
                "ledger/{id}.toml: `{release}` under observed is no release"
            ));
        }
        for sign in entry.all_signs() {
            if let Some(first) = claimed
                .insert(sign.clone(), id)
                .filter(|first| *first != id)
            {
                broken.push(format!(
                    "ledger/{id}.toml: `{sign}` is claimed by ledger/{first}.toml, too"
                ));
            }
        }
    }
    broken
}

/// Names of the modules in a directory.
fn stems(directory: &Utf8Path) -> io::Result<BTreeSet<String>> {
    let mut stems = BTreeSet::new();
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        let stem = entry.path().file_stem().unwrap_or_default();
        if stem != "mod" {
            stems.insert(stem.to_owned());
        }
    }
    Ok(stems)
}
