//! What the sanitizers that check accesses have in common: how they are asked for.

use crate::flag::{Given, Spelling};

/// What is asked for of one sanitizer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sanitizer {
    /// Accesses are checked (`-Zsanitizer=`).
    pub check: bool,
    /// The kernel goes on after a bad one (`-Zsanitizer-recover=`); without effect where none is checked.
    pub recover: bool,
}

impl Sanitizer {
    /// One more use of either option; `before` is what earlier uses asked for.
    pub fn parse(given: &Given<'_>, before: Option<&Self>) -> Self {
        let mut all = before.cloned().unwrap_or_default();
        match given.spelling {
            Spelling::Listed("sanitizer", _) => all.check = true,
            _ => all.recover = true,
        }
        all
    }
}
