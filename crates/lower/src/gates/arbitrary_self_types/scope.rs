//! Bringing the extension traits into scope where the methods could be called.
//!
//! Every module that has an extension trait in it or below gets a hidden module that re-exports them, each as far as the
//! method's visibility goes; every module of the crate imports those of itself and of the modules around it.

use std::collections::{BTreeMap, BTreeSet};

use crate::crate_files::CrateFiles;
use crate::gate::Source;
use crate::lints::QUIET;
use crate::support::MODULE;
use gateless_rust_text::edit::Edit;

/// An extension trait at module level.
pub struct Extension {
    /// Index of the module it is in.
    pub module: usize,
    /// Its name.
    pub name: String,
    /// Visibility as written, with a blank after it, or nothing.
    pub visibility: String,
    /// For a trait's methods, the trait's name: they are only in scope where the trait may be.
    pub of_trait: Option<String>,
    /// Who has it in scope.
    pub reach: Reach,
}

/// Who has an extension trait in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This crate and its dependants.
    Everywhere,
    /// This crate alone.
    Crate,
    /// Dependants alone, since in this crate the method is called by a name of its own.
    Dependants,
}

/// Name of the hidden module of the module `index`.
fn hidden(kind: &str, crate_name: &str, index: usize) -> String {
    format!("{MODULE}_{kind}_{crate_name}_{index}")
}

/// The hidden modules that a module may have. Of types' methods and of traits' methods; then those that only dependants have in scope, the same
/// way; last the methods that are called by a name of their own.
const KINDS: [&str; 5] = ["methods", "traits", "far_methods", "far_traits", "own"];

/// Those of a crate's root that dependants may import.
const EXPORTED: std::ops::Range<usize> = 0..4;

/// Whether a module with these is for methods of traits.
fn is_for_traits(kind: usize) -> bool {
    KINDS[kind].ends_with("traits")
}

impl Extension {
    /// In which of [`KINDS`] it is.
    fn kind(&self) -> usize {
        let of_trait = usize::from(self.of_trait.is_some());
        match self.reach {
            Reach::Everywhere => of_trait,
            Reach::Dependants => 2 + of_trait,
            Reach::Crate => 4,
        }
    }
}

/// The root's hidden module of methods that are called by a name of their own.
pub fn own_root(crate_name: &str) -> String {
    hidden(KINDS[4], crate_name, 0)
}

/// Which of the hidden modules that dependants import the crate's root has.
pub fn exported(extensions: &[Extension]) -> Vec<String> {
    let is_there = |kind: &usize| extensions.iter().any(|extension| extension.kind() == *kind);
    EXPORTED
        .filter(is_there)
        .map(|kind| KINDS[kind].to_owned())
        .collect()
}

/// The innermost module around a byte of a file.
pub fn module_at(files: &CrateFiles, file: usize, offset: usize) -> Option<usize> {
    let fits = files
        .modules
        .iter()
        .enumerate()
        .filter(|(_, module)| module.file == file && module.body.contains(&offset));
    fits.min_by_key(|(_, module)| module.body.len())
        .map(|(index, _)| index)
}

/// A visibility as seen from one module further in.
fn deeper(visibility: &str) -> String {
    let words: String = visibility.split_whitespace().collect();
    match words.as_str() {
        "" | "pub(self)" => "pub(super) ".to_owned(),
        "pub" | "pub(crate)" => visibility.to_owned(),
        "pub(super)" => "pub(in super::super) ".to_owned(),
        _ => match words.strip_prefix("pub(in") {
            Some(path) if path.starts_with("super") => format!("pub(in super::{path} "),
            Some(path) if path.starts_with("self") => format!("pub(in super{} ", &path[4..]),
            _ => visibility.to_owned(),
        },
    }
}

