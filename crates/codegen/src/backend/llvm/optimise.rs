//! rustc's optimisation pipeline, for bitcode that rustc left unoptimised.
//!
//! After `llvm_optimize` (compiler/rustc_codegen_llvm/src/back/write.rs), `LLVMRustOptimize`
//! (compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp) and `ModuleConfig` (compiler/rustc_codegen_ssa/src/back/write.rs),
//! for `-Clto=n` and one codegen unit.

use gateless_llvm::{Module, PassOptions, TargetMachine};
use gateless_model::{Failure, Result};

use super::passes;
use crate::flags::{MergeFunctions, profile_sample_use};
use crate::{Flag, OptLevel};

/// LLVM 22's pipelines with function merging, written out (`opt -passes='default<O2>' -enable-merge-functions
/// -print-pipeline-passes`): LLVM's C API has no extension points to add passes at.
const O2_OF_LLVM_22: &str = include_str!("llvm22-O2.txt");
/// The same for size, with loops neither unrolled nor vectorised. The notation leaves out that loop-unroll-full and loop-unroll
/// unroll nothing but what the source asks for, which Rust has no way to; so the first is left out, and the second
/// replaced by what it does to every loop (LoopUnrollPass::run, llvm/lib/Transforms/Scalar/LoopUnrollPass.cpp).
const OS_OF_LLVM_22: &str = include_str!("llvm22-Os.txt");
/// What a profile's passes come right after (buildModuleSimplificationPipeline, llvm/lib/Passes/PassBuilderPipelines.cpp).
const BEFORE_PROFILE: &str = "early-cse<>),";
/// What comes right after the last extension point (buildModuleOptimizationPipeline, llvm/lib/Passes/PassBuilderPipelines.cpp).
const AFTER_LAST: &str = ",globaldce,constmerge,mergefunc,";

/// Runs the pipeline of `level`, with what `flags` add to it.
pub fn run(
    module: &mut Module,
    machine: &TargetMachine,
    level: OptLevel,
    flags: &[Flag],
) -> Result<()> {
    let merge = merging(flags);
    let inside: Vec<_> = flags.iter().filter(|flag| is_inside(flag)).collect();
    let pipeline = if inside.is_empty() {
        format!("default<{}>", name(level))
    } else {
        in_parts(module, level, merge, &inside)?
    };
    let first: String = flags
        .iter()
        .filter_map(Flag::first_pass)
        .map(|pass| format!("{pass},"))
        .collect();
    let after = passes::after(flags);
    // rustc adds the last two for its ThinLTO buffers, whether it needs any or not.
    module.run_passes(
        &format!("{first}{pipeline}{after},canonicalize-aliases,name-anon-globals"),
        machine,
        tuning(level, merge),
    )
}

/// Whether the flag adds passes in the middle of the pipeline.
fn is_inside(flag: &Flag) -> bool {
    flag.last_pass().is_some() || matches!(flag, Flag::ProfileSampleUse(_))
}

/// The pipeline with the passes of `flags` in it.
fn in_parts(
    module: &Module,
    level: OptLevel,
    merge: MergeFunctions,
    flags: &[&Flag],
) -> Result<String> {
    let last: Vec<_> = flags.iter().filter_map(|flag| flag.last_pass()).collect();
    let profile = flags
        .iter()
        .any(|flag| matches!(flag, Flag::ProfileSampleUse(_)));
    parts(module.llvm().version().0, level, merge, profile, &last).ok_or_else(|| {
        let wanted: Vec<_> = flags.iter().map(|flag| flag.name()).collect();
        Failure::no(format!(
            "where {} belongs in the optimiser is not known for LLVM {} and -Copt-level={}",
            wanted.join(", "),
            module.llvm().version().0,
            name(level).trim_start_matches('O')
        ))
        .help("it is for LLVM 22 with -Copt-level=2 and -Copt-level=s")
    })
}

