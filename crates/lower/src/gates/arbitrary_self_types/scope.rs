//! Bringing the extension traits into scope where the methods could be called.
//!
//! Every module that has an extension trait in it or below gets a hidden module that re-exports them, each as far as the
//! method's visibility goes; every module of the crate imports those of itself and of the modules around it.

use std::collections::{BTreeMap, BTreeSet};

use super::globs::{self, Absent, Glob};
use super::mentions::{Named, Naming, naming};
use crate::crate_files::CrateFiles;
use crate::gate::Source;
use crate::lints::QUIET;
use crate::support::MODULE;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

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

/// Edits, by file, that re-export and import the traits. `imported` are modules known to use a trait's methods, `absent` names that glob imports
/// do not bring in.
pub fn edits(
    source: &Source<'_>,
    extensions: &[Extension],
    imported: &BTreeSet<usize>,
    absent: &BTreeSet<Absent>,
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
    let own = extensions
        .iter()
        .filter_map(|extension| extension.of_trait.as_deref());
    let traits = near(source, &foreign, own);
    let unnamed = foreign.unnamed(source, &traits);
    for (index, module) in files.modules.iter().enumerate() {
        let Some(end) = module.end else { continue };
        let body = &files.list[module.file].text.original()[module.body.clone()];
        let naming = match imported.contains(&index) {
            true => Naming {
                module: Some(Named::Any),
                functions: Vec::new(),
            },
            false => naming(body, &traits, source.edition, &|star| {
                let globs = globs::of(source.original(module.file), source.edition);
                let is_it = |glob: &Glob| glob.at == module.body.start + star;
                let glob = globs.into_iter().find(is_it)?;
                let is_absent = |name: &str| {
                    let path = (module.file, glob.end, glob.path(name));
                    absent.contains(&path) && !unnamed.contains(name)
                };
                let brought = traits.iter().filter(|(name, _)| !is_absent(name));
                Some(brought.flat_map(|(_, of)| of.iter().cloned()).collect())
            }),
        };
        let may_use = naming.module.is_some();
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
            if EXPORTED.contains(&kind) && !is_for_traits(kind) {
                text.push_str(&foreign.imports(|own| own == kind));
            }
        }
        if let Some(named) = &naming.module {
            text.push_str(&foreign.imports_of(named));
        }
        if !text.is_empty() {
            edits.push((module.file, Edit::insert(end, text)));
        }
        for (at, named) in &naming.functions {
            let text = foreign.imports_of(named);
            if !text.is_empty() {
                let edit = Edit::insert(module.body.start + at, text);
                edits.push((module.file, edit));
            }
        }
    }
    // A type's own methods are in scope everywhere.
    let text = foreign.imports(|kind| EXPORTED.contains(&kind) && !is_for_traits(kind));
    for file in (0..files.list.len()).filter(|_| !text.is_empty()) {
        let ends = unknown_modules(source, file).into_iter();
        edits.extend(ends.map(|end| (file, Edit::insert(end, text.clone()))));
    }
    edits
}

/// The traits whose methods dependencies lowered and those called `own`, by all names that they have here: for each name, the traits.
fn near<'a>(
    source: &Source<'_>,
    foreign: &Foreign<'_>,
    own: impl Iterator<Item = &'a str>,
) -> BTreeMap<String, BTreeSet<String>> {
    let of_name = |name: &str| -> BTreeSet<String> {
        let of = foreign.of_name(name).into_iter();
        of.map(str::to_owned).collect()
    };
    let mut traits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let others = foreign.traits.iter().map(|name| (*name).to_owned());
    for name in own.map(str::to_owned).chain(others) {
        let of = of_name(&name);
        traits.insert(name, of);
    }
    let names = traits.keys().map(String::as_str).collect();
    for (alias, of) in aliases(source, &names) {
        let of = of.iter().flat_map(|name| of_name(name));
        let of: BTreeSet<String> = of.collect();
        traits.entry(alias).or_default().extend(of);
    }
    traits
}

/// The names that traits whose methods dependencies lowered have here.
pub fn foreign_names(source: &Source<'_>) -> BTreeSet<String> {
    let foreign = Foreign::of(source);
    match foreign.traits.is_empty() {
        true => BTreeSet::new(),
        false => near(source, &foreign, std::iter::empty())
            .into_keys()
            .collect(),
    }
}

