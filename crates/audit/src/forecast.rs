//! What lowering will make of a tree, told from its files alone: `gateless lower --check`.
//!
//! It goes by the audit: a gate that a build needs is handled, lacking in this compiler but stable in a newer one, or refused. What only the build shows is
//! not told: whether each use has a form that the gate's lowering understands, whether a flag's value is one that is, and what macros and generated sources expand to.

use std::collections::BTreeSet;
use std::fmt::Write;

use gateless_model::Version;
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::{Applies, Audit, Gate, Use};
use crate::finding::Problem;

/// The answer of `gateless lower --check --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Forecast {
    /// Of this shape: 1.
    pub version: u32,
    /// Release of the tree; nothing for a directory that is no kernel tree.
    pub release: Option<String>,
    /// Release of the compiler that was asked.
    pub rustc: String,
    /// The oldest compiler that the tree takes, where it says so.
    pub minimum_rustc: Option<String>,
    /// Whether the compiler is older than that.
    pub too_old: bool,
    /// Whether nothing is in the way.
    pub ok: bool,
    /// Every gate that a build needs: refused ones first, then what the compiler lacks.
    pub gates: Vec<Foreseen>,
    /// Files that could not be read wholly.
    pub problems: Vec<Problem>,
}

/// What will become of one gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Foreseen {
    /// As the audit calls it.
    pub id: String,
    /// As in the audit.
    pub kind: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// How it is handled, or why not.
    pub how: String,
    /// First release of rustc in which it is stable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The architectures it matters for; `all` for any.
    pub architectures: Vec<String>,
    /// Where builds use it.
    pub uses: Vec<Place>,
}

/// What becomes of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is known that would do without it.
    Refused,
    /// A newer compiler has it without a gate.
    Lacking,
    /// It is lowered, or its effect is had another way.
    Handled,
}

/// A place in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// File, relative to the tree.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

/// What an audit means for lowering; `minimum` is the oldest compiler that the tree takes.
pub fn forecast(audit: &Audit, minimum: Option<Version>) -> Forecast {
    let needed = audit.gates.iter().filter(|gate| gate.needed);
    let mut gates: Vec<Foreseen> = needed.map(of_gate).collect();
    gates.sort_by(|a, b| (a.verdict, &a.kind, &a.id).cmp(&(b.verdict, &b.kind, &b.id)));
    let rustc: Option<Version> = Version::prefix(&audit.rustc);
    let too_old = matches!((minimum, rustc), (Some(minimum), Some(rustc)) if rustc < minimum);
    let handled = gates.iter().all(|gate| gate.verdict == Verdict::Handled);
    Forecast {
        version: 1,
        release: audit.release.clone(),
        rustc: audit.rustc.clone(),
        minimum_rustc: minimum.map(|version| version.to_string()),
        too_old,
        ok: handled && !too_old,
        gates,
        problems: audit.problems.clone(),
    }
}

fn of_gate(gate: &Gate) -> Foreseen {
    let uses: Vec<&Use> = in_builds(gate).collect();
    let (verdict, how) = match (&gate.gateless, &gate.since) {
        (Some(how), _) => (Verdict::Handled, how.clone()),
        (None, Some(since)) => (Verdict::Lacking, format!("stable since rustc {since}")),
        (None, None) if gate.status_from == "nobody" => {
            (Verdict::Refused, "nothing is known about it".to_owned())
        }
        (None, None) => (Verdict::Refused, "it can't be lowered".to_owned()),
    };
    foreseen(gate, verdict, how, &uses)
}

fn foreseen(gate: &Gate, verdict: Verdict, how: String, uses: &[&Use]) -> Foreseen {
    let architectures: BTreeSet<&String> = uses.iter().flat_map(|one| &one.architectures).collect();
    Foreseen {
        id: gate.id.clone(),
        kind: gate.kind.clone(),
        verdict,
        how,
        since: gate.since.clone(),
        architectures: architectures.into_iter().cloned().collect(),
        uses: uses
            .iter()
            .map(|one| Place {
                file: one.file.clone(),
                line: one.line,
            })
            .collect(),
    }
}

/// The uses that some build has.
fn in_builds(gate: &Gate) -> impl Iterator<Item = &Use> {
    let uses = gate.uses.iter();
    uses.filter(|one| one.place == "build" && one.applies != Applies::Never)
}

