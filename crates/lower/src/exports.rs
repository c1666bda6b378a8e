//! What a lowered crate's dependants need to know.

use std::collections::{BTreeMap, BTreeSet};

use gateless_model::{Failure, Result};
use serde::{Deserialize, Serialize};

use crate::lints::QUIET;

/// Name of the constant in which a patched crate's root says what it exports, since nothing is left to find it out from.
const CARRIED: &str = "__GATELESS_EXPORTS";

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
    /// Which of these modules there are.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Names of the traits among whose methods are such.
    pub traits: Vec<String>,
    /// For these traits, what to import for the methods that dependants can call: paths of extension traits from the crate's root.
    #[serde(default)]
    pub named: BTreeMap<String, BTreeSet<String>>,
    /// Other names that the crate gives to these traits, and macros that import them.
    #[serde(default)]
    pub aliases: BTreeMap<String, BTreeSet<String>>,
    /// For those methods of traits that trait objects can call (`Trait::method`), the extension trait.
    #[serde(default)]
    pub dispatched: BTreeMap<String, String>,
    /// Names of these traits by which the crate imports one without giving it a name (`pub use Alpha as _`).
    #[serde(default)]
    pub unnamed: BTreeSet<String>,
    /// Names of macros that tell the column of their call.
    #[serde(default)]
    pub telling: Vec<String>,
    /// Methods that dependants know as functions alone, by name.
    #[serde(default)]
    pub functions: BTreeMap<String, Function>,
    /// Names of macros that read what they are given: as text, as a condition that they tell, or for the token `self`.
    #[serde(default)]
    pub reading: BTreeSet<String>,
}

/// Methods of one name that dependants know as functions alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Where they are (`FILE:LINE`).
    pub places: BTreeSet<String>,
    /// The types of their receivers.
    pub receivers: BTreeSet<String>,
}

impl Function {
    /// Adds others of the name.
    pub(crate) fn add(&mut self, other: &Self) {
        self.places.extend(other.places.iter().cloned());
        self.receivers.extend(other.receivers.iter().cloned());
    }
}

impl Exports {
    /// Whether no crate exports anything.
    pub fn is_empty(&self) -> bool {
        let mut crates = self.crates.values();
        crates.all(|own| *own == CrateExports::default())
    }

    /// Adds the exports of other crates.
    pub fn merge(&mut self, other: Exports) {
        self.crates.extend(other.crates);
    }
}

impl CrateExports {
    /// The item that says this in the root of a patched crate; nothing where there is nothing to say.
    pub(crate) fn carried(&self) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        let text = serde_json::to_string(self).ok()?;
        Some(format!(
            "#[doc(hidden)] {QUIET} pub const {CARRIED}: &str = r#\"{text}\"#;"
        ))
    }

    /// What the root `text` of a crate says, if it was patched.
    ///
    /// Fails where it says something that can't be read.
    pub(crate) fn of_root(text: &str, path: &str) -> Result<Self> {
        let start = format!("pub const {CARRIED}: &str = r#\"");
        let Some((_, rest)) = text.split_once(&start) else {
            return Ok(Self::default());
        };
        let json = rest.split("\"#;").next().unwrap_or(rest);
        serde_json::from_str(json).map_err(|error| {
            Failure::failed(format!("{path}: `{CARRIED}` can't be read"))
                .because(error)
                .help("apply the patch anew, made by the gateless that is to build the tree")
        })
    }

    /// The hidden modules with extension traits that the crate root has.
    pub(crate) fn scopes(&self) -> Vec<String> {
        if self.extensions && self.scopes.is_empty() {
            // What was written down before there were others.
            return vec!["methods".to_owned(), "traits".to_owned()];
        }
        self.scopes.clone()
    }

    /// Adds what else the crate exports.
    pub(crate) fn add(&mut self, other: &Self) {
        self.pointers |= other.pointers;
        self.scopes.extend(other.scopes());
        self.extensions |= other.extensions;
        self.traits.extend(other.traits.iter().cloned());
        for (own, others) in [
            (&mut self.named, &other.named),
            (&mut self.aliases, &other.aliases),
        ] {
            for (name, of) in others {
                let own = own.entry(name.clone()).or_default();
                own.extend(of.iter().cloned());
            }
        }
        self.unnamed.extend(other.unnamed.iter().cloned());
        self.telling.extend(other.telling.iter().cloned());
        for (name, function) in &other.functions {
            self.functions
                .entry(name.clone())
                .or_default()
                .add(function);
        }
        self.reading.extend(other.reading.iter().cloned());
        self.dispatched
            .extend(other.dispatched.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
}
