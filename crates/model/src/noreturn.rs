//! Functions that don't return, as a compiler call leaves them beside its object.

use serde::{Deserialize, Serialize};

/// Directory of the lists within [`crate::record::STATE`], a file for each object.
pub const LISTS: &str = "noreturn";

/// The symbols of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noreturn {
    /// Those that it defines for others.
    pub defined: Vec<String>,
    /// Those of other objects that it calls.
    pub called: Vec<String>,
}
