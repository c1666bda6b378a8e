//! `-Zfunction-sections`, which is for data, too: a section for each function and variable, so that a linker can leave out unused ones.
//!
//! gcc and clang: `-ffunction-sections -fdata-sections`. rustc sets LLVM's target options FunctionSections and DataSections
//! (LLVMRustCreateTargetMachine, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which LLVM's C API has no setter for. LLVM then
//! appends the symbol's name to the name of the section that it would have chosen (getELFSectionNameForGlobal,
//! llvm/lib/CodeGen/TargetLoweringObjectFileImpl.cpp). So code is generated once to see what it chooses, and each function and
//! variable is then put into that section explicitly. Jump tables would have to follow their functions and cannot, so they are refused.

use std::collections::HashMap;

use gateless_llvm::{FileKind, Module, TargetMachine};
use gateless_model::{Failure, Result};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionFlags, elf};

/// What the names of sections with the cold parts of functions begin with (`getSectionForMachineBasicBlock`, llvm/lib/CodeGen/TargetLoweringObjectFileImpl.cpp).
const SPLIT: &str = ".text.split.";

/// Puts each function and variable of `module` that has no section of its own into one; for right before code generation.
pub fn apply(module: &Module, machine: &TargetMachine) -> Result<()> {
    let trial = module.try_clone()?;
    for function in trial.functions()? {
        function.make_external()?;
    }
    for global in trial.globals()? {
        if !global.name()?.starts_with("llvm.") {
            global.make_external()?;
        }
    }
    let object = machine.emit(trial, FileKind::Object)?;
    let chosen = sections(object.bytes()?)?;
    let section = |name: &str, private: bool| -> Result<Option<String>> {
        match chosen.get(name) {
            None => Err(Failure::failed(format!("LLVM put {name} into no section"))),
            Some(Chosen::Shared) => Ok(None),
            Some(Chosen::Base(base)) => {
                let dot = if base.ends_with('.') { "" } else { "." };
                let prefix = if private { ".L" } else { "" };
                Ok(Some(format!("{base}{dot}{prefix}{name}")))
            }
        }
    };
    for function in module.functions()? {
        if function.is_emitted()?
            && function.section()?.is_none()
            && let Some(section) = section(&function.name()?, function.is_private()?)?
        {
            function.set_section(&section)?;
        }
    }
    for global in module.globals()? {
        let name = global.name()?;
        if global.is_emitted()?
            && global.section()?.is_none()
            && !name.starts_with("llvm.")
            && let Some(section) = section(&name, global.is_private()?)?
        {
            global.set_section(&section)?;
        }
    }
    Ok(())
}

/// What LLVM chose.
enum Chosen {
    /// A section that the linker merges equal constants in, which stays as it is.
    Shared,
    /// A section of this name, or one whose name begins so.
    Base(String),
}

/// The section of each symbol of an object; fails if there are jump tables.
fn sections(bytes: &[u8]) -> Result<HashMap<String, Chosen>> {
    let broken = |error: object::Error| {
        Failure::failed("LLVM wrote an object that is not well-formed").because(error)
    };
    let file = object::File::parse(bytes).map_err(broken)?;
    let mut chosen = HashMap::new();
    for symbol in file.symbols() {
        if let Some(index) = symbol.section_index() {
            let section = file.section_by_index(index).map_err(broken)?;
            let (symbol, name) = (
                symbol.name().map_err(broken)?,
                section.name().map_err(broken)?,
            );
            let merged = matches!(section.flags(), SectionFlags::Elf { sh_flags } if sh_flags & u64::from(elf::SHF_MERGE) != 0);
            let section = if merged {
                Chosen::Shared
            } else {
                Chosen::Base(name.to_owned())
            };
            chosen.insert(symbol.to_owned(), section);
        }
    }
    // Code refers to a jump table through the section: no symbol stands for it.
    for section in file.sections() {
        let name = section.name().map_err(broken)?;
        // A function with a section of its own choice is never split (isFunctionSafeToSplit, llvm/lib/CodeGen/TargetInstrInfo.cpp).
        if let Some(function) = name.strip_prefix(SPLIT) {
            return Err(Failure::no(format!(
                "LLVM moves the cold part of {function} into a section of its own, which cannot be had together with a section for each function"
            ))
            .help("it does so with a profile and -Cllvm-args=-split-machine-functions; build without CLANG_AUTOFDO_PROFILE"));
        }
        if !name.starts_with(".text") {
            continue;
        }
        for (_, relocation) in section.relocations() {
            let RelocationTarget::Symbol(target) = relocation.target() else {
                continue;
            };
            let target = file.symbol_by_index(target).map_err(broken)?;
            let in_rodata = || {
                target
                    .section_index()
                    .and_then(|index| file.section_by_index(index).ok())
                    .is_some_and(|section| section.name() == Ok(".rodata"))
            };
            if target.kind() == object::SymbolKind::Section && in_rodata() {
                return Err(Failure::no(
                    "jump tables in sections of their own are not implemented in code generation",
                )
                .help("pass -Cjump-tables=n, or build without -Zfunction-sections=y"));
            }
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, emit};

    const BODY: &str = "@table = global i32 1\n@text = private unnamed_addr constant [2 x i8] c\"a\\00\"\n@placed = global i32 2, section \".mine\"\n\
        define ptr @f() { ret ptr @text }\ndefine void @g() cold { ret void }";

    fn apply_to(fixture: &Fixture) -> Result<Vec<String>> {
        let module = fixture.module();
        super::apply(&module, &fixture.prepare(&module, &[]))?;
        module.verify()?;
        let bytes = emit(fixture, module);
        let file = object::File::parse(&bytes[..]).unwrap();
        Ok(file
            .sections()
            .map(|section| section.name().unwrap().to_owned())
            .collect())
    }

    #[test]
    fn each_has_its_own_section_unless_it_is_merged_or_placed_already() {
        let names = apply_to(&Fixture::x86(BODY)).unwrap();
        for wanted in [
            ".text.f",
            ".text.unlikely.g",
            ".data.table",
            ".rodata.str1.1",
            ".mine",
        ] {
            assert!(
                names.iter().any(|name| name == wanted),
                "{wanted}: {names:?}"
            );
        }
    }

    #[test]
    fn jump_tables_are_refused() {
        let arms: String = (0..8).map(|n| format!("i32 {n}, label %a{n} ")).collect();
        let blocks: String = (0..8)
            .map(|n| format!("a{n}: call void @g{n}()\n ret void\n"))
            .collect();
        let others: String = (0..8).map(|n| format!("declare void @g{n}()\n")).collect();
        let body = format!(
            "{others}define void @f(i32 %x) {{ switch i32 %x, label %a0 [{arms}]\n{blocks} }}"
        );
        let failure = apply_to(&Fixture::x86(&body)).unwrap_err();
        assert!(failure.what.contains("jump tables"), "{failure}");
        assert!(apply_to(&Fixture::x86(&body).pic()).is_err());
    }
}
