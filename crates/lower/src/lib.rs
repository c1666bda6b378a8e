//! Source-to-source lowering of unstable Rust language gates to stable Rust.
//!
//! The engine edits byte ranges of the original text and never moves a line: a lowered file has the same number of lines,
//! and every token that was in the original stays on its line. What is added goes onto existing lines.
//! Nothing in here prints or starts a process; the compiler's diagnostics are handed in ([`Lowered::refine`]).
//!
//! Each gate is one type in one file under `gates/`, which explains the gate, its stable equivalent and its limits; `gate/` says what a gate
//! is and how the facts of all gates are kept.
//!
//! The first pass ([`lower_syntax`]) does what the syntax shows. What it doesn't show (which expression was coerced, which receiver is
//! not a built-in one) the compiler says when it is given the lowered crate: its errors become facts, which each gate keeps for itself
//! (`lowered/refine.rs`), and the lowered text is always made anew from the originals and all facts (`lowered/render.rs`). A fact that turns
//! out wrong is taken back, so that the user sees the error that the original program has.
//!
//! What is added: `impl Pointer` after a pointer type, extension traits after an impl or trait, hidden modules that bring them into scope at
//! the end of modules, and one support module (`support.rs`) at the end of the crate root.

mod columns;
mod crate_files;
mod exports;
mod gate;
mod gates;
mod generics;
mod imports;
mod links;
mod lints;
mod lowered;
mod original;
mod pieces;
mod place;
mod request;
mod support;
mod syntax;
#[cfg(test)]
mod testing;

pub use exports::{CrateExports, Exports};
pub use gate::Purpose;
pub use gates::arbitrary_self_types::proof::{Call, OF_REACH, is_mark};
pub use gates::features as lowered_features;
pub use gates::used_with_arg::LINKER_MARK;
pub use lowered::{Lowered, Progress, lower_syntax};
pub use original::{Line, OriginalSpan};
pub use request::{GateStatus, Request};
