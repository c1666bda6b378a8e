//! Translation of LLVM IR to GNU C: the C compiler of a kernel as the back end of its Rust.
//!
//! A module comes in through the view of `gateless-llvm`, the text of one C file goes out; nothing is printed, run or written. The module is meant to
//! be unoptimised (`-Cno-prepopulate-passes`): the C compiler is the optimiser. [`FLAGS`] are what it has to be called with, besides what the target
//! and the kernel's configuration ask for.
//!
//! What isn't understood is an error that names the function and the line of the source; [`Translation::refused`] has all of them.
//!
//! # How C's undefined behaviour is kept out
//!
//! | of | by |
//! | --- | --- |
//! | overflow | arithmetic on unsigned integers of at least 32 bits, masked to the width (`integer.rs`) |
//! | shifts | amounts masked: LLVM's poison becomes some number |
//! | signedness | values are unsigned; signed operations extend the sign first |
//! | types in memory | accesses through `may_alias` types of the alignment that the IR has; no C structure is laid over memory (`memory.rs`) |
//! | pointers | computed as integers where the IR doesn't promise `inbounds`; compared as integers |
//! | uninitialised values | `undef` and `poison` are 0, every variable is assigned to before it is read; `freeze` hides the value from the compiler |
//! | infinite loops | made of `goto`, of which C assumes nothing |
//! | conversions of floats | out-of-range ones saturate, as Rust's `as` |
//! | null | memory functions are called for at least one byte; the rest is up to the flags |
//!
//! # What is not here
//!
//! Vectors, unwinding, variadic definitions, `musttail`, operand bundles (KCFI), naked functions, numbers of more than 128 bits but for what
//! products of 128 bits need; numbers of more than 64 bits on targets whose C compiler has no `__int128`; arithmetic on `f16` and `f128` where floats are the machine's; ABIs other than that of
//! x86-64. All of these are refused. Debug information is that of lines: variables and types are lost, and a function's lines are those of where it was
//! inlined from only as far as a file and a line can say it.

mod abi;
mod aggregates;
mod atomics;
mod attributes;
mod body;
mod calls;
mod constants;
mod control;
mod debug;
mod floats;
mod functions;
mod globals;
mod inline_asm;
mod integer;
mod intrinsics;
mod linkage;
mod memory;
mod names;
mod operations;
mod refusal;
mod translation;
mod types;
mod unit;
mod wide;

pub use refusal::Refused;
pub use translation::{Translation, translate};

/// What a C compiler has to be called with, whatever it optimises: each takes away an assumption that holds of C and not of Rust.
pub const FLAGS: [&str; 6] = [
    "-fno-strict-aliasing",
    "-fno-strict-overflow",
    "-fno-delete-null-pointer-checks",
    "-fno-builtin",
    "-ffp-contract=off",
    "-std=gnu11",
];

/// The warnings of `-Wall` that translations aren't clean of: rustc's code has unused values, blocks and functions, and it copies bytes that were never
/// stored (padding, the payload of an empty variant) and, once generic code is instantiated, compares values with themselves.
pub const WARNINGS: [&str; 7] = [
    "-Wno-tautological-compare",
    "-Wno-uninitialized",
    "-Wno-maybe-uninitialized",
    "-Wno-unused-variable",
    "-Wno-unused-but-set-variable",
    "-Wno-unused-label",
    "-Wno-unused-function",
];

/// How a module is translated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the C code says from which line of the source it comes (`#line`).
    pub lines: bool,
    /// Who computes with floating point numbers.
    pub floats: Floats,
}

/// Who computes with floating point numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Floats {
    /// The machine; they are passed in its registers.
    #[default]
    Machine,
    /// Functions of the compiler's runtime; they are passed as integers, as in kernels.
    Soft,
}
