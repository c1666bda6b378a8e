//! `-Zsanitizer=kernel-hwaddress` (KASAN by tags in pointers, arm64) and `-Zsanitizer-recover=kernel-hwaddress`.
//!
//! gcc and clang: `-fsanitize=kernel-hwaddress`. rustc gives functions the attribute `sanitize_hwaddress` (`sanitize_attrs`,
//! compiler/rustc_codegen_llvm/src/attributes.rs) and adds LLVM's pass at the optimiser's last extension point, for the kernel and with
//! recovery as asked (LLVMRustOptimize, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp; rustc 1.96 and later, up to then for user space only). A
//! function that opts out cannot be told apart afterwards. Offsets and what else is instrumented come as `-Cllvm-args`.
//! Tracking issue: <https://github.com/rust-lang/rust/issues/154171>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{ARM64, Flag, Given, Place, Spelling, of_rustc, only_on};
use crate::sanitizer::Sanitizer;
use crate::target::Target;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelHwaddress(Sanitizer);

impl Flag for KernelHwaddress {
    fn spellings() -> &'static [Spelling] {
        &[
            Spelling::Listed("sanitizer", "kernel-hwaddress"),
            Spelling::Listed("sanitizer-recover", "kernel-hwaddress"),
        ]
    }

    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(Sanitizer::parse(
            given,
            before.map(|all| &all.0),
        ))))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        if !self.0.check {
            return Ok(());
        }
        only_on(target, ARM64)?;
        for function in of_rustc(module)? {
            function.set_attribute("sanitize_hwaddress", 0)?;
        }
        Ok(())
    }

    fn passes(&self, place: Place) -> Option<&str> {
        (self.0.check && place == Place::Last).then_some("hwasan<kernel>")
    }

    /// The pass's notation has no parameter for recovery.
    fn llvm_options(&self) -> Vec<String> {
        let mut options = Vec::new();
        if self.0.recover {
            options.push("-hwasan-recover=true".to_owned());
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::llvm::optimise;
    use crate::testing::{Fixture, flags};

    const LOAD: &str = "define i8 @f(ptr %p) \"target-cpu\"=\"generic\" { %x = load i8, ptr %p\n ret i8 %x }\ndeclare void @llvm.trap()";

    #[test]
    fn rustcs_functions_are_marked_and_llvms_own_are_not() {
        let text = Fixture::arm64(LOAD).with("-Zsanitizer=kernel-hwaddress");
        assert!(
            text.contains("attributes #0 = { sanitize_hwaddress \"target-cpu\"=\"generic\" }")
                && !text.contains("nounwind sanitize_hwaddress"),
            "{text}"
        );
    }

    #[test]
    fn a_load_is_checked_only_if_it_is_on_and_without_the_start_up_code_of_programs() {
        let optimised = |options: &[&str]| {
            let fixture = Fixture::arm64(LOAD);
            let mut module = fixture.module();
            let machine = fixture.prepare(&module, options);
            optimise::run(&mut module, &machine, &fixture.target, &flags(options)).unwrap();
            module.verify().unwrap();
            module.to_text().unwrap()
        };
        let text = optimised(&["-Zsanitizer=kernel-hwaddress"]);
        assert!(text.contains("@llvm.hwasan.check.memaccess"), "{text}");
        assert!(!text.contains("hwasan.module_ctor"), "{text}");
        assert!(!optimised(&[]).contains("hwasan"));
    }

    #[test]
    fn other_architectures_are_refused() {
        let fixture = Fixture::x86(LOAD);
        let failure = flags(&["-Zsanitizer=kernel-hwaddress"])
            .apply(&fixture.module(), &fixture.target)
            .unwrap_err();
        assert!(failure.what.contains("x86_64"), "{failure}");
    }
}
