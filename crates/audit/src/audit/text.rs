//! The audit for people: a table that fits a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::audit::{Applies, Audit, Gate, Usage, Use, Verified};

/// Kinds in the order of the table, with their titles.
const KINDS: [(&str, &str); 13] = [
    ("lang-feature", "Language features"),
    ("lib-feature", "Library features"),
    ("attribute", "Attributes"),
    ("feature", "Features that the ledger does not know"),
    ("rustc-flag", "Options of rustc"),
    ("rustdoc-flag", "Options of rustdoc"),
    ("option", "Options that the ledger does not know"),
    ("target-spec", "Custom target specifications"),
    ("environment", "Environment"),
    ("build-practice", "Ways of building"),
    ("lint", "Lints"),
    ("wish", "Wishes"),
    ("", "Others"),
];

/// The whole answer for a terminal of `width` columns. `all` also lists every place.
pub fn table(audit: &Audit, width: usize, all: bool) -> String {
    let mut text = String::new();
    let tree = match &audit.release {
        Some(release) => format!("Linux {release}"),
        None => "a directory that is no kernel tree".to_owned(),
    };
    let _ = writeln!(text, "{tree} for rustc {}", audit.rustc);
    for (needed, title) in [(true, "NEEDED"), (false, "NOT NEEDED")] {
        let part: Vec<&Gate> = audit
            .gates
            .iter()
            .filter(|gate| gate.needed == needed)
            .collect();
        if part.is_empty() {
            continue;
        }
        let what = if needed {
            "closed for this compiler, and used: without it the build fails"
        } else {
            "stable by now, merely enabled, or for something else than a build"
        };
        let _ = writeln!(text, "\n{title}: {what}");
        for (kind, title) in KINDS {
            let of_kind: Vec<&&Gate> = part.iter().filter(|gate| is_kind(gate, kind)).collect();
            if of_kind.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n  {title}");
            for gate in of_kind {
                row(&mut text, gate, width, all);
            }
        }
    }
    let totals = audit.totals;
    let _ = writeln!(
        text,
        "\n{} gates in {} places; needed: {}; not in the ledger: {}",
        totals.gates, totals.uses, totals.needed, totals.unknown
    );
    let parts = parts(audit);
    if !parts.is_empty() {
        let _ = writeln!(text, "of the places, {parts}");
    }
    let _ = write!(
        text,
        "read: {} Rust sources, {} makefiles, {} Kconfig files, {} others",
        audit.files.rust, audit.files.makefiles, audit.files.kconfig, audit.files.other
    );
    text
}

/// Which of the places are not the tree's own code, or make documentation only.
fn parts(audit: &Audit) -> String {
    let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
    for one in audit.gates.iter().flat_map(|gate| &gate.uses) {
        if let Some(name) = &one.vendored {
            *crates.entry(name).or_default() += 1;
        }
    }
    let mut crates: Vec<(&str, usize)> = crates.into_iter().collect();
    crates.sort_by_key(|&(name, places)| (std::cmp::Reverse(places), name));
    let totals = audit.totals;
    let mut parts = Vec::new();
    if totals.vendored > 0 {
        let names: Vec<String> = crates
            .iter()
            .map(|(name, places)| format!("{name} {places}"))
            .collect();
        parts.push(format!(
            "{} are in vendored crates ({})",
            totals.vendored,
            names.join(", ")
        ));
    }
    if totals.documentation > 0 {
        parts.push(format!("{} make documentation only", totals.documentation));
    }
    if !parts.is_empty() {
        let rest = totals.uses - totals.vendored - totals.documentation;
        parts.push(format!("{rest} are the tree's own code"));
    }
    parts.join("; ")
}

fn is_kind(gate: &Gate, kind: &str) -> bool {
    if kind.is_empty() {
        !KINDS.iter().any(|(known, _)| *known == gate.kind)
    } else {
        gate.kind == kind
    }
}

/// Who needs the gate, and since when it is stable.
pub fn state(gate: &Gate) -> String {
    match (gate.status.as_str(), &gate.since) {
        ("stable", Some(since)) => format!("stable since {since}"),
        ("perma-unstable", _) => "unstable for ever".to_owned(),
        ("absent", _) => "not in this compiler".to_owned(),
        (status, _) => status.to_owned(),
    }
}

