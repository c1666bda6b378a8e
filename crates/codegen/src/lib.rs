//! From the bitcode of stable rustc to the object file that a rustc with `-Z` flags and a custom target would have made.
//!
//! A [`Job`] says what to read, what to apply and what to write, and [`run`] does it. The directories show the order:
//! - `flags/` and `ir/`: [`prepare()`] reads, checks and sets the target, applies the flags (one file each), undoes what lowering added, and fixes up
//!   `used` lists and debug paths;
//! - `backend/`: optimises if rustc has not, and generates each output with the libLLVM of that rustc;
//! - `object/`: fixes up the object.
//!
//! Nothing is printed and no process is started here.

mod backend;
mod flag;
mod flags;

mod ir;
mod job;
mod object;
mod prepare;
mod producer;
mod run;
mod sanitizer;
mod target;
#[cfg(test)]
mod testing;
mod types;
mod unwanted;

pub use flag::Spelling;
pub use flags::{Flags, Lists, spellings};
pub use gateless_llvm::{CodeModel, Reloc, set_fatal_hook};
pub use job::{Added, Done, Job, Output, Sample, Stage, UsedFix};
pub use prepare::{Prepared, prepare};
pub use run::run;
pub use target::{Merging, OptLevel, Target};
pub use types::{KnownCrate, Typed, check_release, defines_functions, type_numbers};
