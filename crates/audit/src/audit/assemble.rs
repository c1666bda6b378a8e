//! From findings to gates.

use std::collections::{BTreeMap, BTreeSet};

use gateless_ledger::{Entry, FlagAction, Kind, Ledger, Status};
use gateless_linux::DotConfig;
use gateless_linux::condition::{Atom, Condition};

use crate::audit::reach::{self, Reach};
use crate::audit::world::World;
use crate::audit::{Applies, Audit, Gate, Totals, Usage, Use, VERSION};
use crate::finding::{Finding, Place, Role, Sign};
use crate::kconfig::{arch_of_path, intersection};
use crate::scan::Scan;
use crate::signs::Signs;
use gateless_rustc::answers::Answers;
use gateless_rustc::diagnostic::features::FeatureState;

/// What is asked of a scanned tree.
pub struct Question<'q> {
    /// The tree's scan.
    pub scan: &'q Scan,
    /// The compiler, asked about all features of the tree.
    pub compiler: &'q Answers,
    /// What is known.
    pub ledger: &'q Ledger,
    /// Symbols set in the configuration at hand.
    pub configuration: Option<&'q DotConfig>,
    /// The build directory, for the answer.
    pub out: Option<String>,
}

/// One finding in its place.
struct Placed<'f> {
    finding: &'f Finding,
    condition: Condition,
    place: Place,
    goals: BTreeSet<String>,
}

