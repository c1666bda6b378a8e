//! `-Zsanitizer=kcfi` (kCFI): refused, until what is here for it was seen to hold in a kernel.
//!
//! gcc and clang: `-fsanitize=kcfi`. Tracking issue: <https://github.com/rust-lang/rust/issues/123479>. LLVM wants a number for the type of every
//! function (`!kcfi_type`) and of every indirect call (the operand bundle `"kcfi"`), and a caller traps where the two differ. rustc computes it from
//! Rust's types, in the encoding that clang has for C's (compiler/rustc_sanitizers/src/kcfi), which are not in LLVM IR: every pointer is `ptr` there.
//!
//! `gateless-kcfi` computes the same numbers from what stable rustc prints: `--emit=mir` has the types of calls, debug information those of functions,
//! and the sources the rest. `../ir/kcfi.rs` puts them into a module, as [`crate::Job::kcfi`] has them. `tests/oracle_kcfi.rs` compares objects with
//! rustc's. What is missing:
//! - the driver asks rustc for MIR and debug information, and compiles `core` with `cfg(sanitize = "kcfi")`;
//! - the functions that rustc puts between a function pointer and a trait's method (`ReifyShim`): a crate that needs one is refused;
//! - the numbers of functions that have a closure's type in theirs (they have none), or another function's own (debug information has it as a
//!   pointer, so it is another number): whatever calls one through its address traps;
//! - `-Zsanitizer-kcfi-arity`, which no kernel configuration asks for.
//!
//! Linux 7.3 lets CONFIG_CFI be on with Rust (init/Kconfig: `!CFI || HAVE_CFI_ICALL_NORMALIZE_INTEGERS_RUSTC`) and passes
//! `-Zsanitizer=kcfi -Zsanitizer-cfi-normalize-integers -Zmerge-functions=disabled` (Makefile), of which the last is no obstacle.
//! To guess numbers would make the kernel trap in calls that are right, or accept calls that are wrong.

use gateless_model::Result;

use crate::flag::{Flag, Given, Spelling};

/// No value of it is reproduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kcfi {}

impl Flag for Kcfi {
    fn spellings() -> &'static [Spelling] {
        &[
            Spelling::Listed("sanitizer", "kcfi"),
            Spelling::Unstable("sanitizer-cfi-normalize-integers"),
            Spelling::Unstable("sanitizer-kcfi-arity"),
        ]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Err(given.not_reproduced().help(
            "kCFI needs the Rust type of every function and of every indirect call; they can be told from what rustc prints, but builds don't do so yet; turn CONFIG_CFI off",
        ))
    }
}
