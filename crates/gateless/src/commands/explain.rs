//! `gateless explain`.

use gateless_audit::probe;
use gateless_ledger::{Ends, Entry, FlagAction, Kind, Ledger, Observed, Status};
use gateless_model::{Exit, Failure, Result, Version};
use serde::Serialize;

use crate::output;

/// Explain one unstable thing: what it is, why the kernel needs it, its status, what gateless does instead
///
/// Lists all ledger entries if no name is given.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ledger id, feature name, or -Z flag
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    name: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// The answer as JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    version: u32,
    entries: Vec<Explained<'a>>,
}

/// An entry, as JSON has it.
#[derive(Debug, Serialize)]
struct Explained<'a> {
    id: &'a str,
    /// Entries that wait for this one.
    waiting: Vec<&'a str>,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// Prints one entry, or the list of all, on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let ledger = Ledger::embedded();
    let Some(name) = args.name else {
        return list(ledger, args.json);
    };
    let found = ledger.find(&name);
    if found.is_empty() {
        let near: Vec<String> = ledger
            .nearest(&name)
            .into_iter()
            .map(|(spelled, id)| match spelled == id {
                true => id.to_owned(),
                false => format!("{spelled} ({id})"),
            })
            .collect();
        return Err(
            Failure::usage(format!("the ledger has no entry `{name}`")).help(
                match near.as_slice() {
                    [] => "`gateless explain` lists all entries".to_owned(),
                    near => format!("did you mean {}?", near.join(", ")),
                },
            ),
        );
    }
    let found: Vec<_> = ledger.iter().filter(|(id, _)| found.contains(id)).collect();
    if args.json {
        return json(ledger, &found);
    }
    let texts: Vec<String> = found
        .iter()
        .map(|(id, entry)| text(id, entry, &ledger.waiting_for(id)))
        .collect();
    output::line(texts.join("\n").trim_end())?;
    Ok(Exit::Yes)
}

fn list(ledger: &Ledger, as_json: bool) -> Result<Exit> {
    if as_json {
        return json(ledger, &ledger.iter().collect::<Vec<_>>());
    }
    for (id, entry) in ledger.iter() {
        output::line(format_args!(
            "{id:<32} {:<18} {}",
            status(entry),
            entry.name
        ))?;
    }
    Ok(Exit::Yes)
}

fn json(ledger: &Ledger, entries: &[(&str, &Entry)]) -> Result<Exit> {
    let entries = entries
        .iter()
        .map(|&(id, entry)| Explained {
            id,
            waiting: ledger.waiting_for(id),
            entry,
        })
        .collect();
    output::json(&Answer {
        version: 1,
        entries,
    })?;
    Ok(Exit::Yes)
}

/// An entry as text.
fn text(id: &str, entry: &Entry, waiting: &[&str]) -> String {
    let mut text = format!(
        "{id}: {}\n  {}, {}\n",
        entry.name,
        kind(entry.kind),
        status(entry)
    );
    let mut part = |title: &str, lines: &[String]| {
        if !lines.is_empty() {
            text.push_str(&format!("\n{title}\n"));
            lines
                .iter()
                .for_each(|line| text.push_str(&format!("  {line}\n")));
        }
    };
    part("Where the kernel uses it:", &entry.used_in);
    part("Architectures:", &[entry.archs.join(", ")]);
    part("Compilers that were tried:", &tried(entry));
    part("On stable:", std::slice::from_ref(&entry.stable_way));
    part("What gateless does:", &done(id, entry));
    part("What upstream still needs:", &upstream(entry));
    part("Waits for:", &entry.depends_on);
    part(
        "Wait for it:",
        &waiting
            .iter()
            .map(|id| (*id).to_owned())
            .collect::<Vec<_>>(),
    );
    part("Source:", std::slice::from_ref(&entry.source));
    text
}

