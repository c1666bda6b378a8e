//! What only a definition's own text says: attributes, lifetimes, what a trait has, and which functions are C's.
//!
//! Files are read as tokens, so that what is in macros is seen as well. Nothing is expanded: a definition whose name a macro makes is found by
//! nobody, and who needs it is told so.

mod added;
mod impls;
mod items;
mod reader;
mod traits;

use std::collections::{HashMap, HashSet};

use gateless_rust_text::tokens::{Tokens, edition};
use serde::{Deserialize, Serialize};

use reader::Reader;

/// Words of attributes on which a type's number depends.
const LAYOUT: [&str; 2] = ["repr", "cfi_encoding"];

/// The definitions of crates, for whoever asks by name.
#[derive(Debug, Default)]
pub struct Sources {
    /// By the crate and the name.
    items: HashMap<(String, String), Vec<Item>>,
    /// What macros define under a name that their callers give, by the macro, each with its crate.
    templates: HashMap<String, Vec<(String, Item)>>,
    /// The macros that the definitions of macros call, by the macro that does.
    macro_calls: HashMap<String, HashSet<String>>,
    /// What `impl` blocks say of the associated types of a trait, by the trait's own name, each with its crate.
    impls: HashMap<String, Vec<(String, Impl)>>,
    /// What macros define under a name of their own, which may be in any crate that calls them.
    in_macros: HashMap<String, Vec<Item>>,
    /// Calls of macros beside definitions, by crate.
    calls: HashMap<String, Vec<MacroCall>>,
    /// Functions by file, in the order of the text.
    functions: HashMap<String, Vec<Header>>,
    /// The paths of functions with a body, with their crates.
    bodies: HashSet<Vec<String>>,
}

/// What the files of one crate say, which can be kept for the crates that use it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CrateSources {
    items: Vec<Item>,
    /// Each with its macro.
    templates: Vec<(String, Item)>,
    in_macros: Vec<Item>,
    /// Macros, each with one that its definition calls.
    macro_calls: Vec<(String, String)>,
    impls: Vec<Impl>,
    calls: Vec<MacroCall>,
    /// By file.
    functions: Vec<(String, Vec<Header>)>,
    /// Without the crate.
    bodies: Vec<Vec<String>>,
}

impl CrateSources {
    /// Adds a file, which is `modules` as far as its place tells; `file` is its name in debug information, `lowered` what it became, if anything else.
    pub fn add(
        &mut self,
        modules: &[String],
        file: &str,
        (text, lowered): (&str, Option<&str>),
        years: &str,
    ) {
        let tokens = Tokens::new(text, edition(years));
        let mut reader = Reader::new(&tokens);
        reader.file(modules);
        if let Some(lowered) = lowered {
            let tokens = Tokens::new(lowered, edition(years));
            let mut of_lowered = Reader::new(&tokens);
            of_lowered.file(modules);
            let added = added::traits(&mut reader.items, of_lowered.items);
            reader.items.extend(added);
        }
        self.items.extend(reader.items);
        self.templates.extend(reader.templates);
        self.in_macros.extend(reader.made);
        self.macro_calls.extend(reader.macro_calls);
        self.impls.extend(reader.impls);
        self.calls.extend(reader.calls);
        self.functions.push((file.to_owned(), reader.headers));
        self.bodies.extend(reader.bodies);
    }
}

/// A call of a macro beside definitions.
#[derive(Debug, Serialize, Deserialize)]
struct MacroCall {
    name: String,
    modules: Vec<String>,
    /// The names in it.
    words: HashSet<String>,
}

/// What an `impl` block of a trait says of associated types, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impl {
    /// The trait, with its path and arguments.
    pub of_trait: String,
    /// The type that has it.
    pub of_type: String,
    /// Whether it has parameters other than lifetimes.
    pub is_generic: bool,
    /// The names of the associated types, and what they are.
    pub associated: Vec<(String, String)>,
}

impl Impl {
    /// The trait's own name.
    pub fn trait_name(&self) -> &str {
        let path = self.of_trait.split('<').next().unwrap_or_default();
        path.rsplit("::").next().unwrap_or_default().trim()
    }
}