/// Those of some traits that a crate imports without a name (`use Trait as _`), so that a glob import may bring them in all the same.
pub fn unnamed<'n>(
    source: &Source<'_>,
    names: impl Iterator<Item = &'n String> + Clone,
) -> BTreeSet<String> {
    let texts = (0..source.files.list.len()).map(|file| source.original(file));
    let mut found = BTreeSet::new();
    for text in texts.filter(|text| text.contains(" as _")) {
        let tokens = Tokens::new(text, source.edition);
        let all = 1..tokens.list.len();
        let here = all.filter(|&i| tokens.are(i, &["as", "_"]));
        let here: BTreeSet<&str> = here.map(|i| tokens.at(i - 1)).collect();
        found.extend(
            names
                .clone()
                .filter(|name| here.contains(name.as_str()))
                .cloned(),
        );
    }
    found
}

/// Whether what stands at an import names a trait whose methods a dependency lowered, or may do so: then it is not known whether they use it.
pub fn imports_lowered(source: &Source<'_>, import: &str) -> bool {
    let foreign = Foreign::of(source);
    let tokens = Tokens::new(import, source.edition);
    let first = tokens.at(0);
    (0..tokens.list.len()).any(|i| foreign.traits.contains(&tokens.at(i)))
        || foreign.crates.iter().any(|(name, _)| *name == first)
}

/// Whether a crate that is used has lowered methods.
pub fn has_others(source: &Source<'_>) -> bool {
    !Foreign::of(source).crates.is_empty()
}

/// For each trait, the paths of the extension traits for it, of those that dependants may name.
pub fn named(crate_name: &str, extensions: &[Extension]) -> BTreeMap<String, BTreeSet<String>> {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for extension in extensions {
        let kind = extension.kind();
        let is_public = extension.visibility.trim() == "pub" && EXPORTED.contains(&kind);
        if let Some(name) = extension.of_trait.as_ref() {
            let own = named.entry(name.clone()).or_default();
            let module = hidden(KINDS[kind], crate_name, 0);
            own.extend(is_public.then(|| format!("{module}::{}", extension.name)));
        }
    }
    named
}

/// The trait of a dependency for which an extension trait is.
pub fn trait_of<'a>(source: &Source<'a>, extension: &str) -> Option<&'a str> {
    let is_it = |path: &String| path.rsplit("::").next() == Some(extension);
    let crates = source.request.known.crates.values();
    let mut all = crates.flat_map(|exports| &exports.named);
    all.find(|(_, paths)| paths.iter().any(is_it))
        .map(|(name, _)| name.as_str())
}

impl<'a> Foreign<'a> {
    /// The traits that a name may be for: itself, and those that a dependency gives this name to.
    fn of_name<'n>(&self, name: &'n str) -> BTreeSet<&'n str>
    where
        'a: 'n,
    {
        let aliased = self.aliases.iter().filter_map(|own| own.get(name));
        let aliased = aliased.flatten().map(String::as_str);
        aliased.chain([name]).collect()
    }

    /// Names of traits that are imported without one, here or in a dependency.
    fn unnamed(
        &self,
        source: &Source<'_>,
        traits: &BTreeMap<String, BTreeSet<String>>,
    ) -> BTreeSet<String> {
        let crates = source.request.known.crates.values();
        let others = crates.flat_map(|exports| exports.unnamed.iter().cloned());
        others.chain(unnamed(source, traits.keys())).collect()
    }

    /// Imports of the extension traits for some names.
    fn imports_of(&self, named: &Named) -> String {
        let Named::Only(names) = named else {
            return self.imports(|kind| EXPORTED.contains(&kind) && is_for_traits(kind));
        };
        let mut text = String::new();
        for (dependency, paths) in &self.paths {
            let paths = names.iter().filter_map(|name| paths.get(name));
            for path in paths.flatten().collect::<BTreeSet<_>>() {
                text.push_str(&format!(" {QUIET} use ::{dependency}::{path} as _;"));
            }
        }
        text
    }

    /// Imports of the dependencies' hidden modules of some kinds.
    fn imports(&self, which: impl Fn(usize) -> bool) -> String {
        let mut text = String::new();
        for (kind, label) in KINDS.into_iter().enumerate() {
            for (dependency, has) in &self.crates {
                if which(kind) && has.iter().any(|own| own == label) {
                    text.push_str(&format!(
                        " {QUIET} use ::{dependency}::{}::*;",
                        hidden(label, dependency, 0)
                    ));
                }
            }
        }
        text
    }
}

