//! What is known about a crate's receivers.

use std::collections::{BTreeMap, BTreeSet};

use gateless_rust_text::edit::Edit;

use super::{functions, globs};
use crate::place::{Expression, Part};

/// A method, by its receiver's type: file and first byte.
pub type Key = (usize, usize);

/// What is known about a crate's receivers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Whether the sources name the trait `Receiver`.
    pub names_trait: bool,
    /// What takes the place of its names, by file.
    pub paths: Vec<(usize, Edit)>,
    /// Macros of the crate that read what they are given, and whether dependants can call them.
    pub reading: BTreeMap<String, bool>,
    /// Names that glob imports do not bring in.
    pub absent: BTreeSet<globs::Absent>,
    /// Calls of what may be methods that are functions in other crates.
    pub functions: functions::Calls,
    /// Methods whose receiver stable Rust refuses.
    pub receivers: BTreeMap<Key, Receiver>,
    /// Receivers that are none: the type does not lead to `Self` in any way. They are the user's own errors.
    pub invalid: BTreeSet<Key>,
    /// Places in strings where `self` is the renamed receiver: file and first byte.
    pub renamed: BTreeSet<(usize, usize)>,
    /// Macro calls that give a receiver its name `self`.
    pub naming_calls: BTreeSet<Expression>,
    /// Parts of method calls that have to be written another way, and how.
    pub rewritten: BTreeMap<Part, String>,
    /// Those of them that call what another crate's macro wrote: a function, in the crate as it is as well.
    pub of_others: BTreeSet<Part>,
    /// Receivers whose methods are called by a name of their own, since other methods of their name are near.
    pub named: BTreeSet<Key>,
    /// Calls of such methods, by the method's name in the call.
    pub calls: BTreeMap<Expression, Key>,
    /// Receivers in impls of other crates' traits, whose methods are functions there.
    pub foreign: BTreeSet<Key>,
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
}
