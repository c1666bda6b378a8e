//! `-Zsanitizer=kcfi` (kCFI): its effect cannot be had from the bitcode of a stable rustc, so a build that asks for it is refused.
//!
//! gcc and clang: `-fsanitize=kcfi`. Tracking issue: <https://github.com/rust-lang/rust/issues/123479>. LLVM wants a
//! number for the type of every function (`!kcfi_type`) and of every indirect call (the operand bundle `"kcfi"`), and a caller traps
//! where the two differ. rustc computes it from Rust's types, in the encoding that clang has for C's (compiler/rustc_sanitizers/src/kcfi).
//! What is missing afterwards:
//! - the types: in LLVM IR every pointer is `ptr` and every 64-bit integer `i64`, signed or not. Debug information still has those of
//!   functions, but not of calls, which have no type of their own there;
//!   `--emit=mir` of stable rustc shows calls with their types, but before generics are filled in, and as text for people;
//! - the shims: with kCFI, rustc puts functions of another type between a vtable or a function pointer and some functions
//!   (`ReifyShim` with a reason), which are not in the bitcode at all.
//!
//! Linux 7.3 lets CONFIG_CFI be on with Rust (init/Kconfig: `!CFI || HAVE_CFI_ICALL_NORMALIZE_INTEGERS_RUSTC`) and passes
//! `-Zsanitizer=kcfi -Zsanitizer-cfi-normalize-integers -Zmerge-functions=disabled` (Makefile), of which the last is no obstacle.
//! To guess types or shims would make the kernel trap in calls that are right, or accept calls that are wrong.

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
            "kCFI needs the Rust type of every function and of every indirect call, which only rustc knows; turn CONFIG_CFI off",
        ))
    }
}
