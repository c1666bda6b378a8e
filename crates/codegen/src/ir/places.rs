//! Where in the source an instruction comes from, in words for people.

use gateless_llvm::{Function, Instruction, Location, Subprogram};
use gateless_model::Result;

/// A symbol as people write it: demangled, without hashes.
pub fn readable(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// The function that an instruction ended up in.
pub fn function(instruction: Instruction<'_>) -> Result<Function<'_>> {
    instruction.block()?.function()
}

/// File, line and column of an instruction, and of each call by which its code was inlined, from the inside out:
/// `a.rs:1:2 in the_function, inlined at b.rs:3:4 in its_caller`.
pub fn chain(instruction: Instruction<'_>) -> Result<String> {
    let own = readable(&function(instruction)?.name()?);
    let Some(location) = instruction.location()? else {
        return Ok(format!("an unknown line of {own}"));
    };
    let mut text = place(&location)?;
    let mut outer = location.inlined_at()?;
    while let Some(location) = outer {
        text += &format!(", inlined at {}", place(&location)?);
        outer = location.inlined_at()?;
    }
    Ok(text)
}

/// One link of the chain.
fn place(location: &Location) -> Result<String> {
    let file = location.file()?.map(|file| file.name).unwrap_or_default();
    let (line, column) = (location.line()?, location.column()?);
    let around = location.subprogram()?;
    let name = around.as_ref().map(name).transpose()?.flatten();
    let name = name.map(|name| format!(" in {name}")).unwrap_or_default();
    Ok(format!("{file}:{line}:{column}{name}"))
}

/// A function's path, of which debug information has only the last part where the symbol doesn't say it.
fn name(subprogram: &Subprogram) -> Result<Option<String>> {
    match subprogram.linkage_name()? {
        Some(symbol) if !symbol.is_empty() => Ok(Some(readable(&symbol))),
        _ => subprogram.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    const INLINED: &str = "define void @_RNvCs1_5outer4main() !dbg !3 {\n call void @g(), !dbg !7\n call void @g()\n ret void, !dbg !8\n}\ndeclare void @g()\n\
        !llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n!0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: LineTablesOnly)\n\
        !1 = !DIFile(filename: \"b.rs\", directory: \"/o\")\n!2 = !{i32 2, !\"Debug Info Version\", i32 3}\n\
        !3 = distinct !DISubprogram(name: \"main\", linkageName: \"_RNvCs1_5outer4main\", file: !1, line: 1, type: !4, unit: !0, spFlags: DISPFlagDefinition)\n\
        !4 = !DISubroutineType(types: !{})\n!5 = distinct !DISubprogram(name: \"check<8>\", file: !6, line: 1, type: !4, unit: !0, spFlags: DISPFlagDefinition)\n\
        !6 = !DIFile(filename: \"a.rs\", directory: \"/o\")\n!7 = !DILocation(line: 3, column: 4, scope: !5, inlinedAt: !8)\n!8 = !DILocation(line: 5, column: 6, scope: !3)\n";

    #[test]
    fn the_chain_goes_from_the_inlined_code_out_to_the_function_that_has_it() {
        let module = Fixture::x86(INLINED).module();
        let function = module.function("_RNvCs1_5outer4main").unwrap().unwrap();
        let instructions = function.instructions().unwrap();
        assert_eq!(
            chain(instructions[0]).unwrap(),
            "a.rs:3:4 in check<8>, inlined at b.rs:5:6 in outer::main"
        );
        assert_eq!(
            chain(instructions[1]).unwrap(),
            "an unknown line of outer::main"
        );
    }
}