fn row(text: &mut String, gate: &Gate, width: usize, all: bool) {
    let files: BTreeSet<&str> = gate.uses.iter().map(|one| one.file.as_str()).collect();
    let counts = format!("{} in {}", gate.uses.len(), plural(files.len(), "file"));
    let usage = match gate.usage {
        Usage::Used => "",
        Usage::InMacros => "used by macros",
        Usage::Enabled => "enabled only",
        Usage::NotKnown => "use not known",
        Usage::Idle => "not in a build",
    };
    let mut notes: Vec<String> = vec![state(gate)];
    notes.extend(Some(usage.to_owned()).filter(|usage| !usage.is_empty()));
    if let Some(gateless) = &gate.gateless
        && gate.needed
    {
        notes.push(format!("gateless: {gateless}"));
    }
    if !gate.needed_for.is_empty() {
        let shown: Vec<&str> = gate.needed_for.iter().take(2).map(String::as_str).collect();
        let more = gate.needed_for.len() - shown.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        notes.push(format!("for {}{more}", shown.join(", ")));
    }
    notes.extend(gate.verified.as_ref().map(verdict));
    let archs = architectures(gate);
    if archs != "all" {
        notes.push(archs);
    }
    let line = format!("    {:<30} {counts:<16} {}", gate.id, notes.join("; "));
    push_wrapped(text, &line, width, 52);
    if all {
        for one in &gate.uses {
            let _ = writeln!(
                text,
                "      {}",
                shorten(&place(one), width.saturating_sub(6))
            );
        }
    }
}

/// What closing the gate showed, and how it was seen.
pub fn verdict(verified: &Verified) -> String {
    match verified.agrees {
        Some(true) => format!("verified ({})", verified.evidence.words()),
        Some(false) => format!("CONTRADICTED ({})", verified.evidence.words()),
        None => format!("not verified: {}", verified.evidence.words()),
    }
}

fn place(one: &Use) -> String {
    let mut line = format!("{}:{}: {}", one.file, one.line, one.text);
    if !one.configurations.is_empty() {
        line.push_str(&format!("  [{}]", one.configurations.join(", ")));
    }
    if one.example {
        line.push_str("  (example)");
    }
    if one.place != "build" {
        line.push_str(&format!("  ({})", one.place));
    } else if one.applies == Applies::Never {
        line.push_str("  (never)");
    }
    line
}

/// The architectures of a gate's places that apply.
pub fn architectures(gate: &Gate) -> String {
    let set: BTreeSet<&str> = gate
        .uses
        .iter()
        .filter(|one| one.applies != Applies::Never || !gate.needed)
        .flat_map(|one| one.architectures.iter().map(String::as_str))
        .collect();
    if set.contains("all") || set.is_empty() {
        "all".to_owned()
    } else {
        set.into_iter().collect::<Vec<_>>().join(" ")
    }
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Adds a line, broken at blanks where it is too long, further lines indented.
fn push_wrapped(text: &mut String, line: &str, width: usize, indent: usize) {
    let mut rest = line.trim_end();
    let mut first = true;
    loop {
        let room = if first {
            width
        } else {
            width.saturating_sub(indent).max(20)
        };
        if !first {
            text.push_str(&" ".repeat(indent));
        }
        if rest.chars().count() <= room {
            text.push_str(rest);
            text.push('\n');
            return;
        }
        let limit = rest.char_indices().nth(room).map_or(rest.len(), |(i, _)| i);
        let cut = rest[..limit]
            .rfind(' ')
            .filter(|&cut| cut > 40 || !first)
            .unwrap_or(limit);
        text.push_str(rest[..cut].trim_end());
        text.push('\n');
        rest = rest[cut..].trim_start();
        first = false;
    }
}

fn shorten(line: &str, width: usize) -> String {
    if line.chars().count() <= width || width < 20 {
        return line.to_owned();
    }
    let cut: String = line.chars().take(width - 1).collect();
    format!("{cut}…")
}
