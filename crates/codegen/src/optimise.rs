//! rustc's optimisation pipeline, for bitcode that rustc left unoptimised.
//!
//! After `llvm_optimize` (compiler/rustc_codegen_llvm/src/back/write.rs), `LLVMRustOptimize`
//! (compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp) and `ModuleConfig` (compiler/rustc_codegen_ssa/src/back/write.rs),
//! for `-Clto=n` and one codegen unit.

use gateless_llvm::{Module, PassOptions, TargetMachine};
use gateless_model::{Failure, Result};

use crate::flags::MergeFunctions;
use crate::{Flag, OptLevel};

/// LLVM 22's pipeline for level 2, with function merging, written out (`opt -passes='default<O2>' -enable-merge-functions
/// -print-pipeline-passes`): LLVM's C API has no extension points to add passes at.
///
/// The notation leaves out that loops are only to be unrolled where the source says so, hence only the level that unrolls all of them.
const O2_OF_LLVM_22: &str = include_str!("llvm22-O2.txt");
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
    let last: Vec<_> = flags.iter().filter_map(Flag::last_pass).collect();
    let pipeline = if last.is_empty() {
        format!("default<{}>", name(level))
    } else {
        in_parts(module, level, merge, &last)?
    };
    // rustc adds the last two for its ThinLTO buffers, whether it needs any or not.
    module.run_passes(
        &format!("{pipeline},canonicalize-aliases,name-anon-globals"),
        machine,
        tuning(level, merge),
    )
}

/// The pipeline with `last` at the optimiser's last extension point.
fn in_parts(
    module: &Module,
    level: OptLevel,
    merge: MergeFunctions,
    last: &[&str],
) -> Result<String> {
    let (major, ..) = module.llvm().version();
    let split = O2_OF_LLVM_22.trim_end().split_once(AFTER_LAST);
    let (Some((before, after)), 22, OptLevel::O2) = (split, major, level) else {
        let wanted = last.join(", ");
        return Err(Failure::no(format!("where {wanted} belongs in the optimiser is not known for LLVM {major} and -Copt-level={}", name(level)))
            .help("it is for LLVM 22 and -Copt-level=2 (CONFIG_CC_OPTIMIZE_FOR_PERFORMANCE)"));
    };
    let merge = if merge == MergeFunctions::Disabled {
        ""
    } else {
        "mergefunc,"
    };
    Ok(format!(
        "{before},{},globaldce,constmerge,{merge}{after}",
        last.join(",")
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

    #[test]
    fn the_pipeline_that_is_written_out_has_the_last_extension_point_once() {
        assert_eq!(O2_OF_LLVM_22.matches(AFTER_LAST).count(), 1);
    }
}
