//! What the compiler said about the crate that the syntax does not show. Offsets are of the original files.

use std::collections::{BTreeMap, BTreeSet};

/// An expression: file, first byte, byte after the last.
pub type Expression = (usize, usize, usize);

/// All that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Expressions whose value has to be converted to the pointer type that is expected of them.
    pub coercions: BTreeMap<Expression, Coercion>,
    /// Expressions for which converting did not help; they are the user's own errors.
    pub refused: BTreeSet<Expression>,
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
}
