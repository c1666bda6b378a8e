//! What a comparison of the two compilers comes to.

use std::fmt;

/// From the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Both accept it, and the programs behave differently.
    Miscompile,
    /// Only gateless accepts it.
    FalseAccept,
    /// Only the gated compiler accepts it.
    RefusesValid,
    /// They agree about the program, but tell the user something else.
    DifferentMessage,
    /// Nothing differs.
    Agrees,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Miscompile,
        Self::FalseAccept,
        Self::RefusesValid,
        Self::DifferentMessage,
        Self::Agrees,
    ];
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Miscompile => "MISCOMPILE",
            Verdict::FalseAccept => "FALSE-ACCEPT",
            Verdict::RefusesValid => "REFUSES-VALID",
            Verdict::DifferentMessage => "DIFFERENT-MESSAGE",
            Verdict::Agrees => "AGREES",
        })
    }
}
