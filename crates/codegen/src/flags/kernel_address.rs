//! `-Zsanitizer=kernel-address` (KASAN) and `-Zsanitizer-recover=kernel-address`: accesses are checked against a shadow of memory.
//!
//! gcc and clang: `-fsanitize=kernel-address`, `-fsanitize-recover=kernel-address`. rustc gives functions the attribute
//! `sanitize_address` (`sanitize_attrs`, compiler/rustc_codegen_llvm/src/attributes.rs) and adds LLVM's pass at the optimiser's
//! last extension point, with recovery as asked and use-after-scope on (LLVMRustOptimize,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp). A function that opts out (`#[sanitize(kernel_address = "off")]`, unstable) cannot be
//! told apart afterwards. Offsets and thresholds come as `-Cllvm-args`. Tracking issue: <https://github.com/rust-lang/rust/issues/123615>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, Place, Spelling, of_rustc};
use crate::sanitizer::Sanitizer;
use crate::target::Target;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelAddress(Sanitizer);

impl Flag for KernelAddress {
    fn spellings() -> &'static [Spelling] {
        &[
            Spelling::Listed("sanitizer", "kernel-address"),
            Spelling::Listed("sanitizer-recover", "kernel-address"),
        ]
    }

    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(Sanitizer::parse(
            given,
            before.map(|all| &all.0),
        ))))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        if !self.0.check {
            return Ok(());
        }

        for function in of_rustc(module)? {
            function.set_attribute("sanitize_address", 0)?;
        }
        Ok(())
    }

    fn passes(&self, place: Place) -> Option<&str> {
        (self.0.check && place == Place::Last).then_some("asan<kernel>")
    }

    /// What the pass's notation has no parameter for.
    fn llvm_options(&self) -> Vec<String> {
        let mut options = Vec::new();
        if self.0.check {
            options.push("-asan-use-after-scope=true".to_owned());
        }
        if self.0.recover {
            options.push("-asan-recover=true".to_owned());
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::llvm::optimise;
    use crate::target::OptLevel;
    use crate::testing::{Fixture, flags};

    const LOAD: &str = "define i8 @f(ptr %p) \"target-cpu\"=\"generic\" { %x = load i8, ptr %p\n ret i8 %x }\ndeclare void @llvm.trap()";

    #[test]
    fn rustcs_functions_are_marked_and_llvms_own_are_not() {
        let text = Fixture::x86(LOAD).with("-Zsanitizer=kernel-address");
        assert!(
            text.contains("attributes #0 = { sanitize_address \"target-cpu\"=\"generic\" }"),
            "{text}"
        );
        assert!(!text.contains("nounwind sanitize_address"), "{text}");
    }

    #[test]
    fn a_load_is_checked_only_if_it_is_on() {
        let checked = |options: &[&str]| {
            let fixture = Fixture::x86(LOAD);
            let mut module = fixture.module();
            let machine = fixture.prepare(&module, options);
            optimise::run(&mut module, &machine, &fixture.target, &flags(options)).unwrap();
            module.verify().unwrap();
            module.to_text().unwrap().contains("__asan_")
        };
        assert!(checked(&["-Zsanitizer=kernel-address"]));
        assert!(!checked(&[]));
    }

    #[test]
    fn a_level_whose_pipeline_is_not_known_in_parts_is_refused() {
        let mut fixture = Fixture::x86(LOAD);
        let mut module = fixture.module();
        let machine = fixture.prepare(&module, &["-Zsanitizer=kernel-address"]);
        fixture.target.opt = OptLevel::Oz;
        let failure = optimise::run(
            &mut module,
            &machine,
            &fixture.target,
            &flags(&["-Zsanitizer=kernel-address"]),
        )
        .unwrap_err();
        assert!(
            failure.what.contains("-Zsanitizer=kernel-address"),
            "{failure}"
        );
    }
}
