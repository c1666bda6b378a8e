//! What the text of a type needs to know of definitions.

use gateless_model::Result;

use crate::ty::{Named, Path, Type};

/// What is known of structs, enums, unions and extern types. Each answer fails where the definition was not found: nothing is assumed.
pub trait Definitions {
    /// Its `#[cfi_encoding]`.
    fn encoding(&self, path: &Path) -> Result<Option<String>>;

    /// Whether it is `repr(C)`.
    fn is_repr_c(&self, path: &Path) -> Result<bool>;

    /// What it is if it is nothing but something else: a `repr(transparent)` struct.
    fn transparent(&self, named: &Named) -> Result<Transparent>;

    /// The bits of `usize`.
    fn pointer_width(&self) -> u8;
}

/// What a type is a cover of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transparent {
    /// Of nothing: it is not transparent, or no struct.
    No,
    /// No field of it has a size.
    Empty,
    /// The first field that may have a size, for the type's arguments.
    Field(Type),
}
