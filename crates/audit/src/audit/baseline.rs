//! Two audits compared: what was added, what is gone. Places are the same by gate, file and text; a line number alone is no difference.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audit::{Audit, Gate, Use};

/// What changed from one audit to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// 1.
    pub version: u32,
    /// Gates that the other has not.
    pub new_gates: Vec<String>,
    /// Gates that are gone.
    pub gone_gates: Vec<String>,
    /// Gates that became needed.
    pub newly_needed: Vec<String>,
    /// Gates that are needed no more.
    pub no_longer_needed: Vec<String>,
    /// Places that were added.
    pub added: Vec<Change>,
    /// Places that are gone.
    pub removed: Vec<Change>,
}

/// One place that was added or is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Gate.
    pub id: String,
    /// File.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// The commit that the line comes from, where history is at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// What `new` has and `old` has not, and the other way round.
pub fn difference(old: &Audit, new: &Audit) -> Difference {
    let by_id = |audit: &'_ Audit| -> BTreeMap<String, Gate> {
        audit
            .gates
            .iter()
            .map(|gate| (gate.id.clone(), gate.clone()))
            .collect()
    };
    let (before, after) = (by_id(old), by_id(new));
    let mut found = Difference {
        version: 1,
        ..Difference::default()
    };
    for (id, gate) in &after {
        let other = before.get(id);
        if other.is_none() {
            found.new_gates.push(id.clone());
        }
        if gate.needed && other.is_none_or(|other| !other.needed) {
            found.newly_needed.push(id.clone());
        }
        let none = Vec::new();
        let old_uses = other.map_or(&none, |other| &other.uses);
        let (added, removed) = places(old_uses, &gate.uses);
        found
            .added
            .extend(added.into_iter().map(|one| change(id, one)));
        found
            .removed
            .extend(removed.into_iter().map(|one| change(id, one)));
    }
    for (id, gate) in &before {
        if !after.contains_key(id) {
            found.gone_gates.push(id.clone());
            found
                .removed
                .extend(gate.uses.iter().map(|one| change(id, one)));
        }
        if gate.needed && after.get(id).is_none_or(|other| !other.needed) {
            found.no_longer_needed.push(id.clone());
        }
    }
    found
}

/// Why `new` can hardly be the tree that `old` was made of, or the part of it that was meant: a mistyped path must not pass for a clean tree.
/// `exists` says whether a file, relative to the new tree, is there. Nothing when it looks like the same tree.
pub fn shrunk(old: &Audit, new: &Audit, exists: &dyn Fn(&str) -> bool) -> Option<String> {
    let files = |audit: &Audit| {
        let files = audit.files;
        files.rust + files.makefiles + files.kconfig + files.other
    };
    let (before, after) = (files(old), files(new));
    if new.files.rust == 0 {
        return Some("there is no Rust in it".to_owned());
    }
    if old.release.is_some() != new.release.is_some() {
        let which = |audit: &Audit| match &audit.release {
            Some(release) => format!("Linux {release}"),
            None => "no kernel tree".to_owned(),
        };
        return Some(format!(
            "it is {}, the baseline is of {}",
            which(new),
            which(old)
        ));
    }
    if after * 2 < before {
        return Some(format!("{after} files were read, {before} in the baseline"));
    }
    let (gates_before, gates_after) = (old.gates.len(), new.gates.len());
    if gates_after * 2 < gates_before {
        return Some(format!(
            "{gates_after} gates were found, {gates_before} in the baseline"
        ));
    }
    let known: BTreeSet<&str> = old
        .gates
        .iter()
        .flat_map(|gate| &gate.uses)
        .map(|one| one.file.as_str())
        .collect();
    let there = known.iter().filter(|file| exists(file)).count();
    if there * 2 < known.len() {
        return Some(format!(
            "of the {} files with a gate in the baseline, {there} are there: it is of another tree",
            known.len()
        ));
    }
    None
}

/// Places of one gate that only one side has. One that moved to another file with the same text is no change.
fn places<'u>(old: &'u [Use], new: &'u [Use]) -> (Vec<&'u Use>, Vec<&'u Use>) {
    let mut left: Vec<&Use> = old.iter().collect();
    let mut take = |wanted: &dyn Fn(&Use) -> bool| match left.iter().position(|one| wanted(one)) {
        Some(at) => {
            left.remove(at);
            true
        }
        None => false,
    };
    let same_file: Vec<&Use> = new
        .iter()
        .filter(|one| !take(&|other| other.file == one.file && other.text == one.text))
        .collect();
    let added = same_file
        .into_iter()
        .filter(|one| !take(&|other| other.text == one.text))
        .collect();
    (added, left)
}

fn change(id: &str, one: &Use) -> Change {
    Change {
        id: id.to_owned(),
        file: one.file.clone(),
        line: one.line,
        text: one.text.clone(),
        commit: None,
    }
}

/// The difference for people.
pub fn text(found: &Difference) -> String {
    let mut lines = Vec::new();
    for (title, ids) in [
        ("new gates", &found.new_gates),
        ("gates that are gone", &found.gone_gates),
        ("needed now", &found.newly_needed),
        ("no longer needed", &found.no_longer_needed),
    ] {
        if !ids.is_empty() {
            lines.push(format!("{title}: {}", ids.join(", ")));
        }
    }
    for (mark, changes) in [("+", &found.added), ("-", &found.removed)] {
        for change in changes {
            lines.push(format!(
                "{mark} {}: {}:{}: {}",
                change.id, change.file, change.line, change.text
            ));
            lines.extend(
                change
                    .commit
                    .iter()
                    .map(|commit| format!("    added by {commit}")),
            );
        }
    }
    if lines.is_empty() {
        lines.push("no difference".to_owned());
    }
    lines.join("\n")
}
