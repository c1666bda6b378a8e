//! What is not translated, and why.

use std::fmt;

use gateless_model::Failure;

/// A function or a variable that isn't translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The symbol.
    pub symbol: String,
    /// The file and line of the source, where the module says it.
    pub place: Option<String>,
    /// What isn't understood.
    pub what: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.symbol)?;
        if let Some(place) = &self.place {
            write!(f, " ({place})")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// That this isn't understood; whoever knows where it stands adds that.
pub(crate) fn not_known(what: impl fmt::Display) -> Failure {
    Failure::no(format!("{what} cannot be written in C yet"))
}
