//! `-Zsanitizer=kcfi` (kCFI): an indirect call traps unless what it calls has the type that the caller expects.
//!
//! gcc and clang: `-fsanitize=kcfi`, `-fsanitize-cfi-icall-experimental-normalize-integers`, `-fsanitize-kcfi-arity`. Tracking issues:
//! <https://github.com/rust-lang/rust/issues/123479>, <https://github.com/rust-lang/rust/issues/138311>. LLVM wants a number for the type of every
//! function (`!kcfi_type`) and of every indirect call (the operand bundle `"kcfi"`), and a caller traps where the two differ. rustc computes it from
//! Rust's types, in the encoding that clang has for C's (compiler/rustc_sanitizers/src/kcfi), which are not in LLVM IR: every pointer is `ptr` there.
//!
//! `gateless-kcfi` computes the same numbers from what stable rustc prints: `--emit=mir` has the types of calls, debug information those of functions,
//! and the sources the rest. `../ir/kcfi.rs` puts them into a module, as [`crate::Job::kcfi`] has them. What is here is how kCFI is asked for, and the
//! module flags, which rustc sets in `create_module` (compiler/rustc_codegen_llvm/src/context.rs). `tests/oracle_kcfi.rs` compares objects with
//! rustc's.
//!
//! A prebuilt `core` can't have it: no MIR comes with it, and its `fmt` calls functions through pointers of another type unless it is compiled with
//! `cfg(sanitize = "kcfi")`.

use gateless_llvm::{FlagBehavior, Module};
use gateless_model::{Failure, Result};

use crate::flag::{Flag, Given, Spelling, X86, only_on};
use crate::target::Target;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kcfi {
    /// Calls are checked.
    check: bool,
    /// Integers count as C's.
    normalize: bool,
    /// The number of arguments stands in the code before functions, for FineIBT.
    arity: bool,
}

const NORMALIZE: &str = "sanitizer-cfi-normalize-integers";
const ARITY: &str = "sanitizer-kcfi-arity";

impl Flag for Kcfi {
    fn spellings() -> &'static [Spelling] {
        &[
            Spelling::Listed("sanitizer", "kcfi"),
            Spelling::Unstable(NORMALIZE),
            Spelling::Unstable(ARITY),
        ]
    }

    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        let mut all = before.cloned().unwrap_or_default();
        match given.spelling {
            Spelling::Unstable(NORMALIZE) => all.normalize = given.yes()?,
            Spelling::Unstable(ARITY) => all.arity = given.yes()?,
            _ => all.check = true,
        }
        Ok((all != Self::default()).then_some(all))
    }

    fn needs_unoptimised(&self) -> bool {
        self.check
    }

    fn needs_types(&self) -> Option<bool> {
        self.check.then_some(self.normalize)
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        let without = |name: &str| {
            Failure::usage(format!("-Z{name} requires -Zsanitizer=kcfi"))
                .help("rustc refuses the one without the other, too")
        };
        if self.normalize && !self.check {
            return Err(without(NORMALIZE));
        }
        if self.arity && !self.check {
            return Err(without(ARITY));
        }
        if self.arity {
            only_on(target, X86)?;
            module.set_flag(FlagBehavior::Override, "kcfi-arity", 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, flags};

    fn types(options: &[&str]) -> Option<bool> {
        flags(options).need_types()
    }

    #[test]
    fn types_are_needed_where_calls_are_checked_with_integers_as_asked_for() {
        assert_eq!(types(&["-Zsanitizer=kcfi"]), Some(false));
        let both = ["-Zsanitizer-cfi-normalize-integers", "-Zsanitizer=kcfi"];
        assert_eq!(types(&both), Some(true));
        assert_eq!(types(&["-Zsanitizer-cfi-normalize-integers=n"]), None);
        assert_eq!(types(&["-Zsanitizer=kernel-address"]), None);
    }

    #[test]
    fn what_belongs_to_kcfi_is_refused_without_it() {
        let module = Fixture::x86("define void @f() { ret void }").module();
        for option in [NORMALIZE, ARITY] {
            let asked = flags(&[&format!("-Z{option}")]);
            let failure = asked
                .apply(&module, &crate::testing::x86_target())
                .unwrap_err();
            assert!(failure.what.contains(option), "{failure}");
        }
    }
}
