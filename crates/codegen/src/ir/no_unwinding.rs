//! Takes unwinding out of bitcode that was compiled with `-Cpanic=unwind`, as the toolchain's libraries are.
//!
//! gcc and clang: `-fno-exceptions -fno-asynchronous-unwind-tables`. With `-Cpanic=abort -Cforce-unwind-tables=n` rustc writes no
//! landing pad in the first place, marks every function `nounwind` (`from_fn_attrs`, compiler/rustc_codegen_llvm/src/attributes.rs) and
//! none `uwtable`.

use gateless_llvm::{Module, PassOptions, TargetMachine};
use gateless_model::Result;

/// Turns calls that may unwind into plain calls. The optimiser then removes the landing pads, which nothing leads to any more.
pub fn apply(module: &mut Module, machine: &TargetMachine) -> Result<()> {
    module.run_passes(
        "function(lower-invoke)",
        machine,
        PassOptions {
            merge_functions: false,
            unroll_loops: false,
            vectorize_loops: false,
            vectorize_slp: false,
        },
    )?;
    for function in module.functions()? {
        if function.is_intrinsic()? {
            continue;
        }
        function.set_attribute("nounwind", 0)?;
        function.remove_attribute("uwtable")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::target;
    use crate::testing::Fixture;

    const UNWINDS: &str = "declare void @g()\ndeclare i32 @rust_eh_personality(...)\n\
        define void @f() uwtable \"target-cpu\"=\"x86-64\" personality ptr @rust_eh_personality {\n\
        \x20 invoke void @g() to label %ok unwind label %bad\nok:\n  ret void\n\
        bad:\n  %x = landingpad { ptr, i32 } cleanup\n  resume { ptr, i32 } %x\n}";

    #[test]
    fn no_invoke_landing_pad_or_unwind_table_is_left() {
        let fixture = Fixture::x86(UNWINDS);
        let mut module = fixture.module();
        let machine = target::apply(&module, &fixture.target, "").unwrap();
        super::apply(&mut module, &machine).unwrap();
        let text = module.to_text().unwrap();
        assert!(
            !text.contains("invoke") && !text.contains("uwtable"),
            "{text}"
        );
        assert!(text.contains("nounwind"), "{text}");
    }
}
