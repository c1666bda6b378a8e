//! Documents and ledger entries name only paths that exist.
//!
//! In a document, what stands in backticks is a path of ours if it starts with a directory of the repository or of `crates/`,
//! or if it ends in `.rs`. Such a path is a file, a directory, or the end of one's path (`flags/mod.rs`). `*` and words
//! that stand for a name (`flags/NAME.rs`) match anything. Files of a kernel tree (`rust/kernel/lib.rs`) start with a
//! directory of one. Links to files are paths from the document. In a ledger entry, whose paths are those of kernel trees,
//! only words that start with `crates/` and the like are ours.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::repository::Repository;

/// What stands for a part of a name.
const PLACEHOLDERS: &[&str] = &["NAME", "DATE", "TOPIC", "WHAT"];

/// Directories of a kernel tree that hold Rust; files of ours have no such directory above them.
const KERNEL: &[&str] = &[
    "arch", "drivers", "kernel", "lib", "rust", "samples", "scripts",
];

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let paths = Paths::new(&repository.files);
    let mut broken = Vec::new();
    for file in &repository.files {
        let is_document = file.extension() == Some("md")
            && (file.components().count() == 1 || file.starts_with("docs"));
        let is_entry = file.extension() == Some("toml") && file.starts_with("ledger");
        if !is_document && !is_entry {
            continue;
        }
        let text = repository.read(file)?;
        for (line, text) in (1..).zip(text.lines()) {
            let missing = if is_document {
                paths.missing_in_document(file, text)
            } else {
                paths.missing_in_entry(text)
            };
            let missing = missing.into_iter();
            broken.extend(missing.map(|path| format!("{file}:{line}: there is no `{path}`")));
        }
    }
    Ok(broken)
}

/// What there is.
struct Paths {
    /// Files and the directories above them.
    all: BTreeSet<Utf8PathBuf>,
    /// Directories at the root, and crates as ARCHITECTURE.md calls them.
    ours: BTreeSet<String>,
}

impl Paths {
    fn new(files: &[Utf8PathBuf]) -> Paths {
        let mut all = BTreeSet::new();
        let mut ours = BTreeSet::new();
        for file in files {
            for path in file.ancestors().filter(|path| !path.as_str().is_empty()) {
                all.insert(path.to_owned());
            }
            let mut components = file.components().map(|component| component.as_str());
            if file.components().count() > 1 {
                let first = components.next().unwrap_or_default();
                ours.insert(first.to_owned());
                if first == "crates" {
                    ours.extend(components.next().map(str::to_owned));
                }
            }
        }
        Paths { all, ours }
    }

    fn missing_in_document<'a>(&self, document: &Utf8Path, line: &'a str) -> Vec<&'a str> {
        let spans = line.split('`').skip(1).step_by(2);
        let spans = spans.filter(|span| self.is_path(span) && !self.has_end(span));
        let beside = document.parent().unwrap_or(Utf8Path::new(""));
        let links = links(line).filter(|link| !self.has(&normal(&beside.join(link))));
        spans.chain(links).collect()
    }

    fn missing_in_entry<'a>(&self, line: &'a str) -> Vec<&'a str> {
        let words = line.split(|c: char| !(c.is_alphanumeric() || "/_-.*".contains(c)));
        words
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| {
                let first = word.split_once('/').map(|(first, _)| first);
                [
                    "crates", "ledger", "xtask", "presets", "machines", "userland",
                ]
                .iter()
                .any(|ours| first == Some(*ours))
            })
            .filter(|word| !self.has_end(word))
            .collect()
    }

    /// Whether what stands in backticks is meant to be a path of ours.
    fn is_path(&self, span: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || "/_-.*".contains(c);
        if !span.chars().all(plain) || span.starts_with('/') {
            return false;
        }
        let first = span.split('/').next().unwrap_or_default();
        let in_ours = span.contains('/') && self.ours.contains(first);
        let is_source = span.ends_with(".rs") && span != ".rs" && !KERNEL.contains(&first);
        in_ours || is_source
    }

    /// Whether some file or directory has a path that ends so.
    fn has_end(&self, path: &str) -> bool {
        let wanted: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        self.all.iter().any(|path| {
            let found: Vec<&str> = path.components().map(|part| part.as_str()).collect();
            found.len() >= wanted.len()
                && found[found.len() - wanted.len()..]
                    .iter()
                    .zip(&wanted)
                    .all(|(found, wanted)| matches(wanted, found))
        })
    }

    fn has(&self, path: &Utf8Path) -> bool {
        path.as_str().is_empty() || self.all.contains(path)
    }
}

/// Targets of a line's links, as far as they are files.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let (target, _) = rest.split_once(')')?;
        let target = target.split('#').next().unwrap_or_default();
        (!target.is_empty() && !target.contains(':')).then_some(target)
    })
}

/// A path without `..` and `.`.
fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut normal = Utf8PathBuf::new();
    for part in path.components().map(|part| part.as_str()) {
        match part {
            "." => {}
            ".." => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// Whether one name is as another says, in which `*` and placeholders like `NAME` stand for anything.
fn matches(wanted: &str, found: &str) -> bool {
    let mut wanted = wanted.to_owned();
    for placeholder in PLACEHOLDERS {
        wanted = wanted.replace(placeholder, "*");
    }
    let mut pieces = wanted.split('*');
    let Some(mut rest) = found.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else {
        return rest.is_empty();
    };
    for piece in middle {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(document: &str, line: &str) -> String {
        let files = [
            "README.md",
            "docs/measured.md",
            "docs/roadmap.png",
            "crates/codegen/src/flags/tune_cpu.rs",
            "crates/codegen/tests/oracle_split.rs",
            "ledger/Z_tune_cpu.toml",
        ];
        let paths = Paths::new(&files.map(Utf8PathBuf::from));
        match document.ends_with(".toml") {
            true => paths.missing_in_entry(line).join(" "),
            false => paths
                .missing_in_document(Utf8Path::new(document), line)
                .join(" "),
        }
    }

    #[test]
    fn paths_that_exist_are_fine() {
        let line = "`codegen/src/flags/NAME.rs` `tune_cpu.rs` `flags/tune_cpu.rs` `ledger/` `crates/codegen/tests/oracle*.rs` \
            [a](docs/measured.md#b) [c](https://example.org/d) `rust/kernel/lib.rs` `-Ztune-cpu` `ledger/Z_NAME.toml`";
        assert_eq!(missing("README.md", line), "");
        assert_eq!(
            missing("docs/measured.md", "![r](roadmap.png) [u](../README.md)"),
            ""
        );
    }

    #[test]
    fn paths_that_do_not_exist_are_reported() {
        for gone in [
            "codegen/src/flags/gone.rs",
            "gone.rs",
            "docs/gone.md",
            "crates/gone",
            "crates/codegen/src/passes/",
            "crates/codegen/tests/gone*.rs",
        ] {
            assert_eq!(missing("README.md", &format!("See `{gone}`.")), gone);
        }
        assert_eq!(missing("docs/measured.md", "[r](gone.png)"), "gone.png");
    }

    #[test]
    fn entries_of_the_ledger_are_held_to_our_paths_only() {
        let line = "why = \"crates/codegen/src/gone.rs does it; arch/x86/Makefile: RETPOLINE\"";
        assert_eq!(missing("ledger/a.toml", line), "crates/codegen/src/gone.rs");
    }
}