/// The audit.
pub fn assemble(question: &Question<'_>) -> Audit {
    let scan = question.scan;
    let reached = reach::files(scan);
    let world = World::new(scan, question.compiler.code, question.configuration);
    let opened: BTreeSet<&str> = scan
        .findings
        .iter()
        .filter(|finding| finding.role == Role::Opens)
        .filter_map(|finding| match &finding.sign {
            Sign::Feature(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let dependent = scan
        .dependent
        .iter()
        .filter(|(feature, _)| opened.contains(feature.as_str()))
        .map(|(_, finding)| finding);
    let mut groups: BTreeMap<String, Vec<Placed<'_>>> = BTreeMap::new();
    for finding in scan.findings.iter().chain(dependent) {
        if passed_over(finding, question) {
            continue;
        }
        let id = id_of(&finding.sign, question.ledger);
        groups.entry(id).or_default().push(place(finding, &reached));
    }
    let mut gates: Vec<Gate> = groups
        .iter()
        .map(|(id, placed)| gate(id, placed, question, &world))
        .collect();
    gates.sort_by(|a, b| (!a.needed, &a.kind, &a.id).cmp(&(!b.needed, &b.kind, &b.id)));
    Audit {
        version: VERSION,
        release: scan.release.clone(),
        rustc: question.compiler.release.clone(),
        out: question.out.clone(),
        architectures: rust_architectures(scan),
        files: scan.counts,
        totals: totals(&gates, question.ledger),
        gates,
        problems: scan.problems.clone(),
    }
}

/// Totals over gates.
pub fn totals(gates: &[Gate], ledger: &Ledger) -> Totals {
    let uses = || gates.iter().flat_map(|gate| &gate.uses);
    let own = uses().filter(|one| one.vendored.is_none());
    Totals {
        vendored: uses().filter(|one| one.vendored.is_some()).count(),
        documentation: own.filter(|one| one.is_documentation()).count(),
        gates: gates.len(),
        needed: gates.iter().filter(|gate| gate.needed).count(),
        uses: gates.iter().map(|gate| gate.uses.len()).sum(),
        unknown: gates
            .iter()
            .filter(|gate| ledger.get(&gate.id).is_none())
            .count(),
    }
}

/// Architectures that can have Rust.
fn rust_architectures(scan: &Scan) -> Vec<String> {
    scan.kconfig
        .architectures("HAVE_RUST")
        .map(|set| set.into_iter().collect())
        .unwrap_or_default()
}

/// Whether rustc takes it without a gate and only warns: any target feature on the command line, known or not (`check_features`
/// and `parse_target_feature_flags`, compiler/rustc_codegen_ssa/src/target_features.rs).
fn is_only_warned_about(finding: &Finding) -> bool {
    matches!(finding.sign, Sign::TargetFeature(_)) && finding.text.contains("-Ctarget-feature")
}

/// Target features on the command line that the compiler takes without a word are no gates.
fn passed_over(finding: &Finding, question: &Question<'_>) -> bool {
    match &finding.sign {
        Sign::TargetFeature(name) => {
            is_only_warned_about(finding)
                && !question.compiler.unstable_target_features.contains(name)
        }
        _ => false,
    }
}

/// The gate that a sign belongs to.
pub fn id_of(sign: &Sign, ledger: &Ledger) -> String {
    sign.keys()
        .iter()
        .find_map(|key| ledger.by_sign(key))
        .map_or_else(|| sign.to_string(), str::to_owned)
}

fn place<'f>(finding: &'f Finding, reached: &BTreeMap<String, Reach>) -> Placed<'f> {
    let mut placed = Placed {
        finding,
        condition: finding.condition.clone(),
        place: finding.place.clone(),
        goals: BTreeSet::new(),
    };
    if !finding.file.ends_with(".rs") || reached.is_empty() {
        return placed;
    }
    let reach = reached.get(&finding.file).cloned().unwrap_or_default();
    let example = finding.place == Place::Doctest;
    let when = if example { reach.examples } else { reach.build };
    placed.goals = reach.goals;
    match when {
        Some(when) => {
            placed.condition = when.and(placed.condition);
            placed.place = Place::Build;
        }
        None if example => placed.place = Place::Doctest,
        None => {
            placed.place = match placed.goals.first() {
                Some(goal) => Place::Goal(goal.clone()),
                None => Place::Nothing,
            };
        }
    }
    placed
}

fn gate(id: &str, placed: &[Placed<'_>], question: &Question<'_>, world: &World<'_>) -> Gate {
    let entry = question.ledger.get(id);
    let first = placed[0].finding;
    let sign = &first.sign;
    let (status, status_from, since) = status(sign, entry, question);
    let mut uses = Vec::new();
    let mut needed_for = BTreeSet::new();
    let mut needed = false;
    let (mut used, mut in_macros, mut opened, mut known) = (false, false, false, true);
    for one in placed {
        let left = world.in_build(&one.condition);
        // With a configuration there is one architecture.
        let own = arch_of_path(&one.finding.file);
        let left = match (world.architecture(), own) {
            (Some(arch), Some(own)) if arch != own => Condition::Never,
            _ => left,
        };
        let applies = match (&one.place, &left) {
            (Place::Build | Place::Probe, Condition::Always) => Applies::Always,
            (Place::Build | Place::Probe, Condition::Never) => Applies::Never,
            (Place::Build | Place::Probe, _) => Applies::Sometimes,
            _ => Applies::Never,
        };
        let closed = is_closed(one.finding, &status);
        let counts = one.finding.role == Role::Uses || stands_for_itself(&one.finding.sign);
        if one.place == Place::Build && applies != Applies::Never {
            let in_macro = one.condition.atoms().contains(&&Atom::Expanded);
            used |= counts && !in_macro;
            in_macros |= counts && in_macro;
            opened |= !counts;
            needed |= counts && closed;
        } else if closed && counts_elsewhere(one, counts) {
            needed_for.extend(goals(one, world));
        }
        if let Sign::Feature(name) = &one.finding.sign {
            known &= Signs::get().knows(name);
        }
        uses.push(use_of(one, &left, applies, question));
    }
    let usage = match (used, in_macros, opened, known) {
        (true, ..) => Usage::Used,
        (false, true, ..) => Usage::InMacros,
        (false, false, true, true) => Usage::Enabled,
        (false, false, true, false) => Usage::NotKnown,
        (false, false, false, _) => Usage::Idle,
    };
    // What can't be told from the syntax counts as needed until --verify says otherwise.
    if usage == Usage::NotKnown && is_closed(first, &status) {
        needed = true;
    }
    uses.sort_by(|a: &Use, b: &Use| (&a.file, a.line, &a.text).cmp(&(&b.file, b.line, &b.text)));
    Gate {
        id: id.to_owned(),
        kind: kind(sign, entry),
        name: entry.map_or_else(|| id.to_owned(), |entry| entry.name.clone()),
        needed,
        needed_for: needed_for.into_iter().collect(),
        usage,
        status,
        status_from,
        since,
        tracking: entry.and_then(|entry| entry.tracking.clone()),
        goal: entry.and_then(|entry| entry.goal.clone()),
        way_out: entry.map(|entry| entry.stable_way.clone()),
        gateless: entry.and_then(does),
        verified: None,
        uses,
    }
}

/// An option, a key or a variable is used by being there; a feature is only turned on by its name.
fn stands_for_itself(sign: &Sign) -> bool {
    !matches!(sign, Sign::Feature(_))
}

fn counts_elsewhere(one: &Placed<'_>, counts: bool) -> bool {
    // Turning a feature on for a goal alone is reason enough to name the goal: documentation is built with it.
    counts || one.finding.role == Role::Opens
}

/// The goals, other than a build, for which a place counts.
fn goals(one: &Placed<'_>, world: &World<'_>) -> Vec<String> {
    match &one.place {
        Place::Goal(goal) if world.in_goal(&one.condition, goal) != Condition::Never => {
            vec![goal.clone()]
        }
        Place::Build => one
            .goals
            .iter()
            .filter(|goal| world.in_goal(&one.condition, goal) != Condition::Never)
            .cloned()
            .collect(),
        _ => Vec::new(),
    }
}

fn use_of(one: &Placed<'_>, left: &Condition, applies: Applies, question: &Question<'_>) -> Use {
    let kconfig = &question.scan.kconfig;
    let own = arch_of_path(&one.finding.file).map(|arch| BTreeSet::from([arch.to_owned()]));
    let rust = kconfig.architectures("HAVE_RUST");
    let special = intersection(own, kconfig.architectures_of(&one.condition));
    let architectures = match special {
        Some(set) => {
            // Only those that can have Rust count, where the tree says which.
            let set = intersection(Some(set), rust.clone()).unwrap_or_default();
            if Some(&set) == rust.as_ref() {
                vec!["all".to_owned()]
            } else {
                set.into_iter().collect()
            }
        }
        None => vec!["all".to_owned()],
    };
    let shown = match (applies, left) {
        (Applies::Never, _) | (_, Condition::Never) => &one.condition,
        _ => left,
    };
    Use {
        file: one.finding.file.clone(),
        line: one.finding.line,
        text: one.finding.text.clone(),
        role: one.finding.role,
        place: one.place.to_string(),
        example: one.finding.place == Place::Doctest,
        vendored: question
            .scan
            .vendored
            .crate_of(&one.finding.file)
            .map(str::to_owned),
        architectures,
        configurations: shown.conjuncts(),
        applies,
    }
}

/// Status for the compiler, who says so, and since when it is stable.
fn status(
    sign: &Sign,
    entry: Option<&Entry>,
    question: &Question<'_>,
) -> (String, String, Option<String>) {
    let ledger_since = entry.and_then(|entry| entry.stable_since.clone());
    let owned = |status: &str, from: &str, since: Option<String>| {
        (status.to_owned(), from.to_owned(), since)
    };
    if let Sign::Feature(name) = sign
        && let Some(state) = question.compiler.features.get(name)
    {
        return match state {
            FeatureState::Stable(since) => owned("stable", "compiler", Some(since.clone())),
            FeatureState::Absent => owned("absent", "compiler", ledger_since),
            FeatureState::Internal => owned("perma-unstable", "compiler", None),
            FeatureState::Unstable => {
                let for_ever = entry.is_some_and(|e| e.status == Status::PermaUnstable);
                owned(
                    if for_ever {
                        "perma-unstable"
                    } else {
                        "unstable"
                    },
                    "compiler",
                    ledger_since,
                )
            }
        };
    }
    let Some(entry) = entry else {
        return owned("unknown", "nobody", None);
    };
    let status = entry.status_for(question.compiler.minor());
    owned(
        match status {
            Status::Stable => "stable",
            Status::Unstable => "unstable",
            Status::PermaUnstable => "perma-unstable",
            Status::Wish => "absent",
            Status::Unknown => "unknown",
        },
        "ledger",
        ledger_since,
    )
}

/// Whether a stable compiler refuses it without a gate.
fn is_closed(finding: &Finding, status: &str) -> bool {
    match &finding.sign {
        _ if is_only_warned_about(finding) => false,
        // Every -Z option is closed, whatever became of what it does.
        Sign::Option { name, .. } if name.starts_with("-Z") => true,
        Sign::Variable(_) => true,
        _ => status != "stable",
    }
}

fn kind(sign: &Sign, entry: Option<&Entry>) -> String {
    let known = entry.map(|entry| match entry.kind {
        Kind::LangFeature => "lang-feature",
        Kind::LibFeature => "lib-feature",
        Kind::Attribute => "attribute",
        Kind::RustcFlag => "rustc-flag",
        Kind::RustdocFlag => "rustdoc-flag",
        Kind::TargetSpec => "target-spec",
        Kind::BuildPractice => "build-practice",
        Kind::Lint => "lint",
        Kind::Wish => "wish",
    });
    known
        .unwrap_or(match sign {
            Sign::Feature(_) => "feature",
            Sign::Option { .. } | Sign::TargetFeature(_) => "option",
            Sign::TargetKey(_) => "target-spec",
            Sign::Variable(_) => "environment",
            Sign::Practice(_) => "build-practice",
        })
        .to_owned()
}

/// What gateless does about an entry, in a word.
pub fn does(entry: &Entry) -> Option<String> {
    if entry.lowered {
        return Some("lowered".to_owned());
    }
    let mut ways: Vec<&str> = entry
        .flag
        .iter()
        .map(|flag| match flag.action {
            FlagAction::Drop => "dropped",
            FlagAction::Replace => "replaced",
            FlagAction::Emulate => "emulated",
            FlagAction::Codegen => "generated",
        })
        .collect();
    ways.dedup();
    if ways.is_empty() {
        entry.gateless.clone()
    } else {
        Some(ways.join(", "))
    }
}