/// Edits, by file, that re-export and import the traits. `imported` are modules known to use a trait's methods.
pub fn edits(
    source: &Source<'_>,
    extensions: &[Extension],
    imported: &BTreeSet<usize>,
) -> Vec<(usize, Edit)> {
    let (files, crate_name) = (source.files, source.request.crate_name);
    let foreign = Foreign::of(source);
    let mut edits = Vec::new();
    let index_of: BTreeMap<&[String], usize> = files
        .modules
        .iter()
        .enumerate()
        .map(|(index, module)| (&module.path[..], index))
        .rev()
        .collect();
    let mut chains: [BTreeSet<usize>; KINDS.len()] = Default::default();
    for extension in extensions {
        let path = &files.modules[extension.module].path;
        for len in 0..=path.len() {
            chains[extension.kind()].extend(index_of.get(&path[..len]).copied());
        }
    }
    let traits: BTreeSet<&str> = extensions
        .iter()
        .filter_map(|extension| extension.of_trait.as_deref())
        .chain(foreign.traits.iter().copied())
        .collect();
    for (index, module) in files.modules.iter().enumerate() {
        let Some(end) = module.end else { continue };
        let body = &files.list[module.file].text.original()[module.body.clone()];
        let may_use = imported.contains(&index) || uses_trait(body, &traits);
        let mut text = String::new();
        for (kind, label) in KINDS.into_iter().enumerate() {
            // A module that is there in several configurations has the same names in each.
            let first = index_of.get(&module.path[..]).copied().unwrap_or(index);
            if chains[kind].contains(&first) {
                text.push_str(&format!(
                    " #[doc(hidden)] {QUIET} pub mod {} {{",
                    hidden(label, crate_name, first)
                ));
                for extension in extensions
                    .iter()
                    .filter(|extension| extension.module == index && extension.kind() == kind)
                {
                    text.push_str(&format!(
                        " {}use super::{};",
                        deeper(&extension.visibility),
                        extension.name
                    ));
                }
                for &child in &chains[kind] {
                    let path = &files.modules[child].path;
                    if path.len() == module.path.len() + 1 && path.starts_with(&module.path) {
                        text.push_str(&format!(
                            " pub use super::{}::{}::*;",
                            path[path.len() - 1],
                            hidden(label, crate_name, child)
                        ));
                    }
                }
                text.push_str(" }");
            }
            if is_for_traits(kind) && !may_use {
                continue;
            }
            let in_scope = |kind: usize| kind < 2 || kind == 4;
            for &around in chains[kind].iter().filter(|_| in_scope(kind)) {
                let path = &files.modules[around].path;
                if module.path.starts_with(path) {
                    let path: String = path.iter().map(|name| format!("{name}::")).collect();
                    text.push_str(&format!(
                        " {QUIET} use crate::{path}{}::*;",
                        hidden(label, crate_name, around)
                    ));
                }
            }
            for (dependency, has) in &foreign.crates {
                if EXPORTED.contains(&kind) && has.iter().any(|own| own == label) {
                    text.push_str(&format!(
                        " {QUIET} use ::{dependency}::{}::*;",
                        hidden(label, dependency, 0)
                    ));
                }
            }
        }
        if !text.is_empty() {
            edits.push((module.file, Edit::insert(end, text)));
        }
    }
    edits
}

/// Dependencies with extension traits. Only crates that turned the feature on can call such methods without naming the type.
#[derive(Default)]
struct Foreign<'a> {
    /// Their names, and which hidden modules their roots have.
    crates: Vec<(&'a str, Vec<String>)>,
    /// Names of their traits whose methods were lowered.
    traits: Vec<&'a str>,
}

impl<'a> Foreign<'a> {
    fn of(source: &Source<'a>) -> Self {
        let request = source.request;
        let known = request
            .known
            .crates
            .iter()
            .filter(|(name, exports)| exports.extensions && *name != request.crate_name);
        let mut foreign = Self::default();
        for (name, exports) in known {
            foreign.crates.push((name, exports.scopes()));
            foreign
                .traits
                .extend(exports.traits.iter().map(String::as_str));
        }
        foreign
    }
}

/// Whether a module's text names one of the traits, or may have it from a glob import.
fn uses_trait(body: &str, traits: &BTreeSet<&str>) -> bool {
    body.contains("::*")
        || body.contains("*}")
        || body.contains("*,")
        || traits.iter().any(|name| body.contains(name))
}
