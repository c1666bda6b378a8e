//! What only a definition's own text says: attributes, lifetimes, what a trait has, and which functions are C's.
//!
//! Files are read as tokens, so that what is in macros is seen as well. Nothing is expanded: a definition whose name a macro makes is found by
//! nobody, and who needs it is told so.

mod items;
mod reader;
mod traits;

use std::collections::{HashMap, HashSet};

use gateless_rust_text::tokens::{Tokens, edition};
use serde::{Deserialize, Serialize};

use reader::{Lines, Reader};

/// The definitions of crates, for whoever asks by name.
#[derive(Debug, Default)]
pub struct Sources {
    /// By the crate and the name.
    items: HashMap<(String, String), Vec<Item>>,
    /// What macros define under a name that their callers give, by the crate and the macro.
    templates: HashMap<(String, String), Vec<Item>>,
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
    calls: Vec<MacroCall>,
    /// By file.
    functions: Vec<(String, Vec<Header>)>,
    /// Without the crate.
    bodies: Vec<Vec<String>>,
}

impl CrateSources {
    /// Adds a file, which is `modules` as far as its place tells; `file` is its name in debug information.
    pub fn add(&mut self, modules: &[String], file: &str, text: &str, years: &str) {
        let tokens = Tokens::new(text, edition(years));
        let mut reader = Reader {
            tokens: &tokens,
            lines: Lines::new(text),
            around: Vec::new(),
            attributes: Vec::new(),
            words: Vec::new(),
            items: Vec::new(),
            templates: Vec::new(),
            made: Vec::new(),
            calls: Vec::new(),
            headers: Vec::new(),
            bodies: Vec::new(),
        };
        reader.file(modules);
        self.items.extend(reader.items);
        self.templates.extend(reader.templates);
        self.in_macros.extend(reader.made);
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
        sources.add(modules, file, text, years);
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
            let key = (krate.to_owned(), name);
            self.templates.entry(key).or_default().push(item);
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
        let of_name = calls.filter(|call| call.words.contains(name));
        of_name
            .flat_map(|call| {
                let key = (krate.to_owned(), call.name.clone());
                let templates = self.templates.get(&key).into_iter().flatten();
                templates.map(|template| Item {
                    name: name.to_owned(),
                    modules: call.modules.clone(),
                    ..template.clone()
                })
            })
            .collect()
    }

