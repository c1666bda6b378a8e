//! One file per gate.

pub mod arbitrary_self_types;
pub mod arbitrary_self_types_pointers;
pub mod cfi_encoding;
pub mod compiler_builtins;
pub mod crate_attr;
pub mod derive_coerce_pointee;
pub mod features;
pub mod used_with_arg;

use std::collections::{BTreeMap, BTreeSet};

use ra_ap_syntax::Edition;

use crate::Request;
use crate::crate_files::SourceFile;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// One file as a gate sees it.
pub struct View<'a> {
    /// What was asked.
    pub request: &'a Request<'a>,
    /// The file.
    pub file: &'a SourceFile,
    /// Its tokens.
    pub tokens: &'a Tokens<'a>,
    /// Whether it is the crate root.
    pub is_root: bool,
    /// Edition of the crate.
    pub edition: Edition,
    /// Features that are on for the crate.
    pub features: &'a [String],
    /// What `derive(CoercePointee)` is called in the crate.
    pub pointee_derives: &'a BTreeSet<String>,
}

/// What the gates did.
#[derive(Debug, Default)]
pub struct Work {
    /// Edits of the file at hand.
    pub edits: Vec<Edit>,
    /// Places per gate.
    pub gates: BTreeMap<String, usize>,
    /// Whether a static was marked that the linker keeps.
    pub marks_used: bool,
    /// Whether a pointer was lowered that needs the support module.
    pub pointers: bool,
}

impl Work {
    /// Counts one place of a gate.
    pub fn count(&mut self, gate: &str) {
        *self.gates.entry(gate.to_owned()).or_default() += 1;
    }
}

impl View<'_> {
    /// `file:line` of token `i`.
    pub fn place(&self, i: usize) -> String {
        format!(
            "{}:{}",
            self.file.path,
            gateless_rust_text::tokens::line_of(self.tokens.text, self.tokens.list[i].range.start)
        )
    }
}
