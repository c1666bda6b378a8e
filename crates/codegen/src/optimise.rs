//! rustc's optimisation pipeline, for bitcode that rustc left unoptimised.
//!
//! After `llvm_optimize` (compiler/rustc_codegen_llvm/src/back/write.rs), `LLVMRustOptimize`
//! (compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp) and `ModuleConfig` (compiler/rustc_codegen_ssa/src/back/write.rs),
//! for `-Clto=n` and one codegen unit.

use gateless_llvm::{Module, PassOptions, TargetMachine};
use gateless_model::Result;

use crate::flags::MergeFunctions;
use crate::{Flag, OptLevel};

/// Runs the pipeline of `level`.
pub fn run(
    module: &mut Module,
    machine: &TargetMachine,
    level: OptLevel,
    merge: MergeFunctions,
) -> Result<()> {
    let name = match level {
        OptLevel::O0 => "O0",
        OptLevel::O1 => "O1",
        OptLevel::O2 => "O2",
        OptLevel::O3 => "O3",
        OptLevel::Os => "Os",
        OptLevel::Oz => "Oz",
    };
    // rustc adds the last two for its ThinLTO buffers, whether it needs any or not.
    module.run_passes(
        &format!("default<{name}>,canonicalize-aliases,name-anon-globals"),
        machine,
        tuning(level, merge),
    )
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
