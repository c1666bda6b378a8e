//! `cargo xtask new-gate NAME`: the file, the row, the ledger entry and the failing test of a new gate.

use std::process::ExitCode;

use anyhow::{Context, ensure};
use camino::Utf8Path;

const LIST: &str = "crates/lower/src/gates/mod.rs";

#[derive(clap::Args)]
pub struct Arguments {
    /// Its name: that of the feature, as its file will be called
    name: String,
}

pub fn run(root: &Utf8Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let name = &arguments.name;
    if !is_name(name) {
        eprintln!("xtask: `{name}` is not the name of a feature (small letters, digits and `_`)");
        return Ok(ExitCode::from(2));
    }
    for file in write(root, name)? {
        println!("{file}");
    }
    println!(
        "Fill in the gate, its ledger entry and the test: `cargo test -p gateless-lower {name}` fails until then."
    );
    Ok(ExitCode::SUCCESS)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Writes everything; returns the files. Nothing is written where the gate is there already.
fn write(root: &Utf8Path, name: &str) -> anyhow::Result<[String; 3]> {
    let file = format!("crates/lower/src/gates/{name}.rs");
    ensure!(!root.join(&file).exists(), "{file} is there already");
    let list = fs_err::read_to_string(root.join(LIST))?;
    let list = with_row(&list, name)
        .with_context(|| format!("{LIST} doesn't have the list of gates as it is known here"))?;
    let entry = format!("ledger/{name}.toml");
    let known = root.join(&entry).exists();
    let text = if known {
        lowered(&fs_err::read_to_string(root.join(&entry))?)
    } else {
        ENTRY.replace("NAME", name)
    };
    let source = GATE
        .replace("TYPE", &type_name(name))
        .replace("NAME_OF_FEATURE", name);
    fs_err::write(root.join(&file), source)?;
    fs_err::write(root.join(LIST), list)?;
    fs_err::write(root.join(&entry), text)?;
    Ok([file, LIST.to_owned(), entry])
}

/// `coerce_unsized` as `CoerceUnsized`.
fn type_name(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect()
}

/// The list with one more module, in its place among the others, and one more row, at the end.
fn with_row(list: &str, name: &str) -> Option<String> {
    let module = format!("pub mod {name};");
    let (modules, rest) = list.split_at(list.find("\npub mod ")? + 1);
    let (lines, rest) = rest.split_at(rest.find("\n\n")?);
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.push(&module);
    lines.sort_unstable();
    let (before, after) = rest.split_at(rest.find("\n];")?);
    Some(format!(
        "{modules}{}{before}\n    &{name}::{},{after}",
        lines.join("\n"),
        type_name(name)
    ))
}

/// An entry that says that it is lowered: before its first table, where the keys of the entry itself are.
fn lowered(entry: &str) -> String {
    if entry.lines().any(|line| line == "lowered = true") {
        return entry.to_owned();
    }
    let at = entry.find("\n[").map_or(entry.len(), |at| at + 1);
    let (keys, tables) = entry.split_at(at);
    format!("{}\nlowered = true\n\n{tables}", keys.trim_end())
}

const ENTRY: &str = r##"kind = "lang-feature"
name = "feature(NAME)"
status = "unstable"
tracking = "https://github.com/rust-lang/rust/issues/NUMBER"
archs = ["all"]
used_in = []
depends_on = []
stable_way = ""
source = ""
features = ["NAME"]
lowered = true

[probe]
source = ""
gate = "#![feature(NAME)]"
"##;

const GATE: &str = r##"//! `NAME_OF_FEATURE`: what it allows, and what it becomes.

use gateless_model::Result;

use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, View};

/// The gate.
pub struct TYPE;

impl Gate for TYPE {
    const NAME: &'static str = "NAME_OF_FEATURE";
    type Facts = Shown;
    type Notes = ();

    fn parse(_source: &Source<'_>, _files: &[View<'_>]) -> Result<Shown> {
        Ok(Shown::default())
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::lowered;

    #[test]
    fn what_needs_the_gate_becomes_stable_code() {
        assert_eq!(
            lowered("#![feature(NAME_OF_FEATURE)]\n// a use of it\n"),
            "\n// its stable form, still to be written\n"
        );
    }
}
"##;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use camino::{Utf8Path, Utf8PathBuf};

    use super::*;

    #[test]
    fn an_entry_that_is_there_only_learns_that_it_is_lowered() {
        assert_eq!(
            lowered("kind = \"a\"\nsource = \"b\"\n\n[probe]\nsource = \"\"\n"),
            "kind = \"a\"\nsource = \"b\"\nlowered = true\n\n[probe]\nsource = \"\"\n"
        );
        let whole = "lowered = true\n\n[probe]\n";
        assert_eq!(lowered(whole), whole);
    }

    fn copy(from: &Utf8Path, to: &Utf8Path) {
        if from.is_dir() {
            fs_err::create_dir_all(to).unwrap();
            for entry in from.read_dir_utf8().unwrap() {
                let entry = entry.unwrap();
                copy(entry.path(), &to.join(entry.file_name()));
            }
        } else {
            fs_err::copy(from, to).unwrap();
        }
    }

    /// A copy of the sources, always at the same place of the target directory, so that it is compiled with what was compiled before.
    fn checkout() -> (Utf8PathBuf, Utf8PathBuf) {
        let program = Utf8PathBuf::try_from(std::env::current_exe().unwrap()).unwrap();
        let target = program.ancestors().nth(3).unwrap().to_owned();
        let root = target.join("new-gate");
        if root.exists() {
            fs_err::remove_dir_all(&root).unwrap();
        }
        fs_err::create_dir_all(&root).unwrap();
        for name in ["Cargo.toml", "Cargo.lock", "crates", "xtask", "ledger"] {
            copy(&crate::root().join(name), &root.join(name));
        }
        // Cargo tells packages by name and version: of another version, they don't take the place of ours in the target directory.
        let manifest = root.join("Cargo.toml");
        let text = fs_err::read_to_string(&manifest).unwrap();
        let other = text.replacen("\nversion = \"", "\nversion = \"0.0.0-copy.", 1);
        assert_ne!(text, other, "the version stands elsewhere");
        fs_err::write(&manifest, other).unwrap();
        (root, target)
    }

    #[test]
    fn a_new_gate_compiles_and_its_test_fails_until_it_is_filled_in() {
        let (root, target) = checkout();
        write(&root, "never_patterns").unwrap();
        assert!(write(&root, "never_patterns").is_err(), "written twice");
        let entry = fs_err::read_to_string(root.join("ledger/never_patterns.toml")).unwrap();
        let entry: gateless_ledger::Entry = toml::from_str(&entry).unwrap();
        assert!(entry.lowered);
        let output = Command::new(env!("CARGO"))
            .args(["test", "--offline", "-q", "-p", "gateless-lower", "--lib"])
            .arg("never_patterns")
            .current_dir(&root)
            .env("CARGO_TARGET_DIR", target)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains("gates::never_patterns::tests::what_needs_the_gate_becomes_stable_code")
                && said.contains("0 passed; 1 failed"),
            "{said}"
        );
    }
}
