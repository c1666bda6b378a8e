//! The answer, as plain data.

use serde::Serialize;

use super::draft::Change;

/// What a configuration says about one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Answer {
    /// It has a value other than `n`.
    On(On),
    /// It is off.
    Off(Off),
    /// No Kconfig file of the tree and architecture defines it.
    Unknown {
        /// The name asked for.
        symbol: String,
        /// Names like it.
        nearest: Vec<String>,
    },
}

/// A symbol that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct On {
    /// Its name.
    pub symbol: String,
    /// Its value, as .config has it.
    pub value: String,
    /// Where it is defined.
    pub places: Vec<String>,
    /// What made it so.
    pub because: Vec<String>,
    /// The smallest change that turns it off; nothing where there is none, or for a number or a text.
    pub change: Option<Change>,
}

/// A symbol that is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Off {
    /// Its name.
    pub symbol: String,
    /// Where it is defined.
    pub places: Vec<String>,
    /// Its prompt, if it has one.
    pub prompt: Option<String>,
    /// What is false, by every definition.
    pub terms: Vec<Term>,
    /// The smallest change that was found; nothing where there is none.
    pub change: Option<Change>,
    /// Why there is none.
    pub obstacle: Option<String>,
}

/// Something that would have to hold and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Term {
    /// What, as in Kconfig.
    pub needs: String,
    /// The line that says so.
    pub place: String,
    /// What the symbols in it are, as `RANDSTRUCT=y`.
    pub values: Vec<String>,
    /// Why they are so.
    pub because: Vec<String>,
    /// Whether one of `below` is enough; they are in order then, the cheapest first.
    pub any: bool,
    /// What in turn has to hold.
    pub below: Vec<Term>,
    /// The smallest change for this alone.
    pub change: Option<Change>,
    /// Why there is none.
    pub obstacle: Option<String>,
}
