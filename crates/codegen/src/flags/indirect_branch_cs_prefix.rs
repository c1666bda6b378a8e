//! `-Zindirect-branch-cs-prefix`: a `cs` prefix before branches to retpoline thunks, so that they can be patched in place.
//!
//! gcc and clang: `-mindirect-branch-cs-prefix`. rustc sets the module flag `indirect_branch_cs_prefix` (`create_module`,
//! compiler/rustc_codegen_llvm/src/context.rs). Tracking issue: <https://github.com/rust-lang/rust/issues/116852>.

use gateless_llvm::{FlagBehavior, Module};
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling, X86, only_on};
use crate::target::Target;

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndirectBranchCsPrefix;

impl Flag for IndirectBranchCsPrefix {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("indirect-branch-cs-prefix")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(given.yes()?.then_some(Self))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, X86)?;
        module.set_flag(FlagBehavior::Override, "indirect_branch_cs_prefix", 1)
    }

    fn in_c(&self) -> InC {
        InC::Arguments(vec!["-mindirect-branch-cs-prefix".into()])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    const CALL: &str = "define void @f(ptr %g) \"target-cpu\"=\"generic\" \"target-features\"=\"+retpoline-external-thunk,+retpoline-indirect-calls\" { call void %g(i32 1, i32 2, i32 3, i32 4, i32 5)\n ret void }";

    #[test]
    fn calls_through_extended_registers_get_the_prefix_only_if_it_is_on() {
        let fixture = Fixture::x86(CALL);
        let cs = |code: &[u8]| code.windows(2).any(|pair| pair == [0x2e, 0xe8]);
        assert!(cs(&fixture.code("f", &["-Zindirect-branch-cs-prefix"])));
        assert!(!cs(&fixture.code("f", &[])));
    }
}
