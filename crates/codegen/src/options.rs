//! LLVM's process-wide options: what rustc sets, and what LLVM's C API has no setter for.

use gateless_llvm::Llvm;
use gateless_model::Result;

/// What rustc sets for every crate.
///
/// The first three are in `configure_llvm` (compiler/rustc_codegen_llvm/src/llvm_util.rs); the others are the options'
/// counterparts of the target options that `LLVMRustCreateTargetMachine` sets (compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp):
/// `trap_unreachable`, which all but a few targets outside the kernel's have.
const OF_RUSTC: [&str; 5] = [
    "-generate-arange-section",
    "-mergefunc-use-aliases",
    "-preserve-alignment-assumptions-during-inlining=false",
    "-trap-unreachable",
    "-no-trap-after-noreturn",
];

/// Sets rustc's options and `more`, once per process.
pub fn set(llvm: &'static Llvm, more: &[String]) -> Result<()> {
    let all: Vec<&str> = OF_RUSTC.into_iter().chain(more.iter().map(String::as_str)).collect();
    llvm.set_options(&all)
}
