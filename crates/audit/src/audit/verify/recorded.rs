//! What Kbuild recorded of a build: the commands of rustc and rustdoc, and the sources that each read.

use std::collections::BTreeSet;

use camino::Utf8Path;
use gateless_linux::SavedCommand;
use gateless_linux::out::tree_of;
use gateless_model::{Failure, Result};
use gateless_rust_text::tokens::{self, Tokens};

use crate::audit::Use;
use crate::finding::Role;
use crate::rust::attributes;
use crate::rust::conditions::Regions;

/// One recorded command.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What it makes, as make names it.
    pub name: String,
    /// Variables that were set for it.
    pub env: Vec<(String, String)>,
    /// The program, as recorded.
    pub program: String,
    /// Whether that is rustdoc.
    pub rustdoc: bool,
    /// Its arguments.
    pub args: Vec<String>,
    /// Index in `args` of the crate root.
    pub root: usize,
    /// Features that the root or the command line turn on.
    pub features: BTreeSet<String>,
    /// The sources that it read, as the audit names them: relative to the tree, or `{out}/...`.
    pub sources: BTreeSet<String>,
    /// Whether the root lies in the tree or in the build directory.
    pub ours: bool,
}

impl Recorded {
    /// The root's path, as recorded.
    pub fn root(&self) -> &str {
        &self.args[self.root]
    }
}

/// All recorded commands below a build directory, in the order of their names.
#[derive(Debug, Default)]
pub struct Build {
    /// The commands.
    pub commands: Vec<Recorded>,
}

impl Build {
    /// Reads the directory `out`, which must be a build of `tree`.
    pub fn read(tree: &Utf8Path, out: &Utf8Path) -> Result<Self> {
        let names = Names {
            tree: tree.canonicalize_utf8()?,
            out: out.canonicalize_utf8()?,
        };
        if let Ok(source) = tree_of(&names.out).canonicalize_utf8()
            && source != names.tree
            && source != names.out
        {
            return Err(
                Failure::failed(format!("{out} is a build of {source}, not of {tree}"))
                    .help("name the tree that it was built from"),
            );
        }
        let saved = SavedCommand::below(&names.out)?.into_iter();
        let mut commands: Vec<Recorded> = saved
            .filter_map(|(_, saved)| names.command(saved))
            .collect();
        commands.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { commands })
    }

    /// The recorded compilations of the tree's own crates.
    pub fn crates(&self) -> impl Iterator<Item = &Recorded> {
        self.commands.iter().filter(|one| one.ours && !one.rustdoc)
    }

    /// Whether some recorded compilation read the place's file; for an example in a comment, whether the examples of its crate were compiled.
    pub fn compiled(&self, place: &Use) -> bool {
        let read = |file: &str| self.crates().find(|one| one.sources.contains(file));
        if !place.example {
            return read(&place.file).is_some();
        }
        let Some(own) = read(&place.file) else {
            return false;
        };
        self.commands
            .iter()
            .filter(|one| one.rustdoc && one.root() == own.root())
            .any(|docs| read(&format!("{{out}}/{}", docs.name)).is_some())
    }
}

struct Names {
    tree: camino::Utf8PathBuf,
    out: camino::Utf8PathBuf,
}

impl Names {
    fn command(&self, saved: SavedCommand) -> Option<Recorded> {
        let is_program = |word: &str| is_rustc(word) || is_rustdoc(word);
        let words = saved
            .steps
            .into_iter()
            .find(|step| step.iter().any(|word| is_program(word)))?;
        let at = words.iter().position(|word| is_program(word))?;
        let env = words[..at]
            .iter()
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        // What the shell makes of the output is no argument.
        let end = words.iter().position(|word| word.starts_with('>'));
        let args = words[at + 1..end.unwrap_or(words.len())].to_vec();
        let root = args
            .iter()
            .rposition(|arg| arg.ends_with(".rs") && !arg.starts_with('-'))?;
        let source = std::fs::read_to_string(self.out.join(&args[root])).ok()?;
        let mut features = features_of(&source);
        for arg in &args {
            if let Some(attribute) = arg.strip_prefix("-Zcrate-attr=") {
                features.extend(features_of(&format!("#![{attribute}]")));
            }
        }
        let ours = self.shown(&args[root]).is_some();
        Some(Recorded {
            name: saved.target,
            env,
            rustdoc: is_rustdoc(&words[at]),
            program: words[at].clone(),
            sources: self.sources(&saved.rust_sources, &args[root]),
            args,
            root,
            features,
            ours,
        })
    }

    /// The Rust sources among the root and what fixdep noted.
    fn sources(&self, noted: &[String], root: &str) -> BTreeSet<String> {
        let all = noted.iter().map(String::as_str).chain([root]);
        all.filter_map(|word| self.shown(word)).collect()
    }

    /// A path as the audit has it; nothing for what lies elsewhere.
    fn shown(&self, path: &str) -> Option<String> {
        let path = self.out.join(path).canonicalize_utf8().ok()?;
        // A build directory inside of the tree is no part of it; a tree that is its own build directory has no other.
        if self.tree != self.out
            && let Ok(rest) = path.strip_prefix(&self.out)
        {
            return Some(format!("{{out}}/{rest}"));
        }
        path.strip_prefix(&self.tree).ok().map(ToString::to_string)
    }
}

fn is_rustc(word: &str) -> bool {
    matches!(
        word.rsplit('/').next(),
        Some("rustc" | "clippy-driver" | "gateless-rustc")
    )
}

fn is_rustdoc(word: &str) -> bool {
    matches!(
        word.rsplit('/').next(),
        Some("rustdoc" | "gateless-rustdoc")
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