    /// A definition that a macro is given, with the attributes that the macro adds.
    fn completed(&self, krate: &str, item: &Item) -> Item {
        let mut item = item.clone();
        let name = item.in_macro.clone().unwrap_or_default();
        let templates = self.templates.get(&(krate.to_owned(), name));
        for template in templates.into_iter().flatten() {
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
            copied.next().map(|(_, headers)| headers)
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
mod tests {
    use super::*;

    const TEXT: &str = r#"
#[repr(transparent)]
pub struct Cover<'a, T: ?Sized, const N: usize = 3>(pub(crate) [u8], PhantomData<&'a T>);
mod inner {
    #[derive(Clone)] #[repr(C)] pub union Shared { a: u8 }
    #[cfi_encoding = "3own"]
    pub enum Own { A }
    pub unsafe auto trait Auto {}
    pub trait Below<T = Self>: Above<T> + 'static {
        type Out;
        const COUNT: usize;
        fn plain(&self, x: &[u8; 3]) -> Option<Self::Out>;
        fn own(self);
        fn types<U>(&self, x: U);
        fn sized(&self) where Self: Sized + Copy;
        #[track_caller] fn again(&self, other: &Self) {}
        fn none() -> u8;
    }
}
impl Cover<'_, u8> { fn method(&self) -> impl Copy { struct Hidden; } }
unsafe extern "C" { fn foreign(x: u8); type Far; }
pub unsafe extern "C" fn exported() { struct Within; }
macro_rules! make { ($(#[$m:meta])* $vis:vis struct $name:ident($int:ty);) => {
    #[repr(transparent)] $(#[$m])* $vis struct $name($int);
    pub struct Always;
} }
make! { pub struct Given(u32); }
named!(Made);
macro_rules! named { ($name:ident) => { pub struct $name; } }
"#;

    fn sources() -> Sources {
        let mut sources = Sources::default();
        sources.add("k", &["a".to_owned()], "/src/a.rs", TEXT, "2021");
        sources
    }

    fn only(name: &str) -> Item {
        let mut found = sources().named("k", name);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        found.remove(0)
    }

    #[test]
    fn attributes_and_parameters_of_types_are_found() {
        let cover = only("Cover");
        assert!(cover.transparent && !cover.repr_c);
        assert_eq!(
            (cover.lifetimes, &cover.types[..]),
            (1, &["T".to_owned()][..])
        );
        assert_eq!(cover.constants, ["usize"]);
        assert_eq!(cover.parameters[1].default.as_deref(), Some("3"));
        assert_eq!(cover.fields, ["[u8]", "PhantomData<&'a T>"]);
        assert_eq!(cover.modules, ["a"]);
        let shared = only("Shared");
        assert!(shared.repr_c && shared.kind == Kind::Union);
        assert_eq!(shared.modules, ["a", "inner"]);
        assert_eq!(only("Own").encoding.as_deref(), Some("3own"));
        assert_eq!(only("Far").kind, Kind::Foreign);
        assert_eq!(only("Within").modules, ["a", "exported"]);
        assert_eq!(only("Hidden").modules, ["a", "{{impl}}", "method"]);
        let path = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.into())
                .collect::<Vec<String>>()
        };
        assert!(sources().is_function(&path(&["k", "a", "exported"])));
        assert!(!sources().is_function(&path(&["k", "a", "method"])));
        assert!(only("Auto").in_trait.unwrap().is_auto);
    }

    #[test]
    fn a_trait_says_which_methods_a_vtable_can_have() {
        let below = only("Below").in_trait.unwrap();
        assert_eq!(below.supertraits, ["Above<T>", "'static"]);
        assert_eq!(below.associated, ["Out"]);
        assert!(below.has_constants);
        let method = |name: &str| {
            let mut found = below.methods.iter().filter(|method| method.name == name);
            found.next().unwrap().clone()
        };
        let dispatchable: Vec<_> = below
            .methods
            .iter()
            .filter(|method| method.dispatchable)
            .map(|method| method.name.as_str())
            .collect();
        assert_eq!(dispatchable, ["plain", "own", "sized"]);
        assert_eq!(method("plain").output, "Option<Self::Out>");
        assert!(method("own").by_value && !method("plain").by_value);
        assert_eq!(method("sized").wants, ["Sized", "Copy"]);
        assert!(method("again").track_caller);
    }

    #[test]
    fn what_macros_define_is_found_by_what_they_are_given() {
        assert!(only("Given").transparent);
        assert_eq!(only("Given").fields, ["u32"]);
        assert_eq!(only("Made").modules, ["a"]);
        assert_eq!(sources().named("other", "Always").len(), 1);
        assert!(sources().named("k", "Missing").is_empty());
    }

    #[test]
    fn functions_have_their_abi_also_in_copies_of_their_file() {
        let sources = sources();
        let abi = |file: &str, name: &str| {
            let line = 2 + TEXT[1..]
                .lines()
                .position(|line| line.contains(name))
                .unwrap() as u32;
            let headers = sources.headers(file, name, line);
            headers
                .iter()
                .map(|header| header.abi.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(abi("/src/a.rs", "exported"), ["C"]);
        assert_eq!(abi("copies/src/a.rs", "foreign"), ["C"]);
        assert_eq!(abi("/src/a.rs", "plain"), ["Rust"]);
        assert!(abi("/src/b.rs", "plain").is_empty());
    }
}
