//! `-Zsanitizer=shadow-call-stack`: return addresses are kept on a second stack, in x18 (arm64).
//!
//! gcc and clang: `-fsanitize=shadow-call-stack`. rustc gives functions the attribute `shadowcallstack` (`sanitize_attrs`,
//! compiler/rustc_codegen_llvm/src/attributes.rs). A function that opts out (`#[sanitize(shadow_call_stack = "off")]`, unstable)
//! cannot be told apart afterwards. Tracking issue: <https://github.com/rust-lang/rust/issues/123615>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{ARM64, Flag, Given, Spelling, of_rustc, only_on};
use crate::target::Target;

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowCallStack;

impl Flag for ShadowCallStack {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Listed("sanitizer", "shadow-call-stack")]
    }

    fn parse(_: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, ARM64)?;
        for function in of_rustc(module)? {
            function.set_attribute("shadowcallstack", 0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    #[test]
    fn a_function_pushes_its_return_address_through_x18_only_if_it_is_on() {
        let fixture = Fixture::arm64(
            "declare void @g()\ndefine void @f() nounwind \"target-cpu\"=\"generic\" \"target-features\"=\"+v8a\" { call void @g()\n call void @g()\n ret void }",
        );
        // str x30, [x18], #8
        const PUSH: [u8; 4] = [0x5e, 0x86, 0x00, 0xf8];
        assert!(
            fixture
                .code("f", &["-Zfixed-x18", "-Zsanitizer=shadow-call-stack"])
                .starts_with(&PUSH)
        );
        assert!(!fixture.code("f", &["-Zfixed-x18"]).starts_with(&PUSH));
    }
}
