//! From the bitcode of stable rustc to the object file that a rustc with `-Z` flags and a custom target would have made.
//!
//! A [`Job`] says what to read, what to apply and what to write; [`run`] does it, in this order: read, check and set the
//! target, apply the flags (one file each under `flags/`), repair `used` lists and debug paths, optimise if rustc has not,
//! and generate each output with the libLLVM of that rustc. Nothing is printed and no process is started here.

pub mod flags;
mod ir;
mod job;
mod llvm_args;
mod object;
mod optimise;
mod options;
mod passes;
mod producer;
mod run;
mod target;
#[cfg(test)]
mod testing;

pub use flags::Flag;
pub use gateless_llvm::{
    CodeModel, Generator, Reloc, of_compiler as llvm_of_compiler, set_fatal_hook,
};
pub use job::{Added, Done, Job, OptLevel, Output, Sample, Stage, Target, UsedFix};
pub use run::run;