impl Forecast {
    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let tree = match &self.release {
            Some(release) => format!("Linux {release}"),
            None => "a directory that is no kernel tree".to_owned(),
        };
        let _ = writeln!(text, "{tree} with rustc {}", self.rustc);
        if let (true, Some(minimum)) = (self.too_old, &self.minimum_rustc) {
            let _ = writeln!(text, "\nTOO OLD: the tree wants rustc {minimum} at least");
        }
        for (verdict, title) in [
            (Verdict::Refused, "REFUSED"),
            (Verdict::Lacking, "LACKING in this compiler"),
            (Verdict::Handled, "handled"),
        ] {
            let of_verdict: Vec<&Foreseen> = self
                .gates
                .iter()
                .filter(|gate| gate.verdict == verdict)
                .collect();
            if of_verdict.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n{title}");
            for gate in of_verdict {
                let archs = match gate.architectures.as_slice() {
                    [] => String::new(),
                    [all] if all == "all" => String::new(),
                    archs => format!(" ({})", archs.join(" ")),
                };
                let _ = writeln!(text, "  {}: {}{archs}", gate.id, gate.how);
                if verdict != Verdict::Handled {
                    for place in &gate.uses {
                        let _ = writeln!(text, "      {}:{}", place.file, place.line);
                    }
                }
            }
        }
        let count = |verdict| {
            self.gates
                .iter()
                .filter(|gate| gate.verdict == verdict)
                .count()
        };
        let _ = write!(
            text,
            "\n{} refused, {} lacking, {} handled",
            count(Verdict::Refused),
            count(Verdict::Lacking),
            count(Verdict::Handled)
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Applies, Totals, Usage};
    use crate::finding::Role;
    use crate::scan::Counts;

    fn gate(id: &str, gateless: Option<&str>, since: Option<&str>) -> Gate {
        let one = |line, place: &str| Use {
            file: "a.rs".into(),
            line,
            text: "x".into(),
            role: Role::Uses,
            place: place.into(),
            example: false,
            vendored: None,
            architectures: vec!["all".into()],
            configurations: Vec::new(),
            applies: Applies::Always,
        };
        Gate {
            id: id.into(),
            kind: "rustc-flag".into(),
            name: id.into(),
            needed: true,
            needed_for: Vec::new(),
            usage: Usage::Used,
            status: "unstable".into(),
            status_from: "compiler".into(),
            since: since.map(str::to_owned),
            tracking: None,
            goal: None,
            way_out: None,
            gateless: gateless.map(str::to_owned),
            verified: None,
            uses: vec![one(7, "build"), one(9, "doctest")],
        }
    }

    fn of(gates: Vec<Gate>, minimum: Option<Version>) -> Forecast {
        let audit = Audit {
            version: 1,
            release: Some("9.1.0".into()),
            rustc: "1.95.0".into(),
            out: None,
            architectures: Vec::new(),
            files: Counts::default(),
            totals: Totals::default(),
            gates,
            problems: Vec::new(),
        };
        forecast(&audit, minimum)
    }

    #[test]
    fn what_nothing_is_known_for_is_refused_and_what_a_newer_compiler_has_is_lacking() {
        let mut idle = gate("idle", None, None);
        idle.needed = false;
        let found = of(
            vec![
                gate("done", Some("lowered"), None),
                gate("newer", None, Some("1.99")),
                gate("closed", None, None),
                idle,
            ],
            None,
        );
        let verdicts: Vec<_> = found
            .gates
            .iter()
            .map(|gate| (gate.id.as_str(), gate.verdict))
            .collect();
        let wanted = [
            ("closed", Verdict::Refused),
            ("newer", Verdict::Lacking),
            ("done", Verdict::Handled),
        ];
        assert_eq!(verdicts, wanted);
        assert!(!found.ok && !found.too_old);
        assert_eq!(found.gates[0].uses.len(), 1, "a doctest is no build");
        let text = found.text();
        assert!(
            text.contains("newer: stable since rustc 1.99") && text.contains("a.rs:7"),
            "{text}"
        );
        assert!(text.ends_with("1 refused, 1 lacking, 1 handled"), "{text}");
        assert!(of(vec![gate("done", Some("lowered"), None)], None).ok);
    }

    #[test]
    fn a_compiler_that_is_older_than_the_tree_wants_is_in_the_way_by_itself() {
        let found = of(Vec::new(), Some(Version::new(1, 96, 0)));
        assert!(found.too_old && !found.ok);
        assert!(
            found
                .text()
                .contains("the tree wants rustc 1.96.0 at least")
        );
        assert!(of(Vec::new(), Some(Version::new(1, 95, 0))).ok);
    }
}
