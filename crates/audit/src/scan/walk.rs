//! The files of a tree that can hold a gate.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::finding::Problem;
use crate::scan::other;

/// By what rules a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Rust.
    Rust,
    /// Rust that the C preprocessor sees first (`.rs.S`).
    PreprocessedRust,
    /// A makefile.
    Makefile,
    /// A Kconfig file.
    Kconfig,
    /// A shell script.
    Shell,
    /// A Python program.
    Python,
    /// Configuration of cargo, rustup or rustfmt.
    Toml,
    /// Options of bindgen, one a line.
    BindgenOptions,
    /// Workflows and pipelines of a CI.
    Yaml,
    /// How a container is made.
    Dockerfile,
    /// JSON that may be a target specification.
    Spec,
}

/// The files, and what was wrong on the way.
#[derive(Debug, Default)]
pub struct Listing {
    /// Paths relative to the tree, with their kind.
    pub files: Vec<(String, Kind)>,
    /// Files that say what a directory holds (`README`, `README.md`), relative to the tree.
    pub readmes: Vec<Utf8PathBuf>,
    /// Directories and links that could not be followed.
    pub problems: Vec<Problem>,
}

/// Directories that are no part of a tree's sources.
const SKIPPED: [&str; 2] = [".git", ".gateless"];

/// Largest file that is looked at as a target specification, in bytes.
const SPEC_LIMIT: u64 = 64 * 1024;

/// Lists a tree. Links to directories are not followed: what they lead to inside of the tree is listed where it is.
pub fn list(tree: &Utf8Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut todo = vec![Utf8PathBuf::new()];
    // The tree's own directory must be readable; below it, a directory that isn't is a problem.
    fs_err::read_dir(tree)?;
    while let Some(dir) = todo.pop() {
        if let Err(error) = directory(tree, &dir, &mut todo, &mut listing) {
            listing.problem(dir.as_str(), format!("can't be listed: {error}"));
        }
    }
    listing.files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(listing)
}

fn directory(
    tree: &Utf8Path,
    dir: &Utf8Path,
    todo: &mut Vec<Utf8PathBuf>,
    listing: &mut Listing,
) -> io::Result<()> {
    for entry in std::fs::read_dir(tree.join(dir))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            let shown = dir.join(entry.file_name().to_string_lossy().as_ref());
            listing.problem(shown.as_str(), "its name is not UTF-8".to_owned());
            continue;
        };
        let path = dir.join(&name);
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            link(tree, &path, &name, listing);
        } else if kind.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                todo.push(path);
            }
        } else if kind.is_file() {
            listing.file(tree, &path, &name);
        }
    }
    Ok(())
}

/// A link to a file counts as that file; one that leads back to itself or to a directory around it is a loop.
fn link(tree: &Utf8Path, path: &Utf8Path, name: &str, listing: &mut Listing) {
    let full = tree.join(path);
    match std::fs::metadata(&full) {
        Ok(target) if target.is_dir() => {
            let around = full
                .parent()
                .and_then(|parent| parent.canonicalize_utf8().ok());
            let target = full.canonicalize_utf8().ok();
            if let (Some(around), Some(target)) = (around, target)
                && around.starts_with(&target)
            {
                listing.problem(
                    path.as_str(),
                    "a link to a directory around it: a loop".to_owned(),
                );
            }
        }
        Ok(_) => listing.file(tree, path, name),
        Err(error) if error.raw_os_error() == Some(ELOOP) => {
            listing.problem(
                path.as_str(),
                "a link that leads back to itself: a loop".to_owned(),
            );
        }
        Err(error) if kind(path, name).is_some() => {
            listing.problem(
                path.as_str(),
                format!("a link that can't be followed: {error}"),
            );
        }
        Err(_) => {}
    }
}

/// `ELOOP` of Linux.
const ELOOP: i32 = 40;

impl Listing {
    fn problem(&mut self, file: &str, what: String) {
        self.problems.push(Problem {
            file: file.to_owned(),
            line: 0,
            what,
        });
    }

    fn file(&mut self, tree: &Utf8Path, path: &Utf8Path, name: &str) {
        if name.ends_with(".rej") {
            self.problem(
                path.as_str(),
                "left by a patch that did not apply".to_owned(),
            );
            return;
        }
        if name == "README" || name == "README.md" {
            self.readmes.push(path.to_owned());
        }
        let Some(kind) = kind(path, name) else {
            return;
        };
        let full = tree.join(path);
        let is_ours = match kind {
            Kind::Spec => {
                let is_small = std::fs::metadata(&full).is_ok_and(|m| m.len() <= SPEC_LIMIT);
                is_small && text_of(&full).is_none_or(|text| text.contains("\"llvm-target\""))
            }
            // Most of a kernel's YAML describes devices.
            Kind::Yaml => text_of(&full).is_none_or(|text| other::can_hold_a_gate(&text)),
            _ => true,
        };
        if !is_ours {
            return;
        }
        self.files.push((path.as_str().to_owned(), kind));
    }
}

/// The text of a file, if it can be read; why it can't is told when it is scanned.
fn text_of(file: &Utf8Path) -> Option<String> {
    let bytes = std::fs::read(file).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// By what rules a file of this name is read, if it can hold a gate.
fn kind(path: &Utf8Path, name: &str) -> Option<Kind> {
    let starts = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
    };
    if name.ends_with(".rs") {
        Some(Kind::Rust)
    } else if name.ends_with(".rs.S") {
        Some(Kind::PreprocessedRust)
    } else if name.ends_with(".sh") {
        Some(Kind::Shell)
    } else if name.ends_with(".py") {
        Some(Kind::Python)
    } else if name.ends_with(".json") {
        Some(Kind::Spec)
    } else if name.ends_with(".toml") || name == "rust-toolchain" || is_cargo_config(path) {
        Some(Kind::Toml)
    } else if name.ends_with(".yml") || name.ends_with(".yaml") {
        Some(Kind::Yaml)
    } else if starts("Dockerfile") || starts("Containerfile") || name.ends_with(".Dockerfile") {
        Some(Kind::Dockerfile)
    } else if name.contains("bindgen_parameters") {
        Some(Kind::BindgenOptions)
    } else if starts("Kconfig") {
        Some(Kind::Kconfig)
    } else if starts("Makefile")
        || starts("Kbuild")
        || name.ends_with(".mk")
        || name == "GNUmakefile"
        || name == "makefile"
    {
        Some(Kind::Makefile)
    } else {
        None
    }
}

fn is_cargo_config(path: &Utf8Path) -> bool {
    path.as_str().ends_with(".cargo/config")
}
