//! Source-to-source lowering of unstable Rust language gates to stable Rust.
//!
//! The engine edits byte ranges of the original text and never moves a line: a lowered file has the same number of lines,
//! and every token that was in the original stays on its line. What is added goes onto existing lines.
//! Nothing in here prints or starts a process; the compiler's diagnostics are handed in ([`Lowered::refine`]).
//!
//! Each gate is one file under `gates/`, which explains the gate, its stable equivalent and its limits.

mod attributes;
mod cfg;
mod coercions;
mod crate_files;
mod diagnose;
mod exports;
mod facts;
mod gates;
mod generics;
mod links;
mod lints;
mod lowered;
mod pieces;
mod request;
mod support;
mod syntax;
#[cfg(test)]
mod testing;
mod tokens;

pub use exports::{CrateExports, Exports};
pub use gates::used_with_arg::Used;
pub use lowered::{Lowered, Position, Progress, lower_syntax};
pub use request::{GateStatus, Request};
