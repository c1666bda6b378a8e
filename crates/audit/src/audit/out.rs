//! What a build really was: its configuration, the commands that make ran, and the sources it generated.

use std::io;

use camino::Utf8Path;
use gateless_linux::condition::Condition;
use gateless_linux::makefile::words::Word;
use gateless_linux::{DotConfig, SavedCommand};

use crate::finding::{Finding, Place, Sign};
use crate::makefile::options;
use crate::rust::file;
use crate::scan::{Scan, spec_findings};

/// Adds what the build directory `out` says to the scan of its tree, and returns its configuration.
///
/// Reads `include/config/auto.conf`, each `.cmd` file's recorded command of the Rust compiler, and generated `.rs` and target specifications.
pub fn add(scan: &mut Scan, out: &Utf8Path) -> io::Result<DotConfig> {
    let configuration = DotConfig::read_auto(out)?;
    let mut todo = vec![out.to_owned()];
    while let Some(directory) = todo.pop() {
        for entry in fs_err::read_dir(&directory)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = directory.join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() && name != ".gateless" && name != "source" {
                todo.push(path);
            } else if kind.is_file() {
                read(scan, out, &path, &name);
            }
        }
    }
    Ok(configuration)
}

fn read(scan: &mut Scan, out: &Utf8Path, path: &Utf8Path, name: &str) {
    let shown = format!("{{out}}/{}", path.strip_prefix(out).unwrap_or(path));
    let wanted = name.ends_with(".cmd") || name.ends_with(".rs") || name == "target.json";
    if !wanted {
        return;
    }
    let Ok(bytes) = fs_err::read(path) else {
        return;
    };
    let text = String::from_utf8_lossy(&bytes);
    if name.ends_with(".cmd") {
        scan.findings.extend(command(&text, &shown));
    } else if name.ends_with(".rs") {
        // Generated sources are compiled, or they would not be there; fragments among them are no whole files.
        let mut found = file::scan(&text, &shown, false);
        scan.findings.append(&mut found.findings);
        scan.roots.push(crate::makefile::goals::Root {
            file: shown.clone(),
            condition: Condition::Always,
            place: Place::Build,
            examples: false,
        });
        scan.children.insert(shown, Vec::new());
    } else if let Ok(found) = spec_findings(&text, &shown) {
        scan.findings.extend(found);
    }
}

/// The options in a recorded command of the Rust compiler.
fn command(text: &str, shown: &str) -> Vec<Finding> {
    let Some(saved) = SavedCommand::parse(text) else {
        return Vec::new();
    };
    let list: Vec<Word> = saved.steps.into_iter().flatten().map(Word::plain).collect();
    if !list.iter().any(|word| is_rust(&word.text)) {
        return Vec::new();
    }
    options::scan(&list, is_rustdoc(&list))
        .into_iter()
        .filter(|found| !matches!(found.sign, Sign::Practice(_)))
        .map(|found| Finding {
            sign: found.sign,
            file: shown.to_owned(),
            line: 1,
            text: found.shown,
            role: found.role,
            condition: Condition::Always,
            place: Place::Build,
        })
        .collect()
}

/// Whether the program is rustdoc, not rustc with lints called `rustdoc::...`.
fn is_rustdoc(list: &[Word]) -> bool {
    list.iter().map(|word| word.text.as_str()).any(|word| {
        !word.starts_with('-')
            && word
                .rsplit('/')
                .next()
                .is_some_and(|name| name.trim_start_matches("gateless-") == "rustdoc")
    })
}

fn is_rust(word: &str) -> bool {
    ["rustc", "rustdoc", "clippy-driver"]
        .iter()
        .any(|name| word.contains(name))
}
