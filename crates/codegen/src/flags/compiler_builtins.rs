//! `#![compiler_builtins]`: the crate calls no function of another crate, where it would it traps; and its symbols are hidden.
//!
//! gcc and clang have nothing of the kind. rustc writes `llvm.trap` in place of each call to a function that is generated in a crate
//! upstream, which is how the panicking paths of `compiler_builtins` lose their panics
//! (`is_call_from_compiler_builtins_to_upstream_monomorphization`, compiler/rustc_codegen_ssa/src/mir/block.rs), and gives
//! what it exports hidden visibility (`default_visibility`, compiler/rustc_monomorphize/src/partitioning.rs, by the export level). The attribute is gated
//! (feature `compiler_builtins`), so stable rustc compiles the kernel's file of that name as an ordinary crate, and its calls are made traps here.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling, of_rustc};
use crate::target::Target;

/// The attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerBuiltins;

impl Flag for CompilerBuiltins {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Attribute("compiler_builtins")]
    }

    fn parse(_: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        for function in of_rustc(module)? {
            // Only Rust's own symbols: a foreign function that the crate declares is called.
            if function.is_declaration()? && function.name()?.starts_with("_R") {
                function.make_trap()?;
            } else {
                function.hide()?;
            }
        }
        Ok(())
    }

    fn in_c(&self) -> InC {
        InC::InModule
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    const CALLS: &str = "define void @f() \"target-cpu\"=\"generic\" { call void @_RNvC4core5panic(i32 1) noinline\n ret void }\n\
        define void @g() \"target-cpu\"=\"generic\" { call void @own()\n ret void }\n\
        declare void @_RNvC4core5panic(i32) noinline \"target-cpu\"=\"generic\"\ndeclare void @own() \"target-cpu\"=\"generic\"";

    #[test]
    fn functions_of_other_crates_trap_and_foreign_ones_are_called() {
        let text = Fixture::x86(CALLS).with("#![compiler_builtins]");
        assert!(
            text.contains("define internal void @_RNvC4core5panic(i32 %0)"),
            "{text}"
        );
        assert!(
            text.contains("call void @llvm.trap()") && text.contains("alwaysinline"),
            "{text}"
        );
        assert!(
            text.contains("declare void @own()") && !text.contains("noinline"),
            "{text}"
        );
        assert!(text.contains("define hidden void @f()"), "{text}");
    }

    #[test]
    fn without_the_flag_the_call_stays() {
        let text = Fixture::x86(CALLS).module().to_text().unwrap();
        assert!(
            text.contains("declare void @_RNvC4core5panic(i32)"),
            "{text}"
        );
    }
}
