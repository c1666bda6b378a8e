//! Compiling with one gate closed at a time, to see whether the audit says the truth.
//!
//! A feature is closed by taking its name out of the crate's feature attributes (and out of `-Zcrate-attr`), with all others left open, in
//! every crate of the build that names it. An option is closed by giving it to the compiler alone, with no gate open.
//! Nothing in the build folder is changed: each compilation writes into a temporary folder.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_kbuild::saved_command::SavedCommand;
use gateless_ledger::Ledger;
use gateless_lower::cfg::split_commas;
use gateless_lower::tokens::{self, Tokens};
use gateless_model::{Failure, Result};

use crate::audit::{Audit, Gate, Usage, Verified};
use crate::finding::Role;
use crate::rust::attributes;
use crate::rust::conditions::Regions;
use crate::rust::strings::is_z;

/// One recorded compilation.
#[derive(Debug, Clone)]
struct Recorded {
    name: String,
    env: Vec<(String, String)>,
    program: String,
    args: Vec<String>,
    /// Index in `args` of the crate root.
    root: usize,
    /// Features that the root or the command line turn on.
    features: BTreeSet<String>,
}

/// What is verified.
pub struct Job<'j> {
    /// The tree. What lies elsewhere (the toolchain's own `core`) is not the tree's.
    pub tree: &'j Utf8Path,
    /// Output folder of a build whose commands are recorded.
    pub out: &'j Utf8Path,
    /// The compiler that the audit is about.
    pub rustc: &'j Utf8Path,
    /// To know the features of an entry.
    pub ledger: &'j Ledger,
    /// Only these gates; empty for all.
    pub only: &'j [String],
}

/// Verifies what can be verified, writes it into the gates, and returns whether everything agrees. `note` is told of each step.
pub fn verify(audit: &mut Audit, job: &Job<'_>, note: &mut dyn FnMut(String)) -> Result<bool> {
    let mut recorded = recorded(job.out)?;
    let tree = job.tree.canonicalize_utf8()?;
    let out = job.out.canonicalize_utf8()?;
    recorded.retain(|one| is_ours(one, &tree, &out));
    if recorded.is_empty() {
        return Err(Failure::failed(format!(
            "{} has no recorded command of the Rust compiler",
            job.out
        ))
        .help("build the kernel there first, or only `make prepare`"));
    }
    let mut baseline: BTreeMap<String, bool> = BTreeMap::new();
    let mut agrees = true;
    for gate in &mut audit.gates {
        if !job.only.is_empty() && !job.only.contains(&gate.id) {
            continue;
        }
        let verified = if is_feature(gate) {
            feature(gate, job, &recorded, &mut baseline, note)?
        } else {
            option(gate, job, &recorded)?
        };
        if let Some(verified) = verified {
            let word = if verified.compiles_without {
                "compiles"
            } else {
                "fails"
            };
            let end = if verified.agrees {
                "as the audit says"
            } else {
                "the audit says OTHERWISE"
            };
            note(format!(
                "{}: {word} without it, {end} ({})",
                gate.id,
                verified.crates.join(", ")
            ));
            agrees &= verified.agrees;
            // Where the syntax could not tell, the compiler has told.
            if verified.agrees {
                gate.needed = !verified.compiles_without;
            }
            gate.verified = Some(verified);
        }
    }
    Ok(agrees)
}

/// Whether the crate's root lies in the tree or in the build folder.
fn is_ours(one: &Recorded, tree: &Utf8Path, out: &Utf8Path) -> bool {
    out.join(&one.args[one.root])
        .canonicalize_utf8()
        .is_ok_and(|root| root.starts_with(tree) || root.starts_with(out))
}

fn is_feature(gate: &Gate) -> bool {
    gate.uses
        .iter()
        .any(|one| one.role == Role::Opens && one.text.contains("feature"))
        || matches!(
            gate.kind.as_str(),
            "lang-feature" | "lib-feature" | "attribute" | "feature"
        )
}

