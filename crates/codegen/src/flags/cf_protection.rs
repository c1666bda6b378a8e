//! `-Zcf-protection`: Intel's control flow enforcement (endbr instructions, shadow stacks).
//!
//! gcc and clang: `-fcf-protection`. rustc sets the module flags `cf-protection-branch` and `cf-protection-return`
//! (`create_module`, compiler/rustc_codegen_llvm/src/context.rs). Tracking issue:
//! <https://github.com/rust-lang/rust/issues/93754>.

use gateless_llvm::{FlagBehavior, Module};
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling, X86, only_on};
use crate::target::Target;

/// Which halves are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CfProtection {
    /// Indirect branches may only go to `endbr`.
    pub branch: bool,
    /// Returns are checked.
    pub returns: bool,
}

impl Flag for CfProtection {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("cf-protection")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        let wanted = "none, branch, return and full";
        let (branch, returns) = match given.needed(wanted)? {
            "none" | "n" | "no" | "off" | "false" => return Ok(None),
            "branch" => (true, false),
            "return" => (false, true),
            "full" | "y" | "yes" | "on" | "true" => (true, true),
            _ => return Err(given.bad(wanted)),
        };
        Ok(Some(Self { branch, returns }))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, X86)?;
        if self.branch {
            module.set_flag(FlagBehavior::Override, "cf-protection-branch", 1)?;
        }
        if self.returns {
            module.set_flag(FlagBehavior::Override, "cf-protection-return", 1)?;
        }
        Ok(())
    }

    fn in_c(&self) -> InC {
        let halves = match (self.branch, self.returns) {
            (true, true) => "full",
            (true, false) => "branch",
            (false, true) => "return",
            (false, false) => "none",
        };
        InC::Arguments(vec![format!("-fcf-protection={halves}")])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags};

    const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
    const BRANCH: &str = "-Zcf-protection=branch";

    #[test]
    fn a_function_begins_with_endbr_only_if_it_is_on() {
        let fixture = Fixture::x86("define void @f() { ret void }");
        assert!(fixture.code("f", &[BRANCH]).starts_with(&ENDBR64));
        assert!(!fixture.code("f", &[]).starts_with(&ENDBR64));
    }

    #[test]
    fn each_half_has_its_module_flag() {
        let fixture = Fixture::x86("define void @f() { ret void }");
        let text = fixture.with(BRANCH);
        assert!(
            text.contains("!{i32 4, !\"cf-protection-branch\", i32 1}")
                && !text.contains("cf-protection-return"),
            "{text}"
        );
        let text = fixture.with("-Zcf-protection=full");
        assert!(
            text.contains("!{i32 4, !\"cf-protection-return\", i32 1}"),
            "{text}"
        );
    }

    #[test]
    fn other_architectures_are_refused() {
        let mut fixture = Fixture::x86("");
        fixture.target.triple = "riscv64".into();
        let failure = flags(&[BRANCH])
            .apply(&fixture.module(), &fixture.target)
            .unwrap_err();
        assert!(failure.what.contains("riscv64"), "{failure}");
    }
}
