//! Calls may go through the procedure linkage table.
//!
//! gcc and clang: `-fplt`. Where a target does without, rustc puts `nonlazybind` on every function
//! (`non_lazy_bind_attr`, compiler/rustc_codegen_llvm/src/attributes.rs) and sets the module flag `RtLibUseGOT`
//! (`create_module` in context.rs). The built-in x86-64 targets do without (`plt_by_default: false`); the kernel's own
//! specification does not say so.

use gateless_llvm::{FlagBehavior, Module};
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling};
use crate::target::Target;

/// Calls may go through the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plt;

impl Flag for Plt {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Specification("plt-by-default")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        if given.yes()? {
            return Ok(Some(Self));
        }
        Err(given
            .not_reproduced()
            .help("the kernel never asks for calls without a procedure linkage table"))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        for function in module.functions()? {
            function.remove_attribute("nonlazybind")?;
        }
        // A module flag can't be taken out; LLVM reads 0 as absent (Module::getRtLibUseGOT).
        if module.flag("RtLibUseGOT")?.is_some() {
            module.set_flag(FlagBehavior::Warning, "RtLibUseGOT", 0)?;
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

    const CALLS: &str = "declare void @g() nonlazybind\n\
        define void @f() nonlazybind { call void @g()\n ret void }\n\
        !llvm.module.flags = !{!0, !1}\n!0 = !{i32 2, !\"RtLibUseGOT\", i32 1}\n!1 = !{i32 8, !\"PIC Level\", i32 2}";

    #[test]
    fn calls_lose_nonlazybind_and_the_module_its_flag() {
        let text = Fixture::x86(CALLS).with("plt-by-default=true");
        assert!(!text.contains("nonlazybind"), "{text}");
        assert!(text.contains("!\"RtLibUseGOT\", i32 0"), "{text}");
    }

    #[test]
    fn without_the_flag_a_call_goes_through_the_got() {
        let fixture = Fixture::x86(CALLS).pic();
        assert_ne!(
            fixture.code("f", &[]),
            fixture.code("f", &["plt-by-default=true"])
        );
    }
}
