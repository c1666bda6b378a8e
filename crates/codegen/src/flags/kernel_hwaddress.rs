//! `-Zsanitizer=kernel-hwaddress` (KASAN by tags in pointers, arm64) and `-Zsanitizer-recover=kernel-hwaddress`.
//!
//! gcc and clang: `-fsanitize=kernel-hwaddress`. rustc gives functions the attribute `sanitize_hwaddress` (`sanitize_attrs`,
//! compiler/rustc_codegen_llvm/src/attributes.rs) and adds LLVM's pass at the optimiser's last extension point, for the kernel and with
//! recovery as asked (LLVMRustOptimize, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp; rustc 1.96 and later, up to then for user space only). A
//! function that opts out cannot be told apart afterwards. Offsets and what else is instrumented come as `-Cllvm-args`.
//! Tracking issue: <https://github.com/rust-lang/rust/issues/154171>.

use gateless_llvm::Module;
use gateless_model::Result;

use super::{ARM64, of_rustc, only_on};
use crate::Target;

/// The pass.
pub(super) const PASS: &str = "hwasan<kernel>";
/// Recovery.
pub(super) const RECOVER: &[&str] = &["-hwasan-recover=true"];

pub(super) fn apply(module: &Module, target: &Target) -> Result<()> {
    only_on(target, ARM64)?;
    for function in of_rustc(module)? {
        function.set_attribute("sanitize_hwaddress", 0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::backend::llvm::optimise;
    use crate::testing::Fixture;
    use crate::{Flag, OptLevel};

    const LOAD: &str = "define i8 @f(ptr %p) \"target-cpu\"=\"generic\" { %x = load i8, ptr %p\n ret i8 %x }\ndeclare void @llvm.trap()";

    #[test]
    fn rustcs_functions_are_marked_and_llvms_own_are_not() {
        let text = Fixture::arm64(LOAD).with(&Flag::KernelHwaddress);
        assert!(
            text.contains("attributes #0 = { sanitize_hwaddress \"target-cpu\"=\"generic\" }")
                && !text.contains("nounwind sanitize_hwaddress"),
            "{text}"
        );
    }

    #[test]
    fn a_load_is_checked_only_if_it_is_on_and_without_the_start_up_code_of_programs() {
        let optimised = |flags: &[Flag]| {
            let fixture = Fixture::arm64(LOAD);
            let mut module = fixture.module();
            let machine = fixture.prepare(&module, flags);
            optimise::run(&mut module, &machine, OptLevel::O2, flags).unwrap();
            module.verify().unwrap();
            module.to_text().unwrap()
        };
        let text = optimised(&[Flag::KernelHwaddress]);
        assert!(text.contains("@llvm.hwasan.check.memaccess"), "{text}");
        assert!(!text.contains("hwasan.module_ctor"), "{text}");
        assert!(!optimised(&[]).contains("hwasan"));
    }

    #[test]
    fn other_architectures_are_refused() {
        let fixture = Fixture::x86(LOAD);
        let failure = Flag::KernelHwaddress
            .apply(&fixture.module(), &fixture.target)
            .unwrap_err();
        assert!(failure.what.contains("x86_64"), "{failure}");
    }
}
