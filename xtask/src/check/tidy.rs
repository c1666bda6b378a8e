//! Files carry nothing of the machine that they were written on, and are called what we call things.

use std::env;

use anyhow::Context;

use super::repository::Repository;

/// Words that no file name has, and what we say.
const WORDS: &[(&str, &str)] = &[("folder", "directory")];

/// What each source of a package in Cargo.lock is.
const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let home = env::var("HOME").context("HOME")?;
    let machine = [repository.root.to_string(), home];
    let mut broken = Vec::new();
    for file in &repository.files {
        broken.extend(name(file.as_str()).map(|why| format!("{file}: {why}")));
        // What is no text has no words in it.
        let Ok(text) =
            std::str::from_utf8(&fs_err::read(repository.root.join(file))?).map(str::to_owned)
        else {
            continue;
        };
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(path) = path_of_machine(text, &machine) {
                broken.push(format!(
                    "{file}:{line}: names `{path}`, a directory of this machine"
                ));
            }
            if file == "Cargo.lock" && other_registry(text) {
                broken.push(format!(
                    "{file}:{line}: a package that does not come from crates.io"
                ));
            }
        }
    }
    Ok(broken)
}

/// What is wrong with a file's name.
fn name(file: &str) -> Option<String> {
    let (word, ours) = WORDS.iter().find(|(word, _)| file.contains(word))?;
    Some(format!("has `{word}` in its name; we say {ours}"))
}

/// The directory of this machine that a line names, as a whole or with what is in it.
fn path_of_machine<'a>(line: &str, machine: &'a [String]) -> Option<&'a str> {
    let paths = machine.iter().filter(|path| path.len() > 1);
    paths.map(String::as_str).find(|path| {
        line.match_indices(path).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + path.len()..].chars().next();
            let goes_on = |c: char| c.is_alphanumeric() || "_-.$}".contains(c);
            !before.is_some_and(goes_on) && after == Some('/')
        })
    })
}

fn other_registry(line: &str) -> bool {
    let source = line.strip_prefix("source = \"");
    source.is_some_and(|source| source.trim_end_matches('"') != INDEX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_held_to_our_words() {
        assert!(name("crates/linux/src/folders.rs").is_some());
        assert_eq!(name("crates/linux/src/directories.rs"), None);
    }

    #[test]
    fn directories_of_this_machine_are_found() {
        let machine = ["/src/gateless".to_owned(), "/nowhere/me".to_owned()];
        let found = |line| path_of_machine(line, &machine);
        assert_eq!(found("open(\"/nowhere/me/.cache/x\")"), Some("/nowhere/me"));
        assert_eq!(found("in /src/gateless/target"), Some("/src/gateless"));
        for fine in [
            "/nowhere/means/x",
            "$OUT/nowhere/me/x",
            "the user of /nowhere/me",
        ] {
            assert_eq!(found(fine), None, "{fine}");
        }
    }

    #[test]
    fn packages_of_other_registries_are_found() {
        assert!(!other_registry(&format!("source = \"{INDEX}\"")));
        assert!(other_registry(
            "source = \"registry+https://mirror.example/index\""
        ));
        assert!(other_registry("source = \"git+https://example.org/x\""));
    }
}
