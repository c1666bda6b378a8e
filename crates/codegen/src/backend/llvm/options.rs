//! LLVM's process-wide options: what rustc sets, and what LLVM's C API has no setter for.

use gateless_llvm::{Context, FileKind, Llvm, Module, TargetMachine};
use gateless_model::{Failure, Result};
use object::{Object, ObjectSymbol};

use crate::target::Merging;

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

/// Sets rustc's options, those that flags stand for, and `more`, once per process.
pub fn set(
    llvm: &'static Llvm,
    merging: Merging,
    of_flags: &[String],
    more: &[String],
) -> Result<()> {
    let aliases = (merging == Merging::Aliases).then_some(ALIASES);
    let of_flags = of_flags.iter().map(String::as_str);
    let more = more.iter().map(String::as_str);
    let all: Vec<&str> = OF_RUSTC
        .into_iter()
        .chain(aliases)
        .chain(of_flags)
        .chain(more)
        .collect();
    llvm.set_options(&all)
}

/// Fails unless LLVM took the options that code generation goes by: it keeps silent about one that it does not know.
///
/// Generates three small functions for `machine`, which takes a few milliseconds, and looks at the length of their code.
pub fn check(llvm: &'static Llvm, machine: &TargetMachine) -> Result<()> {
    const FUNCTIONS: &str = "declare void @g() noreturn\ndeclare void @h()\n\
        define void @trap() { unreachable }\n\
        define void @call() { call void @g() noreturn\n unreachable }\n\
        define void @call_and_trap() { call void @h()\n unreachable }";
    let text = format!(
        "target datalayout = \"{}\"\n{FUNCTIONS}",
        machine.data_layout()?
    );
    let module = Module::from_text(&Context::new(llvm)?, &text)?;
    module.set_triple(machine.triple())?;
    let object = machine.emit(module, FileKind::Object)?;
    let file = object::File::parse(object.bytes()?).map_err(|error| {
        Failure::failed("LLVM wrote an object that is not well-formed").because(error)
    })?;
    let size = |name| file.symbol_by_name(name).map_or(0, |symbol| symbol.size());
    let (trap, call, call_and_trap) = (size("trap"), size("call"), size("call_and_trap"));
    if trap == 0 || call >= call_and_trap {
        return Err(Failure::failed(format!("{llvm:?} does not know -trap-unreachable or -no-trap-after-noreturn"))
            .help("code generated with it would differ from rustc's; use the libLLVM of a supported rustc"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn an_llvm_that_has_taken_the_options_passes_the_check() {
        for fixture in [Fixture::x86(""), Fixture::arm64("")] {
            let machine = fixture.prepare(&fixture.module(), &[]);
            check(crate::testing::llvm(), &machine).unwrap();
        }
    }
}
