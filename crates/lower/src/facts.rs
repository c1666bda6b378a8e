//! What the compiler said about the crate that the syntax does not show. Offsets are of the original files.

use std::collections::{BTreeMap, BTreeSet};

/// An expression: file, first byte, byte after the last.
pub type Expression = (usize, usize, usize);

/// A part of a method call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// File.
    pub file: usize,
    /// First byte.
    pub start: usize,
    /// Byte after the last; the first for an insertion.
    pub end: usize,
    /// For an insertion before an expression, the byte after that; the larger expression's comes first.
    pub before: usize,
}

/// All that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Expressions whose value has to be converted to the pointer type that is expected of them.
    pub coercions: BTreeMap<Expression, Coercion>,
    /// For expressions whose pointer is not known to the first support module that the crate sees, which one to use.
    pub modules: BTreeMap<Expression, usize>,
    /// For expressions with a closure that may have to be told its signature, how.
    pub hints: BTreeMap<Expression, BTreeMap<Part, String>>,
    /// Expressions for which converting did not help, with the ways that were tried; they are the user's own errors.
    pub refused: BTreeMap<Expression, BTreeSet<Coercion>>,
    /// Methods whose receiver stable Rust refuses: file and first byte of the receiver's type.
    pub receivers: BTreeMap<(usize, usize), Receiver>,
    /// Receivers that are none: the type does not lead to `Self` in any way. They are the user's own errors.
    pub invalid: BTreeSet<(usize, usize)>,
    /// Places in strings where `self` is the renamed receiver: file and first byte.
    pub renamed: BTreeSet<(usize, usize)>,
    /// Macro calls that give a receiver its name `self`: file, first byte, byte after the last.
    pub naming_calls: BTreeSet<Expression>,
    /// Parts of method calls that have to be written another way, and how.
    pub rewritten: BTreeMap<Part, String>,
    /// Places in return types where a lifetime is missing once the receiver is an ordinary parameter: file and byte, and
    /// what goes there, with `'_` for the lifetime.
    pub lifetimes: BTreeMap<(usize, usize), String>,
    /// Modules in which a lowered trait's methods are called without the trait being named.
    pub importing: BTreeSet<usize>,
    /// Extension traits that macros made, which modules have to import one by one: module and path.
    pub imports: BTreeSet<(usize, String)>,
}

/// What is known about a receiver.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receiver {
    /// Its type does not dereference to `Self`; it has a `Receiver` impl.
    pub only_receiver: bool,
    /// Its type as rustc prints it, with lifetimes that the source leaves out.
    pub printed: String,
    /// Lifetimes that the type leaves out and its printed form, too, since an alias hides them: the alias and their number.
    pub elided: BTreeMap<String, usize>,
    /// Whether it is a raw pointer.
    pub is_raw: bool,
    /// In a trait: calls on trait objects were tried and are not possible.
    pub is_static: bool,
    /// Its macro writes it more than once into a module, so that its extension trait has no name of its own.
    pub is_repeated: bool,
    /// What the receiver's type asks of a generic parameter: the parameter and the lifetime that it has to outlive.
    pub outlives: BTreeSet<(String, String)>,
    /// In a trait that is dispatched on: the byte after which the generated items are, and the hidden supertrait's name.
    pub placed: Option<(usize, String)>,
}

/// How a conversion learns the type it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coercion {
    /// From the place it is in.
    Expected,
    /// From the type after `as`.
    Cast,
    /// As `Expected`, for a field written in short form (`S { field }`).
    Field,
    /// From an earlier branch of the same `if` or `match`.
    Branch {
        /// First byte of the whole expression, and the byte after it.
        whole: (usize, usize),
        /// The same of the earlier branch's value.
        earlier: (usize, usize),
    },
}
