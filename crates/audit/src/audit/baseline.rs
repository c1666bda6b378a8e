//! Two audits compared: what was added, what is gone. Places are the same by gate, file and text; a line number alone is no difference.

use std::collections::BTreeMap;

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
