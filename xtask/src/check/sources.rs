//! The modules of a crate, what each defines, and what each names of others; read with a real Rust parser.

mod names;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use ra_ap_syntax::ast::{self, AstNode, HasModuleItem, HasName};
use ra_ap_syntax::{Edition, SourceFile};

pub use names::of_tests;
pub use resolve::Target;

/// How a file's text is had: from disk, or from what a test planted.
pub type Read<'a> = &'a dyn Fn(&Utf8Path) -> io::Result<String>;

/// A crate: its modules, the root first.
pub struct Crate {
    pub modules: Vec<Module>,
}

/// One module.
pub struct Module {
    /// The file it is written in; inline modules share their parent's.
    pub file: Utf8PathBuf,
    /// The module that declares it; none for the root.
    pub parent: Option<usize>,
    /// Whether only tests have it.
    pub test: bool,
    pub children: BTreeMap<String, usize>,
    /// Names of what it defines.
    pub items: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// Paths of two segments and more in code, macros and attributes.
    pub paths: Vec<Named>,
    /// Identifiers outside of `use`.
    pub identifiers: BTreeSet<String>,
}

/// One name that a `use` brings.
pub struct Import {
    /// As it is called here; none for `*`.
    pub name: Option<String>,
    pub named: Named,
    /// `pub use`, in any visibility.
    pub public: bool,
}

/// A path as it is written.
pub struct Named {
    pub segments: Vec<String>,
    /// Whether it starts with `::`.
    pub global: bool,
    /// Whether only tests have it.
    pub test: bool,
}

impl Crate {
    /// The crate whose root is `root`, with the modules that `mod` items name.
    pub fn load(root: &Utf8Path, read: Read) -> anyhow::Result<Crate> {
        let mut modules = Vec::new();
        let directory = root.parent().unwrap_or(Utf8Path::new("")).to_owned();
        file(&mut modules, root, &directory, None, false, read)?;
        Ok(Crate { modules })
    }

    /// Whether `file` is of a module above the module `at`.
    pub fn is_above(&self, file: &Utf8Path, at: usize) -> bool {
        let above = std::iter::successors(self.modules[at].parent, |at| self.modules[*at].parent);
        above
            .map(|at| &self.modules[at].file)
            .any(|above| above == file)
    }
}

/// Reads one file as a module; `below` is where files of its children are.
fn file(
    modules: &mut Vec<Module>,
    path: &Utf8Path,
    below: &Utf8Path,
    parent: Option<usize>,
    test: bool,
    read: Read,
) -> anyhow::Result<usize> {
    let text = read(path).with_context(|| path.to_string())?;
    let parsed = SourceFile::parse(&text, Edition::Edition2024);
    if let Some(error) = parsed.errors().first() {
        anyhow::bail!("{path}: {error}");
    }
    module(modules, path, below, parent, test, &parsed.tree(), read)
}

fn module(
    modules: &mut Vec<Module>,
    path: &Utf8Path,
    below: &Utf8Path,
    parent: Option<usize>,
    test: bool,
    content: &dyn Items,
    read: Read,
) -> anyhow::Result<usize> {
    let at = modules.len();
    let mut this = Module {
        file: path.to_owned(),
        parent,
        test,
        children: BTreeMap::new(),
        items: BTreeSet::new(),
        imports: Vec::new(),
        paths: Vec::new(),
        identifiers: BTreeSet::new(),
    };
    let mut nested = Vec::new();
    for item in content.items() {
        let test = test || names::of_tests(item.syntax());
        match &item {
            ast::Item::Module(child) => nested.push((child.clone(), test)),
            _ => names::collect(&item, test, &mut this),
        }
    }
    modules.push(this);
    for (child, test) in nested {
        let name = child.name().context("a module without a name")?;
        let name = name.text().to_string();
        let made = match child.item_list() {
            Some(list) => {
                let below = below.join(&name);
                module(modules, path, &below, Some(at), test, &list, read)?
            }
            None => {
                let (found, below) = child_file(&child, &name, path, below, read)?;
                file(modules, &found, &below, Some(at), test, read)?
            }
        };
        modules[at].children.insert(name, made);
    }
    Ok(at)
}

/// The file of `mod NAME;` and where its own children are.
fn child_file(
    child: &ast::Module,
    name: &str,
    path: &Utf8Path,
    below: &Utf8Path,
    read: Read,
) -> anyhow::Result<(Utf8PathBuf, Utf8PathBuf)> {
    if let Some(named) = names::path_attribute(child.syntax()) {
        let found = path.parent().unwrap_or(Utf8Path::new("")).join(named);
        let below = found.parent().unwrap_or(Utf8Path::new("")).to_owned();
        return Ok((found, below));
    }
    let below = below.join(name);
    let beside = below.with_extension("rs");
    let inside = below.join("mod.rs");
    for found in [beside, inside] {
        if read(&found).is_ok() {
            return Ok((found, below));
        }
    }
    anyhow::bail!("{path}: no file for `mod {name};`")
}

/// A file or the braces of an inline module.
trait Items {
    fn items(&self) -> Vec<ast::Item>;
}

impl<T: HasModuleItem> Items for T {
    fn items(&self) -> Vec<ast::Item> {
        HasModuleItem::items(self).collect()
    }
}
