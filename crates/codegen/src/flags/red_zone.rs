//! The red zone: whether a function may use the stack below its stack pointer.
//!
//! gcc and clang: `-mno-red-zone`. rustc puts `noredzone` on every function where the target specification has
//! `disable-redzone` or `-Cno-redzone` says so (`declare_raw_fn`, compiler/rustc_codegen_llvm/src/declare.rs).
//! x86-64 kernels must not have it, since interrupts use the same stack; User Mode Linux may.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling};
use crate::target::Target;

/// Whether it is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedZone(bool);

impl Flag for RedZone {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Stable("no-redzone")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(!given.yes()?)))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        for function in module.functions()? {
            if self.0 {
                function.remove_attribute("noredzone")?;
            } else if !function.is_intrinsic()? {
                function.set_attribute("noredzone", 0)?;
            }
        }
        Ok(())
    }

    fn in_c(&self) -> InC {
        match self.0 {
            true => InC::InModule,
            false => InC::Arguments(vec!["-mno-red-zone".into()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    const LEAF: &str = "define i32 @f(i32 %x) ATTRIBUTE { %a = alloca [4 x i32]\n store volatile i32 %x, ptr %a\n %y = load volatile i32, ptr %a\n ret i32 %y }";

    #[test]
    fn a_forbidden_red_zone_makes_a_leaf_move_its_stack_pointer() {
        let fixture = Fixture::x86(&LEAF.replace("ATTRIBUTE", ""));
        assert!(fixture.with("-Cno-redzone").contains("noredzone"));
        assert_ne!(fixture.code("f", &[]), fixture.code("f", &["-Cno-redzone"]));
    }

    #[test]
    fn an_allowed_one_undoes_what_the_built_in_target_forbids() {
        let (without, with) = (
            Fixture::x86(&LEAF.replace("ATTRIBUTE", "")),
            Fixture::x86(&LEAF.replace("ATTRIBUTE", "noredzone")),
        );
        assert_ne!(without.code("f", &[]), with.code("f", &[]));
        assert_eq!(without.code("f", &[]), with.code("f", &["-Cno-redzone=n"]));
    }
}