/// The pipeline with a profile's passes, if `profile`, and with `last` at the optimiser's last extension point.
fn parts(
    major: u32,
    level: OptLevel,
    merge: MergeFunctions,
    profile: bool,
    last: &[&str],
) -> Option<String> {
    let known = match (major, level) {
        (22, OptLevel::O2) => O2_OF_LLVM_22,
        (22, OptLevel::Os) => OS_OF_LLVM_22,
        _ => return None,
    };
    let (begin, rest) = known.trim_end().split_once(BEFORE_PROFILE)?;
    let (middle, end) = rest.split_once(AFTER_LAST)?;
    let (profile, separator) = if profile {
        (profile_sample_use::PASSES, ",")
    } else {
        ("", "")
    };
    let last: String = last.iter().map(|pass| format!("{pass},")).collect();
    let merge = if merge == MergeFunctions::Disabled {
        ""
    } else {
        "mergefunc,"
    };
    Some(format!(
        "{begin}{BEFORE_PROFILE}{profile}{separator}{middle},{last}globaldce,constmerge,{merge}{end}"
    ))
}

fn name(level: OptLevel) -> &'static str {
    match level {
        OptLevel::O0 => "O0",
        OptLevel::O1 => "O1",
        OptLevel::O2 => "O2",
        OptLevel::O3 => "O3",
        OptLevel::Os => "Os",
        OptLevel::Oz => "Oz",
    }
}

/// What is asked for about functions with equal bodies; the last flag counts, as with rustc.
pub fn merging(flags: &[Flag]) -> MergeFunctions {
    let asked = flags.iter().rev().find_map(|flag| {
        if let Flag::MergeFunctions(merge) = flag {
            Some(*merge)
        } else {
            None
        }
    });
    asked.unwrap_or(MergeFunctions::Aliases)
}

fn tuning(level: OptLevel, merge: MergeFunctions) -> PassOptions {
    let vectorize = matches!(level, OptLevel::O2 | OptLevel::O3);
    PassOptions {
        merge_functions: merge != MergeFunctions::Disabled
            && !matches!(level, OptLevel::O0 | OptLevel::O1),
        unroll_loops: !matches!(level, OptLevel::Os | OptLevel::Oz),
        vectorize_loops: vectorize,
        vectorize_slp: vectorize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::process::Command;

    use gateless_llvm::Context;

    use crate::target;
    use crate::testing::{llvm, x86_target};

    /// The sample crate of the oracle's tests, unoptimised, for the host.
    fn sample(level: &str) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/sample.rs");
        let mut rustc = Command::new("rustc");
        rustc.current_dir(&directory).args([
            source,
            "--crate-type=rlib",
            "--edition=2021",
            "--target=x86_64-unknown-linux-gnu",
        ]);
        rustc.args([
            "-Cpanic=abort",
            "-Ccodegen-units=1",
            "-Cno-prepopulate-passes",
            "--emit=llvm-bc=out.bc",
        ]);
        assert!(
            rustc
                .arg(format!("-Copt-level={level}"))
                .status()
                .unwrap()
                .success()
        );
        std::fs::read(directory.path().join("out.bc")).unwrap()
    }

    #[test]
    fn the_pipelines_that_are_written_out_do_what_llvms_own_do() {
        for (text, level) in [("2", OptLevel::O2), ("s", OptLevel::Os)] {
            let bitcode = sample(text);
            let mut wanted = x86_target();
            (wanted.opt, wanted.reloc) = (level, gateless_llvm::Reloc::Pic);
            let optimised = |written_out: bool| {
                let context = Context::new(llvm()).unwrap();
                let mut module = Module::from_bitcode(&context, &bitcode, "sample").unwrap();
                let machine = target::apply(&module, &wanted, &[]).unwrap();
                let merge = MergeFunctions::Aliases;
                let pipeline = match written_out {
                    // Any pass that does nothing, in place of a sanitizer's.
                    true => super::parts(22, level, merge, false, &["no-op-module"]).unwrap(),
                    false => format!("default<{}>", name(level)),
                };
                module
                    .run_passes(&pipeline, &machine, tuning(level, merge))
                    .unwrap();
                module.to_text().unwrap()
            };
            let whole = optimised(false);
            assert!(whole == optimised(true), "-Copt-level={text}");
            assert!(
                whole.contains(" alias "),
                "no functions were merged in the sample"
            );
        }
    }

    #[test]
    fn the_pipelines_that_are_written_out_have_both_places_once() {
        for pipeline in [O2_OF_LLVM_22, OS_OF_LLVM_22] {
            assert_eq!(pipeline.matches(BEFORE_PROFILE).count(), 1);
            assert_eq!(pipeline.matches(AFTER_LAST).count(), 1);
        }
    }
}
