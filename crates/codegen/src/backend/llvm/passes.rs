//! `-Cpasses`: passes of LLVM after the optimiser's own, which is stable.
//!
//! clang: `-fpass-plugin` and `-fsanitize-coverage`, which adds its pass at an extension point instead. rustc parses the list at the end of the
//! pipeline (LLVMRustOptimize, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp). Kbuild passes `-Cpasses=sancov-module` for KCOV, with
//! options of that pass as `-Cllvm-args` (scripts/Makefile.kcov). The run of rustc that stops at unoptimised bitcode must not get it: the pass
//! would see, and count, what the optimiser takes away.

use crate::Flag;

/// The passes that `flags` add after the optimiser's own, in the notation of `opt -passes=`, each list with a comma before it.
pub fn after(flags: &[Flag]) -> String {
    let lists = flags.iter().filter_map(|flag| match flag {
        Flag::Passes(passes) => Some(format!(",{passes}")),
        _ => None,
    });
    lists.collect()
}

#[cfg(test)]
mod tests {
    use crate::backend::llvm::optimise;
    use crate::testing::Fixture;
    use crate::{Flag, OptLevel};

    /// Calls that are gone where the function has been inlined.
    fn calls(flags: &[Flag]) -> String {
        let fixture = Fixture::x86(
            "define internal i32 @g(i32 %x) alwaysinline { ret i32 %x }\ndefine i32 @f(i32 %x) { %y = call i32 @g(i32 %x)\n ret i32 %y }",
        );
        let mut module = fixture.module();
        let machine = fixture.prepare(&module, flags);
        optimise::run(&mut module, &machine, OptLevel::O2, flags).unwrap();
        module.verify().unwrap();
        module.to_text().unwrap()
    }

    #[test]
    fn the_passes_run_after_the_optimisers_own_and_in_their_order() {
        let plain = calls(&[]);
        assert!(!plain.contains("reg2mem"), "{plain}");
        let text = calls(&[Flag::Passes("reg2mem,instnamer".into())]);
        assert!(text.contains("reg2mem alloca point"), "{text}");
        assert!(!text.contains("@g"), "the optimiser had not run: {text}");
    }

    #[test]
    fn a_pass_that_llvm_does_not_know_is_named() {
        let fixture = Fixture::x86("define void @f() { ret void }");
        let mut module = fixture.module();
        let flags = [Flag::Passes("no-such-pass".into())];
        let machine = fixture.prepare(&module, &flags);
        let failure = optimise::run(&mut module, &machine, OptLevel::O2, &flags).unwrap_err();
        assert!(
            format!("{failure:?}").contains("no-such-pass"),
            "{failure:?}"
        );
    }
}