/// What gateless does about it, by its code and the ledger's rows.
fn done(id: &str, entry: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    if entry.lowered {
        lines.push(format!(
            "lowers it to stable Rust (crates/lower/src/gates/{id}.rs)"
        ));
    }
    for flag in &entry.flag {
        let values = if flag.values.is_empty() {
            String::new()
        } else {
            format!("={}", flag.values.join("|"))
        };
        let what = match flag.action {
            FlagAction::Drop => "is left out".to_owned(),
            FlagAction::Replace => format!("becomes `{}`", flag.with.join(" ")),
            FlagAction::Emulate => "is done by the wrapper itself".to_owned(),
            FlagAction::Codegen => {
                "is generated from LLVM IR after rustc (crates/codegen/src/flags)".to_owned()
            }
        };
        lines.push(format!("-Z{}{values} {what}: {}", flag.name, flag.reason));
        lines.extend(
            flag.weaker
                .iter()
                .map(|weaker| format!("  weaker than gated: {weaker}")),
        );
    }
    lines.extend(entry.gateless.clone());
    match (lines.is_empty(), entry.status, entry.kind) {
        (
            true,
            Status::Unstable | Status::PermaUnstable,
            Kind::LangFeature | Kind::LibFeature | Kind::RustcFlag,
        ) => {
            let is_warned_about = entry
                .probe
                .as_ref()
                .is_some_and(|probe| probe.warning.is_some());
            if is_warned_about {
                lines.push("passes it on: stable rustc takes it, with a warning".to_owned());
                return lines;
            }
            lines.push(
                "nothing yet: where a build asks for it, it is an error that names it".to_owned(),
            );
        }
        (true, Status::Stable, _) => {
            lines.push("nothing needs to be done but to leave the gate out".to_owned())
        }
        _ => {}
    }
    lines
}

/// How compilers answered the entry's probe, grouped by answer.
fn tried(entry: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    for observed in [Observed::Accepted, Observed::Gated, Observed::Absent] {
        let mut releases: Vec<&str> = entry
            .observed
            .iter()
            .filter(|(_, said)| **said == observed)
            .map(|(release, _)| release.as_str())
            .collect();
        releases.sort_by_key(|release| Version::prefix(release));
        if !releases.is_empty() {
            lines.push(format!(
                "{}: {}",
                probe::name(observed),
                releases.join(", ")
            ));
        }
    }
    let none = entry.probe.as_ref().and_then(|probe| probe.none.as_ref());
    lines.extend(none.map(|why| format!("no program can show it: {why}")));
    lines
}

fn upstream(entry: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    if entry.status != Status::Stable {
        lines.extend(
            entry
                .goal
                .iter()
                .map(|goal| format!("Rust project goal: {goal}")),
        );
        lines.extend(entry.tracking.clone());
        lines.extend(
            entry
                .untracked
                .as_ref()
                .map(|why| format!("no issue to follow: {why}")),
        );
        lines.extend(match entry.ends {
            Ends::Stabilised => None,
            Ends::WithDependencies => {
                Some("nothing of its own: the need ends with what it waits for".to_owned())
            }
            Ends::LeftOut => Some(
                "nothing to stabilise: the tree can leave it out, or take the stable spelling"
                    .to_owned(),
            ),
            Ends::Last => Some("nothing of its own: the need ends with the last gate".to_owned()),
        });
        for other in &entry.alternatives {
            lines.push(format!("instead of it would do: {}", other.join(" and ")));
        }
    }
    lines
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::LangFeature => "language feature",
        Kind::LibFeature => "library feature",
        Kind::Attribute => "attribute",
        Kind::RustcFlag => "rustc option",
        Kind::RustdocFlag => "rustdoc option",
        Kind::TargetSpec => "target specification",
        Kind::BuildPractice => "way of building",
        Kind::Lint => "lint",
        Kind::Wish => "wish",
    }
}

fn status(entry: &Entry) -> String {
    match (entry.status, &entry.stable_since) {
        (Status::Stable, Some(since)) => format!("stable since {since}"),
        (Status::Stable, None) => "stable".to_owned(),
        (Status::Unstable, _) => "unstable".to_owned(),
        (Status::PermaUnstable, _) => "unstable for ever".to_owned(),
        (Status::Wish, _) => "wished for".to_owned(),
        (Status::Unknown, _) => "status unknown".to_owned(),
    }
}
