//! `-Zdebug-info-for-profiling` (`-Zdebuginfo-for-profiling` since rustc 1.98): debug information tells apart what shares a line.
//!
//! gcc and clang: `-fdebug-info-for-profiling`. rustc hands LLVM profile options without a profile (LLVMRustOptimize,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which does two things: a pass that numbers the blocks of a line comes before all that change
//! locations (buildPerModuleDefaultPipeline, llvm/lib/Passes/PassBuilderPipelines.cpp), and the inliner may defer a decision
//! (buildInlinerPipeline there). The compile unit gets no mark of it, other than with clang. Kbuild passes it for AutoFDO, with LLVM options for
//! the numbers that code generation adds. Tracking issue: <https://github.com/rust-lang/rust/issues/155668>.

use gateless_model::Result;

use crate::flag::{Flag, Given, Place, Spelling};

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugInfoForProfiling;

impl Flag for DebugInfoForProfiling {
    fn spellings() -> &'static [Spelling] {
        &[
            Spelling::Unstable("debug-info-for-profiling"),
            Spelling::Unstable("debuginfo-for-profiling"),
        ]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(given.yes()?.then_some(Self))
    }

    /// The passes that LLVM itself has before this one look at no locations.
    fn passes(&self, place: Place) -> Option<&str> {
        (place == Place::First).then_some("function(add-discriminators)")
    }

    /// What profile options change in the inliner, which its notation has no parameter for.
    fn llvm_options(&self) -> Vec<String> {
        vec!["-inline-deferral=true".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::llvm::optimise;
    use crate::testing::{Fixture, flags};

    /// Two calls on one line, in different blocks.
    const LINE: &str = "declare void @g()\ndeclare void @h()\n\
        define void @f(i1 %x) \"target-cpu\"=\"generic\" !dbg !3 { br i1 %x, label %a, label %b, !dbg !6\n\
        a: call void @g(), !dbg !6\n ret void, !dbg !6\nb: call void @h(), !dbg !6\n ret void, !dbg !6 }\n\
        !llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n\
        !0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: FullDebug)\n\
        !1 = !DIFile(filename: \"lib.rs\", directory: \"/out\")\n!2 = !{i32 2, !\"Debug Info Version\", i32 3}\n\
        !3 = distinct !DISubprogram(name: \"f\", file: !1, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
        !5 = !DISubroutineType(types: !7)\n!6 = !DILocation(line: 2, scope: !3)\n!7 = !{}\n";

    #[test]
    fn blocks_of_one_line_are_told_apart_only_if_it_is_on() {
        let discriminators = |options: &[&str]| {
            let fixture = Fixture::x86(LINE);
            let mut module = fixture.module();
            let machine = fixture.prepare(&module, options);
            optimise::run(&mut module, &machine, &fixture.target, &flags(options)).unwrap();
            module
                .to_text()
                .unwrap()
                .matches("DILexicalBlockFile")
                .count()
        };
        assert!(discriminators(&["-Zdebug-info-for-profiling"]) > 0);
        assert_eq!(discriminators(&[]), 0);
    }
}
