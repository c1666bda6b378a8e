//! What a lowered crate's dependants need to know.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Exports of any number of crates, by crate name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exports {
    /// Crate name to what it exports.
    pub crates: BTreeMap<String, CrateExports>,
}

/// Exports of one crate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrateExports {
    /// Whether the crate root holds the support module for pointers that were `derive(CoercePointee)`.
    pub pointers: bool,
    /// Whether the crate root holds hidden modules with extension traits for methods with lowered receivers.
    pub extensions: bool,
    /// Names of the traits among whose methods are such.
    pub traits: Vec<String>,
    /// Methods of its pointers, by how they are called (`ambiguous.rs`).
    #[serde(default)]
    pub methods: BTreeSet<String>,
    /// For those methods of traits that trait objects can call (`Trait::method`), the extension trait.
    #[serde(default)]
    pub dispatched: BTreeMap<String, String>,
}

impl Exports {
    /// Adds the exports of other crates.
    pub fn merge(&mut self, other: Exports) {
        self.crates.extend(other.crates);
    }
}