/// The header of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// The line that its name is in, from 1.
    pub line: u32,
    /// `Rust`, or what `extern` says.
    pub abi: String,
    /// Whether it is `#[track_caller]`.
    pub track_caller: bool,
}

/// A definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The modules and functions around it, as far as the file's place and its text tell.
    pub modules: Vec<String>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The macro in whose call it stands.
    pub in_macro: Option<String>,
    /// The number of its lifetime parameters.
    pub lifetimes: usize,
    /// The names of its type parameters.
    pub types: Vec<String>,
    /// The types of its constant parameters, as written.
    pub constants: Vec<String>,
    /// Its type and constant parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The types of a struct's fields, as written.
    pub fields: Vec<String>,
    /// Whether it is `repr(C)`.
    pub repr_c: bool,
    /// Whether it is `repr(transparent)`.
    pub transparent: bool,
    /// Its `#[cfi_encoding]`.
    pub encoding: Option<String>,
    /// What a trait has.
    pub in_trait: Option<Trait>,
}

/// A type or constant parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Which of the constant parameters it is, if it is one.
    pub constant: Option<usize>,
    /// What it is if nothing is said, as written.
    pub default: Option<String>,
}

/// What a definition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// `struct`
    Struct,
    /// `enum`
    Enum,
    /// `union`
    Union,
    /// `trait`
    Trait,
    /// A type of an `extern` block.
    Foreign,
}

/// What a trait has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trait {
    /// Whether it is an auto trait.
    pub is_auto: bool,
    /// What it asks of `Self`, as written.
    pub supertraits: Vec<String>,
    /// The traits that lowering put above it, as written there.
    pub added: Vec<String>,
    /// Its associated types, in order; none that ask for a sized `Self`.
    pub associated: Vec<String>,
    /// Whether it has constants, or types with parameters.
    pub has_constants: bool,
    /// Its methods.
    pub methods: Vec<Method>,
}

/// A method of a trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// Whether it can be called through a vtable: it takes `self`, has no type parameters, and doesn't name `Self` otherwise.
    pub dispatchable: bool,
    /// Whether it takes `self` itself, not behind a pointer.
    pub by_value: bool,
    /// The type of `self`, but where that is no more than `self`.
    pub receiver: Option<String>,
    /// What it wants of `Self`, as written.
    pub wants: Vec<String>,
    /// Whether it is `#[track_caller]`.
    pub track_caller: bool,
    /// What it returns, as written.
    pub output: String,
}

impl Sources {
    /// Adds a file of a crate, see [`CrateSources::add`].
    pub fn add(&mut self, krate: &str, modules: &[String], file: &str, text: &str, years: &str) {
        let mut sources = CrateSources::default();
        sources.add(modules, file, (text, None), years);
        self.add_crate(krate, sources);
    }

    /// Adds what is known of a crate.
    pub fn add_crate(&mut self, krate: &str, sources: CrateSources) {
        for item in sources.items {
            let key = (krate.to_owned(), item.name.clone());
            self.items.entry(key).or_default().push(item);
        }
        for item in sources.in_macros {
            let name = item.name.clone();
            self.in_macros.entry(name).or_default().push(item);
        }
        for (name, item) in sources.templates {
            let all = self.templates.entry(name).or_default();
            all.push((krate.to_owned(), item));
        }
        for (name, called) in sources.macro_calls {
            self.macro_calls.entry(name).or_default().insert(called);
        }
        for block in sources.impls {
            let all = self.impls.entry(block.trait_name().to_owned()).or_default();
            all.push((krate.to_owned(), block));
        }
        let in_crate = |path: Vec<String>| [vec![krate.to_owned()], path].concat();
        self.bodies.extend(sources.bodies.into_iter().map(in_crate));
        self.calls
            .entry(krate.to_owned())
            .or_default()
            .extend(sources.calls);
        for (file, headers) in sources.functions {
            self.functions.entry(file).or_default().extend(headers);
        }
    }