/// Dependencies with extension traits. Only crates that turned the feature on can call such methods without naming the type.
#[derive(Default)]
struct Foreign<'a> {
    /// Their names, and which hidden modules their roots have.
    crates: Vec<(&'a str, Vec<String>)>,
    /// Names of their traits whose methods were lowered.
    traits: Vec<&'a str>,
    /// The extension traits for traits, by crate.
    paths: Vec<(&'a str, &'a BTreeMap<String, BTreeSet<String>>)>,
    /// Other names of the traits.
    aliases: Vec<&'a BTreeMap<String, BTreeSet<String>>>,
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
            foreign.paths.push((name, &exports.named));
            foreign.aliases.push(&exports.aliases);
            foreign
                .traits
                .extend(exports.traits.iter().map(String::as_str));
        }
        foreign
    }
}

/// The ends of modules in a file that are not among the crate's, as functions and macros have them.
fn unknown_modules(source: &Source<'_>, file: usize) -> Vec<usize> {
    let text = source.original(file);
    if !text.contains("mod ") {
        return Vec::new();
    }
    let tokens = Tokens::new(text, source.edition);
    let is_known = |open: usize| {
        let inside = tokens.list[open].range.end;
        let mut modules = source.files.modules.iter();
        modules.any(|module| module.file == file && module.body.start == inside)
    };
    let mut ends = Vec::new();
    for i in 0..tokens.list.len() {
        let open = if tokens.at(i + 1) == "$" {
            i + 3
        } else {
            i + 2
        };
        if tokens.at(i) == "mod" && tokens.opens(open, "{") && !is_known(open) {
            ends.push(tokens.list[tokens.close(open)].range.start);
        }
    }
    ends
}

/// Other names that the crate's imports give to these traits (`pub use Alpha as Beta`) and to those names, and names of macros that import one; each
/// with the traits that it may be for.
pub fn aliases(source: &Source<'_>, traits: &BTreeSet<&str>) -> BTreeMap<String, BTreeSet<String>> {
    let own = |name: &&str| ((*name).to_owned(), BTreeSet::from([(*name).to_owned()]));
    let mut known: BTreeMap<String, BTreeSet<String>> = traits.iter().map(own).collect();
    if known.is_empty() {
        return known;
    }
    let texts: Vec<&str> = (0..source.files.list.len())
        .map(|file| source.original(file))
        .filter(|text| text.contains(" as ") || text.contains("macro_rules"))
        .collect();
    let tokens: Vec<Tokens<'_>> = texts
        .iter()
        .map(|text| Tokens::new(text, source.edition))
        .collect();
    let size = |known: &BTreeMap<String, BTreeSet<String>>| {
        known.values().map(BTreeSet::len).sum::<usize>() + known.len()
    };
    loop {
        let before = size(&known);
        for tokens in &tokens {
            for i in 1..tokens.list.len() {
                let alias = tokens.at(i + 1);
                let mut of = BTreeSet::new();
                if tokens.at(i) == "as" && alias != "_" {
                    of.extend(known.get(tokens.at(i - 1)).into_iter().flatten().cloned());
                }
                // A macro that imports one.
                if tokens.are(i - 1, &["macro_rules", "!"]) && i + 2 < tokens.list.len() {
                    let body = || i + 2..tokens.close(i + 2);
                    if body().any(|k| tokens.at(k) == "use") {
                        let imported = body().filter_map(|k| known.get(tokens.at(k)));
                        of.extend(imported.flatten().cloned());
                    }
                }
                if !of.is_empty() {
                    known.entry(alias.to_owned()).or_default().extend(of);
                }
            }
        }
        if size(&known) == before {
            known.retain(|name, _| !traits.contains(name.as_str()));
            return known;
        }
    }
}
