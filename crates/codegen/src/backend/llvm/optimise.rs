//! rustc's optimisation pipeline, for bitcode that rustc left unoptimised.
//!
//! After `llvm_optimize` (compiler/rustc_codegen_llvm/src/back/write.rs), `LLVMRustOptimize`
//! (compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp) and `ModuleConfig` (compiler/rustc_codegen_ssa/src/back/write.rs),
//! for `-Clto=n` and one codegen unit.

use gateless_llvm::{Module, PassOptions, TargetMachine};
use gateless_model::{Failure, Result};

use crate::flag::Place;
use crate::flags::Flags;
use crate::target::{Merging, OptLevel, Target};

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
/// rustc adds passes for its ThinLTO buffers, whether it needs any or not; that of LLVM 19 (1.85) did so only where it wrote bitcode. Private constants
/// without a name get theirs by them.
const ALWAYS_THIN_BUFFERS: u32 = 22;
/// Where LLVM's own pipeline takes no passes from outside.
const INSIDE: &[Place] = &[Place::Profile, Place::Last];

/// Runs the pipeline that `target` wants, with what `flags` add to it.
pub fn run(
    module: &mut Module,
    machine: &TargetMachine,
    target: &Target,
    flags: &Flags,
) -> Result<()> {
    let (level, merging) = (target.opt, target.merging);
    let mut pipeline = flags.passes(Place::First);
    let own = match flags.with_passes(INSIDE).is_empty() {
        true => format!("default<{}>", name(level)),
        false => in_parts(module, level, merging, flags)?,
    };
    pipeline.push(&own);
    pipeline.extend(flags.passes(Place::After));
    if module.llvm().version().0 >= ALWAYS_THIN_BUFFERS {
        pipeline.extend(["canonicalize-aliases", "name-anon-globals"]);
    }
    module.run_passes(&pipeline.join(","), machine, tuning(level, merging))
}

/// The pipeline with the passes of `flags` that belong into the middle of it.
fn in_parts(module: &Module, level: OptLevel, merging: Merging, flags: &Flags) -> Result<String> {
    let [profile, last] = [Place::Profile, Place::Last].map(|place| flags.passes(place));
    parts(module.llvm().version().0, level, merging, &profile, &last).ok_or_else(|| {
        Failure::no(format!(
            "where {} belongs in the optimiser is not known for LLVM {} and -Copt-level={}",
            flags.with_passes(INSIDE).join(", "),
            module.llvm().version().0,
            name(level).trim_start_matches('O')
        ))
        .help("it is for LLVM 22 with -Copt-level=2 and -Copt-level=s")
    })
}

/// The pipeline with `profile` where a profile's passes belong, and with `last` at the optimiser's last extension point.
fn parts(
    major: u32,
    level: OptLevel,
    merging: Merging,
    profile: &[&str],
    last: &[&str],
) -> Option<String> {
    let known = match (major, level) {
        (22, OptLevel::O2) => O2_OF_LLVM_22,
        (22, OptLevel::Os) => OS_OF_LLVM_22,
        _ => return None,
    };
    let (begin, rest) = known.trim_end().split_once(BEFORE_PROFILE)?;
    let (middle, end) = rest.split_once(AFTER_LAST)?;
    let list =
        |passes: &[&str]| -> String { passes.iter().map(|pass| format!("{pass},")).collect() };
    let (profile, last) = (list(profile), list(last));
    let merge = if merging == Merging::Disabled {
        ""
    } else {
        "mergefunc,"
    };
    Some(format!(
        "{begin}{BEFORE_PROFILE}{profile}{middle},{last}globaldce,constmerge,{merge}{end}"
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

fn tuning(level: OptLevel, merging: Merging) -> PassOptions {
    let vectorize = matches!(level, OptLevel::O2 | OptLevel::O3);
    PassOptions {
        merge_functions: merging != Merging::Disabled
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
                let machine = target::apply(&module, &wanted, "").unwrap();
                let merging = Merging::Aliases;
                let pipeline = match written_out {
                    // Any pass that does nothing, in place of a sanitizer's.
                    true => super::parts(22, level, merging, &[], &["no-op-module"]).unwrap(),
                    false => format!("default<{}>", name(level)),
                };
                module
                    .run_passes(&pipeline, &machine, tuning(level, merging))
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
