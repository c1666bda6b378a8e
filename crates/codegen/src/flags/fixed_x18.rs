//! `-Zfixed-x18`: arm64's register x18 is left alone (the kernel's shadow call stack lives in it).
//!
//! gcc and clang: `-ffixed-x18`. rustc adds the target feature `reserve-x18`, which `-Ctarget-feature` does not take on stable
//! (`flag_to_backend_features`, compiler/rustc_codegen_ssa/src/target_features.rs).
//! Accepted in <https://github.com/rust-lang/compiler-team/issues/748>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{ARM64, Flag, Given, Spelling, only_on};
use crate::target::Target;

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedX18;

impl Flag for FixedX18 {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("fixed-x18")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(given.yes()?.then_some(Self))
    }

    fn apply(&self, _: &Module, target: &Target) -> Result<()> {
        only_on(target, ARM64)
    }

    fn features(&self) -> &str {
        "+reserve-x18"
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    #[test]
    fn a_function_short_of_registers_uses_x18_only_if_it_may() {
        let loads: String = (0..30)
            .map(|n| format!(" %v{n} = load volatile i64, ptr %p\n"))
            .collect();
        let stores: String = (0..30)
            .map(|n| format!(" store volatile i64 %v{n}, ptr %p\n"))
            .collect();
        let fixture = Fixture::arm64(&format!(
            "define void @f(ptr %p) \"target-cpu\"=\"generic\" \"target-features\"=\"+v8a\" {{\n{loads}{stores} ret void }}"
        ));
        // `ldr x18, [...]`: the lowest five bits of a load are its register.
        let uses = |code: &[u8]| {
            code.chunks(4)
                .any(|word| word[3] == 0xf9 && word[0] & 0x1f == 18)
        };
        assert!(uses(&fixture.code("f", &[])));
        assert!(!uses(&fixture.code("f", &["-Zfixed-x18"])));
    }
}
