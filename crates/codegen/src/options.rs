//! LLVM's process-wide options: what rustc sets, and what LLVM's C API has no setter for.

use gateless_llvm::Llvm;
use gateless_model::Result;

use crate::Flag;
use crate::flags::MergeFunctions;

/// What rustc sets for every crate.
///
/// The first two are in `configure_llvm` (compiler/rustc_codegen_llvm/src/llvm_util.rs); the others are the options'
/// counterparts of the target options that `LLVMRustCreateTargetMachine` sets (compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp):
/// `trap_unreachable`, which all but a few targets outside the kernel's have.
const OF_RUSTC: [&str; 4] = [
    "-generate-arange-section",
    "-preserve-alignment-assumptions-during-inlining=false",
    "-trap-unreachable",
    "-no-trap-after-noreturn",
];

/// What rustc adds if functions with equal bodies become aliases, as they do unless the target or a flag says otherwise.
const ALIASES: &str = "-mergefunc-use-aliases";

/// Sets rustc's options, those of `flags`, and `more`, once per process.
pub fn set(
    llvm: &'static Llvm,
    merge: MergeFunctions,
    flags: &[Flag],
    more: &[String],
) -> Result<()> {
    let aliases = (merge == MergeFunctions::Aliases).then_some(ALIASES);
    let of_flags = flags.iter().flat_map(|flag| flag.llvm_options()).copied();
    let more = more.iter().map(String::as_str);
    let all: Vec<&str> = OF_RUSTC
        .into_iter()
        .chain(aliases)
        .chain(of_flags)
        .chain(more)
        .collect();
    llvm.set_options(&all)
}
