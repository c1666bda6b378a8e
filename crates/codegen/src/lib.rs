//! From the bitcode of stable rustc to the object file that a rustc with `-Z` flags and a custom target would have made.
//!
//! A [`Job`] says what to read, what to apply and what to write; [`run`] does it, in this order: read, check and set the
//! target, apply the flags (one file each under `flags/`), repair `used` lists and debug paths, optimise if rustc has not,
//! and generate each output with the libLLVM of that rustc. Nothing is printed and no process is started here.

mod added;
mod arm_attributes;
mod debug_paths;
mod elf;
pub mod flags;
mod function_sections;
mod job;
mod llvm_args;
mod names;
mod no_unwinding;
mod optimise;
mod options;
mod passes;
mod producer;
mod receivers;
mod relocations;
mod run;
mod structors;
mod target;
#[cfg(test)]
mod testing;
mod used;

pub use flags::Flag;
pub use gateless_llvm::{
    CodeModel, Generator, Reloc, of_compiler as llvm_of_compiler, set_fatal_hook,
};
pub use job::{Added, Done, Job, OptLevel, Output, Sample, Stage, Target, UsedFix};
pub use run::run;
