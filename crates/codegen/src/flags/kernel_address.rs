//! `-Zsanitizer=kernel-address` (KASAN) and `-Zsanitizer-recover=kernel-address`: accesses are checked against a shadow of memory.
//!
//! gcc and clang: `-fsanitize=kernel-address`, `-fsanitize-recover=kernel-address`. rustc gives functions the attribute
//! `sanitize_address` (`sanitize_attrs`, compiler/rustc_codegen_llvm/src/attributes.rs) and adds LLVM's pass at the optimiser's
//! last extension point, with recovery as asked and use-after-scope on (LLVMRustOptimize,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp). A function that opts out (`#[sanitize(kernel_address = "off")]`, unstable) cannot be
//! told apart afterwards. Offsets and thresholds come as `-Cllvm-args`. Tracking issue: <https://github.com/rust-lang/rust/issues/123615>.

use gateless_llvm::Module;
use gateless_model::Result;

use super::of_rustc;

/// The pass.
pub(super) const PASS: &str = "asan<kernel>";
/// What the pass's notation has no parameter for.
pub(super) const OPTIONS: &[&str] = &["-asan-use-after-scope=true"];
/// The same for recovery.
pub(super) const RECOVER: &[&str] = &["-asan-recover=true"];

pub(super) fn apply(module: &Module) -> Result<()> {
    for function in of_rustc(module)? {
        function.set_attribute("sanitize_address", 0)?;
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
        let text = Fixture::x86(LOAD).with(&Flag::KernelAddress);
        assert!(
            text.contains("attributes #0 = { sanitize_address \"target-cpu\"=\"generic\" }"),
            "{text}"
        );
        assert!(!text.contains("nounwind sanitize_address"), "{text}");
    }

    #[test]
    fn a_load_is_checked_only_if_it_is_on() {
        let checked = |flags: &[Flag]| {
            let fixture = Fixture::x86(LOAD);
            let mut module = fixture.module();
            let machine = fixture.prepare(&module, flags);
            optimise::run(&mut module, &machine, OptLevel::O2, flags).unwrap();
            module.verify().unwrap();
            module.to_text().unwrap().contains("__asan_")
        };
        assert!(checked(&[Flag::KernelAddress]));
        assert!(!checked(&[]));
    }

    #[test]
    fn a_level_whose_pipeline_is_not_known_in_parts_is_refused() {
        let fixture = Fixture::x86(LOAD);
        let mut module = fixture.module();
        let machine = fixture.prepare(&module, &[Flag::KernelAddress]);
        let failure =
            optimise::run(&mut module, &machine, OptLevel::Oz, &[Flag::KernelAddress]).unwrap_err();
        assert!(
            failure.what.contains("-Zsanitizer=kernel-address"),
            "{failure}"
        );
    }
}