/// Closes a feature in every crate that names it.
fn feature(
    gate: &Gate,
    job: &Job<'_>,
    recorded: &[Recorded],
    baseline: &mut BTreeMap<String, bool>,
    note: &mut dyn FnMut(String),
) -> Result<Option<Verified>> {
    let names: BTreeSet<String> = match job.ledger.get(&gate.id) {
        Some(entry) if !entry.features.is_empty() => entry.features.iter().cloned().collect(),
        _ => BTreeSet::from([gate.id.clone()]),
    };
    let mut crates = Vec::new();
    let mut error = None;
    for one in recorded
        .iter()
        .filter(|one| !one.features.is_disjoint(&names))
    {
        let sound = match baseline.get(&one.name) {
            Some(sound) => *sound,
            None => {
                note(format!("compiling {} as it was", one.name));
                let sound = compile(job, one, &BTreeSet::new())?.is_none();
                baseline.insert(one.name.clone(), sound);
                sound
            }
        };
        if !sound {
            return Err(Failure::failed(format!(
                "{} does not compile even with all gates open",
                one.name
            ))
            .help("build the folder anew; its sources or its compiler may have changed"));
        }
        crates.push(one.name.clone());
        error = compile(job, one, &names)?.map(|words| format!("{}: {words}", one.name));
        if error.is_some() {
            break;
        }
    }
    if crates.is_empty() {
        return Ok(None);
    }
    let compiles = error.is_none();
    Ok(Some(Verified {
        compiles_without: compiles,
        agrees: compiles != gate.needed || matches!(gate.usage, Usage::NotKnown | Usage::InMacros),
        crates,
        error,
    }))
}

/// Gives an option to the compiler alone, with no gate open, if some recorded command passes it.
fn option(gate: &Gate, job: &Job<'_>, recorded: &[Recorded]) -> Result<Option<Verified>> {
    let is_own = |arg: &str| {
        is_z(arg)
            && crate::finding::Sign::option(arg)
                .keys()
                .iter()
                .any(|key| job.ledger.by_sign(key).unwrap_or(key) == gate.id)
    };
    let Some((one, arg)) = recorded.iter().find_map(|one| {
        let arg = one.args.iter().find(|arg| is_own(arg))?;
        Some((one, arg))
    }) else {
        return Ok(None);
    };
    let output = Command::new(job.rustc)
        .args([arg.as_str(), "--print=cfg"])
        .env("RUSTC_BOOTSTRAP", "-1")
        .stdin(Stdio::null())
        .output()?;
    let compiles = output.status.success();
    Ok(Some(Verified {
        compiles_without: compiles,
        agrees: compiles != gate.needed,
        crates: vec![one.name.clone()],
        error: (!compiles).then(|| first_error(&String::from_utf8_lossy(&output.stderr))),
    }))
}

