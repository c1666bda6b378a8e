//! What a change of a configuration consists of, and what the configuration looks like with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::DotConfig;
use crate::kconfig::expression::{Tri, Values};

/// What no .config can change: a macro decides it when Kconfig runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outside {
    /// What has to hold, as `RUSTC_VERSION >= 109600`.
    pub needs: String,
    /// What the configuration recorded, as `RUSTC_VERSION=109500`.
    pub recorded: String,
    /// What decides it, as written.
    pub decided_by: String,
    /// Where.
    pub place: String,
}

impl Outside {
    /// Whether the tree's own check of the Rust tools (scripts/rust_is_available.sh) decides it.
    pub fn is_of_rust_tools(&self) -> bool {
        self.decided_by.contains("rust_is_available.sh")
    }
}

/// What each change outside of .config weighs against lines of it.
const OUTSIDE: usize = 1000;

/// What changing the condition of a `select` weighs against lines of .config.
const CONDITION: usize = 3;

/// A change that is being put together.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    /// What symbols become, whether a line says so or it follows.
    values: BTreeMap<String, Tri>,
    texts: BTreeMap<String, String>,
    /// Lines of .config: symbol and value, in the order in which they were found.
    lines: Vec<(String, String)>,
    outside: Vec<Outside>,
    /// What goes off with the symbols that are turned off.
    burden: usize,
    /// Macro calls that are assumed to be y, since nothing recorded what they are.
    assumed: Vec<String>,
    /// What another way costs; one that costs as much is given up.
    pub(super) limit: Option<usize>,
}

impl Draft {
    pub(super) fn cost(&self) -> usize {
        self.lines.len() + self.burden + OUTSIDE * self.outside.len()
    }

    pub(super) fn decided(&self, name: &str) -> Option<Tri> {
        self.values.get(name).copied()
    }

    /// Decides what a symbol is, without a line.
    pub(super) fn decide(&mut self, name: &str, value: Tri) {
        self.values.insert(name.to_owned(), value);
    }

    /// Writes a line for an option.
    pub(super) fn set(&mut self, name: &str, value: Tri) {
        self.decide(name, value);
        self.line(name, value.letter());
    }

    /// Writes a line that turns an option off, with which `dependants` go off.
    pub(super) fn unset(&mut self, name: &str, dependants: usize) {
        self.set(name, Tri::No);
        // Lines are few and dependants may be hundreds: what matters is the order of magnitude.
        self.burden += (dependants + 1).ilog2() as usize;
    }

    /// Counts that a `select` is kept from working, in place of what selects: COMPILE_TEST=y would do for many.
    pub(super) fn shift_a_condition(&mut self) {
        self.burden += CONDITION;
    }

    /// Writes a line for a number or a text.
    pub(super) fn set_text(&mut self, name: &str, value: &str, written: &str) {
        self.texts.insert(name.to_owned(), value.to_owned());
        self.line(name, written);
    }

    fn line(&mut self, name: &str, value: &str) {
        self.lines.retain(|(known, _)| known != name);
        self.lines.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn needs_outside(&mut self, outside: Outside) {
        if !self.outside.contains(&outside) {
            self.outside.push(outside);
        }
    }

    pub(super) fn assume(&mut self, call: &str) {
        if !self.assumed.iter().any(|known| known == call) {
            self.assumed.push(call.to_owned());
        }
    }

    pub(super) fn into_change(self) -> Change {
        let line = |(symbol, value): (String, String)| match value.as_str() {
            "n" => format!("# CONFIG_{symbol} is not set"),
            value => format!("CONFIG_{symbol}={value}"),
        };
        Change {
            lines: self.lines.into_iter().map(line).collect(),
            outside: self.outside,
            assumed: self.assumed,
        }
    }
}

/// What to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Lines of .config, each in place of what .config says about the symbol; olddefconfig does the rest.
    pub lines: Vec<String>,
    /// What has to change outside of .config, before Kconfig runs.
    pub outside: Vec<Outside>,
    /// Macro calls that are assumed to be y: only Kconfig can evaluate them.
    pub assumed: Vec<String>,
}

/// A configuration with a draft applied.
pub(super) struct View<'a> {
    pub(super) config: &'a DotConfig,
    pub(super) draft: &'a Draft,
}

impl Values for View<'_> {
    fn tri(&self, symbol: &str) -> Option<Tri> {
        self.draft
            .decided(symbol)
            .or_else(|| self.config.tri(symbol))
    }

    fn text(&self, symbol: &str) -> Option<String> {
        if let Some(text) = self.draft.texts.get(symbol) {
            return Some(text.clone());
        }
        match self.draft.decided(symbol) {
            Some(tri) => Some(tri.letter().to_owned()),
            None => self.config.text(symbol),
        }
    }
}
