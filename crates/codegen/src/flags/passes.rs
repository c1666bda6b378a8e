//! `-Cpasses`: passes of LLVM after the optimiser's own, which is stable.
//!
//! clang: `-fpass-plugin` and `-fsanitize-coverage`, which adds its pass at an extension point instead. rustc parses the list at the end of the
//! pipeline (LLVMRustOptimize, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp). Kbuild passes `-Cpasses=sancov-module` for KCOV, with
//! options of that pass as `-Cllvm-args` (scripts/Makefile.kcov). The run of rustc that stops at unoptimised bitcode must not get it: the pass
//! would see, and count, what the optimiser takes away.

use gateless_model::Result;

use crate::flag::{Flag, Given, Place, Spelling};

/// The passes, with commas between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passes(String);

impl Flag for Passes {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Stable("passes")]
    }

    /// Lists have blanks between their passes; all of them are one, in their order.
    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        let before = before.map(|passes| passes.0.as_str());
        let given = given.needed("a list of passes")?.split_whitespace();
        let all: Vec<&str> = before.into_iter().chain(given).collect();
        Ok((!all.is_empty()).then(|| Self(all.join(","))))
    }

    fn passes(&self, place: Place) -> Option<&str> {
        (place == Place::After).then_some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::llvm::optimise;
    use crate::testing::{Fixture, flags};

    /// Calls that are gone where the function has been inlined.
    fn calls(options: &[&str]) -> String {
        let fixture = Fixture::x86(
            "define internal i32 @g(i32 %x) alwaysinline { ret i32 %x }\ndefine i32 @f(i32 %x) { %y = call i32 @g(i32 %x)\n ret i32 %y }",
        );
        let mut module = fixture.module();
        let machine = fixture.prepare(&module, options);
        optimise::run(&mut module, &machine, &fixture.target, &flags(options)).unwrap();
        module.verify().unwrap();
        module.to_text().unwrap()
    }

    #[test]
    fn the_passes_run_after_the_optimisers_own_and_in_their_order() {
        let plain = calls(&[]);
        assert!(!plain.contains("reg2mem"), "{plain}");
        let text = calls(&["-Cpasses=reg2mem", "-Cpasses=instnamer"]);
        assert!(text.contains("reg2mem alloca point"), "{text}");
        assert!(!text.contains("@g"), "the optimiser had not run: {text}");
    }

    #[test]
    fn a_pass_that_llvm_does_not_know_is_named() {
        let fixture = Fixture::x86("define void @f() { ret void }");
        let mut module = fixture.module();
        let options = ["-Cpasses=no-such-pass"];
        let machine = fixture.prepare(&module, &options);
        let failure =
            optimise::run(&mut module, &machine, &fixture.target, &flags(&options)).unwrap_err();
        assert!(
            format!("{failure:?}").contains("no-such-pass"),
            "{failure:?}"
        );
    }

    #[test]
    fn all_lists_are_one_in_their_order() {
        assert_eq!(
            flags(&["-Cpasses=a b", "-Cpasses=c"]),
            flags(&["-Cpasses=a b c"])
        );
        assert!(flags(&["-Cpasses= "]).is_empty());
    }
}