    /// The definitions of that name in a crate: those that are written out, else those that macros make of a text that has the name.
    pub fn named(&self, krate: &str, name: &str) -> Vec<Item> {
        let key = (krate.to_owned(), name.to_owned());
        let all = self.items.get(&key).map_or(&[][..], Vec::as_slice);
        let (in_macros, written): (Vec<&Item>, Vec<&Item>) =
            all.iter().partition(|item| item.in_macro.is_some());
        if !written.is_empty() {
            return written.into_iter().cloned().collect();
        }
        if !in_macros.is_empty() {
            return in_macros
                .into_iter()
                .map(|item| self.completed(krate, item))
                .collect();
        }
        if let Some(made) = self.in_macros.get(name) {
            return made.clone();
        }
        let calls = self.calls.get(krate).into_iter().flatten();
        // What a caller says of the layout besides may be meant for any part of what the macro makes.
        let of_name = calls.filter(|call| {
            call.words.contains(name) && !LAYOUT.iter().any(|word| call.words.contains(*word))
        });
        of_name
            .flat_map(|call| {
                let templates = self.templates_of(krate, &call.name).into_iter();
                templates.map(|template| Item {
                    name: name.to_owned(),
                    modules: call.modules.clone(),
                    ..template.clone()
                })
            })
            .collect()
    }

    /// What a macro that a crate calls defines under a name that it is given: itself, or by the macros that it calls. Of macros of one name those of
    /// the crate are meant, else those of all crates could be.
    fn templates_of(&self, krate: &str, name: &str) -> Vec<&Item> {
        let mut found = self.reached_by(krate, name);
        // What is handed on to a macro that defines something of its own is what that makes of it.
        let is_made = |name: &String| {
            let reached = self.reached_by(krate, name);
            reached.iter().any(|item| item.in_macro.is_none())
        };
        found.retain(|item| !item.in_macro.as_ref().is_some_and(is_made));
        found
    }

    /// The same, with what is only handed on.
    fn reached_by(&self, krate: &str, name: &str) -> Vec<&Item> {
        let (mut open, mut seen) = (vec![name.to_owned()], HashSet::new());
        let mut found = Vec::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            open.extend(self.macro_calls.get(&name).into_iter().flatten().cloned());
            let all = || self.templates.get(&name).into_iter().flatten();
            let is_own = all().any(|(of, _)| of == krate);
            let meant = all().filter(|(of, _)| !is_own || of == krate);
            found.extend(meant.map(|(_, item)| item));
        }
        found
    }

    /// What `impl` blocks of traits of that name say of associated types, each with its crate.
    pub fn impls(&self, trait_name: &str) -> &[(String, Impl)] {
        self.impls.get(trait_name).map_or(&[], Vec::as_slice)
    }

    /// A definition that a macro is given, with the attributes that the macro adds.
    fn completed(&self, krate: &str, item: &Item) -> Item {
        let mut item = item.clone();
        let name = item.in_macro.clone().unwrap_or_default();
        for template in self.templates_of(krate, &name) {
            if template.kind == item.kind {
                item.repr_c |= template.repr_c;
                item.transparent |= template.transparent;
            }
        }
        item
    }

    /// Whether a path, with its crate, is a function's.
    pub fn is_function(&self, path: &[String]) -> bool {
        self.bodies.contains(path)
    }

    /// The functions of that name in a file whose header is in a line, or begins there.
    pub fn headers(&self, file: &str, name: &str, line: u32) -> Vec<&Header> {
        /// How many lines a header may take before the function's name.
        const LONGEST: u32 = 3;
        // The lowered copy of a file is named after it, behind the directory of the copies.
        let own = self.functions.get(file).or_else(|| {
            let mut copied = self
                .functions
                .iter()
                .filter(|(name, _)| name.starts_with('/') && file.ends_with(name.as_str()));
            let copied = copied.next();
            // A module outside of the tree is named relative to its directory, which debug information may leave out.
            let end = format!("/{file}");
            let mut named = self
                .functions
                .iter()
                .filter(|(name, _)| name.ends_with(&end));
            let only = match (named.next(), named.next()) {
                (only, None) => only,
                _ => None,
            };
            copied.or(only).map(|(_, headers)| headers)
        });
        let in_file = own.into_iter().flatten();
        let near: Vec<_> = in_file
            .filter(|header| header.name == name)
            .filter(|header| (line..=line + LONGEST).contains(&header.line))
            .collect();
        let first = near.iter().map(|header| header.line).min();
        near.into_iter()
            .filter(|header| Some(header.line) == first)
            .collect()
    }
}

#[cfg(test)]
mod tests;