/// All recorded compilations below a build folder, in the order of their files.
fn recorded(out: &Utf8Path) -> Result<Vec<Recorded>> {
    let mut found = Vec::new();
    let mut todo = vec![out.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in folder.read_dir_utf8()? {
            let entry = entry?;
            let path = entry.path().to_owned();
            if entry.file_type()?.is_dir() {
                if entry.file_name() != ".gateless" {
                    todo.push(path);
                }
            } else if entry.file_name().ends_with(".cmd") {
                let text = fs_err::read(&path)?;
                found.extend(one(out, &String::from_utf8_lossy(&text)));
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn one(out: &Utf8Path, text: &str) -> Option<Recorded> {
    let saved = SavedCommand::parse(text)?;
    let words = saved
        .steps
        .into_iter()
        .find(|step| step.iter().any(|word| is_compiler(word)))?;
    let at = words.iter().position(|word| is_compiler(word))?;
    let env = words[..at]
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let args: Vec<String> = words[at + 1..].to_vec();
    let root = args
        .iter()
        .rposition(|arg| arg.ends_with(".rs") && !arg.starts_with('-'))?;
    let source = std::fs::read_to_string(out.join(&args[root])).ok()?;
    let mut features = features_of(&source);
    for arg in &args {
        if let Some(attribute) = arg.strip_prefix("-Zcrate-attr=") {
            features.extend(features_of(&format!("#![{attribute}]")));
        }
    }
    Some(Recorded {
        name: saved.target,
        env,
        program: words[at].clone(),
        args,
        root,
        features,
    })
}

fn is_compiler(word: &str) -> bool {
    matches!(
        word.rsplit('/').next(),
        Some("rustc" | "clippy-driver" | "gateless-rustc")
    )
}

fn features_of(source: &str) -> BTreeSet<String> {
    let tokens = Tokens::new(source, tokens::edition("2021"));
    attributes::scan(&tokens, &mut Regions::default())
        .into_iter()
        .filter(|found| found.role == Role::Opens)
        .map(|found| found.feature)
        .collect()
}

/// Compiles a crate with some features taken out; the compiler's first words if it fails.
fn compile(job: &Job<'_>, one: &Recorded, without: &BTreeSet<String>) -> Result<Option<String>> {
    let folder = tempfile::tempdir()?;
    let scratch = Utf8Path::from_path(folder.path())
        .ok_or_else(|| Failure::failed("the temporary folder's name is not UTF-8"))?;
    let root = overlay(job.out, &one.args[one.root], without, scratch)?;
    let program = if one.program.ends_with("rustc") {
        job.rustc.as_str()
    } else {
        &one.program
    };
    let mut command = Command::new(program);
    command.current_dir(job.out).envs(one.env.iter().cloned());
    command.env("RUSTC_BOOTSTRAP", "1").stdin(Stdio::null());
    let mut skip = false;
    for (i, arg) in one.args.iter().enumerate() {
        if std::mem::take(&mut skip) || arg.starts_with("--emit=") || arg.starts_with("--out-dir=")
        {
            continue;
        }
        match arg.as_str() {
            "--out-dir" | "-o" | "--emit" => skip = true,
            _ if i == one.root => {
                command.arg(&root);
            }
            arg if arg.starts_with("-Zcrate-attr=") => {
                command.arg(without_features(arg, without));
            }
            arg => {
                command.arg(arg);
            }
        }
    }
    command.arg(format!("--emit=metadata={scratch}/out.rmeta"));
    // Whether lints still like the crate is not the question.
    command.arg("--cap-lints=allow");
    let output = command
        .output()
        .map_err(|error| Failure::failed(format!("`{program}` can't be run")).because(error))?;
    if output.status.success() {
        return Ok(None);
    }
    Ok(Some(first_error(&String::from_utf8_lossy(&output.stderr))))
}

/// The crate root without some features, in a folder of links to everything that lies beside it; the root itself if none is to go.
fn overlay(
    out: &Utf8Path,
    root: &str,
    without: &BTreeSet<String>,
    scratch: &Utf8Path,
) -> Result<Utf8PathBuf> {
    let root = camino::absolute_utf8(out.join(root))?;
    if without.is_empty() {
        return Ok(root);
    }
    let (Some(folder), Some(name)) = (root.parent(), root.file_name()) else {
        return Err(Failure::failed(format!("{root} is no crate root")));
    };
    let links = scratch.join("root");
    fs_err::create_dir(&links)?;
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_name() != name {
            std::os::unix::fs::symlink(entry.path(), links.join(entry.file_name()))?;
        }
    }
    let text = fs_err::read_to_string(&root)?;
    let made = links.join(name);
    fs_err::write(&made, without_features(&text, without))?;
    Ok(made)
}

/// A text without some names in `feature(...)`.
fn without_features(text: &str, without: &BTreeSet<String>) -> String {
    let tokens = Tokens::new(text, tokens::edition("2021"));
    let mut made = text.to_owned();
    for i in (0..tokens.list.len()).rev() {
        if tokens.at(i) != "feature" || !tokens.opens(i + 1, "(") {
            continue;
        }
        let close = tokens.close(i + 1);
        let parts = split_commas(&tokens, i + 2, close);
        if !parts.iter().any(|&(a, _)| without.contains(tokens.at(a))) {
            continue;
        }
        let kept: Vec<&str> = parts
            .iter()
            .filter(|&&(a, _)| !without.contains(tokens.at(a)))
            .map(|&(a, b)| &text[tokens.bytes(a, b - 1)])
            .collect();
        let inside = tokens.list[i + 1].range.end..tokens.list[close].range.start;
        let lines = "\n".repeat(text[inside.clone()].matches('\n').count());
        made.replace_range(inside, &format!("{}{lines}", kept.join(", ")));
    }
    made
}

fn first_error(stderr: &str) -> String {
    stderr
        .lines()
        .find(|line| line.starts_with("error"))
        .unwrap_or("failed without a word")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn just_the_named_feature_goes_and_lines_stay() {
        let without = BTreeSet::from(["b".to_owned()]);
        assert_eq!(
            without_features(
                "#![feature(a, b)]\n#![cfg_attr(X, feature(\n b,\n))]\nfn feature() {}\n#![feature(c)]",
                &without
            ),
            "#![feature(a)]\n#![cfg_attr(X, feature(\n\n))]\nfn feature() {}\n#![feature(c)]"
        );
        assert_eq!(
            without_features("-Zcrate-attr=feature(a,b)", &without),
            "-Zcrate-attr=feature(a)"
        );
    }
}
