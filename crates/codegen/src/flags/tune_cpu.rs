//! `-Ztune-cpu`: the processor whose timing the code suits, without its instructions.
//!
//! gcc and clang: `-mtune`. rustc writes `"tune-cpu"` next to `"target-cpu"` (`tune_cpu_attr`,
//! compiler/rustc_codegen_llvm/src/attributes.rs).

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling, of_rustc};
use crate::target::Target;

/// The processor's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TuneCpu(String);

impl Flag for TuneCpu {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("tune-cpu")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(given.needed("the name of a processor")?.into())))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        for function in of_rustc(module)? {
            function.set_text_attribute("tune-cpu", &self.0)?;
        }
        Ok(())
    }

    fn in_c(&self) -> InC {
        InC::Arguments(vec![format!("-mtune={}", self.0)])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    const SUM: &str = "define i64 @f(i64 %a) \"target-cpu\"=\"x86-64\" { %b = mul i64 %a, 9\n %c = add i64 %b, %a\n %d = udiv i64 %c, 1000\n ret i64 %d }\ndeclare void @llvm.trap()";

    #[test]
    fn rustcs_functions_are_tuned_and_llvms_own_are_not() {
        let text = Fixture::x86(SUM).with("-Ztune-cpu=generic");
        assert_eq!(
            text.matches("\"tune-cpu\"=\"generic\"").count(),
            1,
            "{text}"
        );
        assert!(
            !Fixture::x86(SUM)
                .module()
                .to_text()
                .unwrap()
                .contains("tune-cpu")
        );
    }
}
