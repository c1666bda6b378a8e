//! `-Zfunction-sections`, which is for data, too: a section for each function and variable, so that a linker can leave out unused ones.
//!
//! gcc and clang: `-ffunction-sections -fdata-sections`. rustc sets LLVM's target options FunctionSections and DataSections
//! (LLVMRustCreateTargetMachine, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which LLVM's C API has no setter for.
//!
//! What is in a COMDAT gets such a section, too, and so do the jump tables of a function and the cold part that a profile splits off
//! (selectELFSectionForGlobal, getSectionForJumpTable and getSectionForMachineBasicBlock, llvm/lib/CodeGen/TargetLoweringObjectFileImpl.cpp). So everything is
//! put into one COMDAT, of which no linker drops anything, and the group of sections that LLVM makes of it is taken out of what it wrote. Constants that the
//! linker merges would not be merged in a COMDAT; code is generated once to see which they are.

use std::collections::HashSet;

use gateless_llvm::{FileKind, Module, TargetMachine};
use gateless_model::{Failure, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, elf};

use super::elf::{Elf, broken};

/// The group that everything was put into.
pub struct Group {
    /// The function or variable that it is named after, so that it adds no symbol.
    symbol: String,
}

/// Gives each function and variable of `module` a section of its own; for right before code generation. Nothing, if there are none.
pub fn apply(module: &Module, machine: &TargetMachine) -> Result<Option<Group>> {
    let merged = merged(module, machine)?;
    let mut functions = Vec::new();
    let mut names = Vec::new();
    for function in module.functions()? {
        if function.is_emitted()? && !function.has_comdat()? {
            names.push((function.is_private()?, function.name()?));
            functions.push(function);
        }
    }
    let mut variables = Vec::new();
    for variable in module.globals()? {
        let name = variable.name()?;
        if variable.is_emitted()?
            && variable.section()?.is_none()
            && !variable.has_comdat()?
            && !name.starts_with(OF_LLVM)
            && !merged.contains(&name)
        {
            names.push((variable.is_private()?, name));
            variables.push(variable);
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let with_symbol = names.into_iter().find(|(is_private, _)| !is_private);
    let (_, symbol) = with_symbol.ok_or_else(|| {
        Failure::no(
            "a section for each function is implemented where something has a symbol, and nothing has",
        )
    })?;
    for function in functions {
        function.set_comdat(&symbol)?;
    }
    for variable in variables {
        variable.set_comdat(&symbol)?;
    }
    Ok(Some(Group { symbol }))
}

impl Group {
    /// Takes the group out of an object that was generated with it.
    ///
    /// Fails if a section is there twice, in the group and outside of it: assembly of the module has put something into a section that functions are in.
    pub fn dissolve(&self, object: &[u8]) -> Result<Vec<u8>> {
        let mut file = Elf::parse(object, "sections for each function")?;
        let members = file.group_members()?;
        let outside: HashSet<&[u8]> = file
            .sections
            .iter()
            .filter(|section| section.flags & u64::from(elf::SHF_GROUP) == 0)
            .map(|section| section.name)
            .collect();
        for &member in &members {
            let name = file.sections[member].name;
            if outside.contains(name) {
                return Err(Failure::no(format!(
                    "functions and assembly of the module are both in {}, which cannot be had together with a section for each function",
                    String::from_utf8_lossy(name)
                )));
            }
        }
        for member in members {
            let section = &mut file.sections[member];
            section.flags &= !u64::from(elf::SHF_GROUP);
            // Relocations have either flag (ELFWriter::createRelocationSection, llvm/lib/MC/ELFObjectWriter.cpp).
            if matches!(section.kind, elf::SHT_REL | elf::SHT_RELA) {
                section.flags |= u64::from(elf::SHF_INFO_LINK);
            }
        }
        file.drop_sections(|section| section.is_plain_group())?;
        Ok(file.write())
    }

    /// The same for assembly: LLVM writes the group's name last, and its flag among the others (MCSectionELF::printSwitchToSection).
    pub fn dissolve_text(&self, assembly: &str) -> String {
        let suffix = format!(",{}", self.symbol);
        let line = |line: &str| -> String {
            let parts = line
                .strip_suffix('\n')
                .unwrap_or(line)
                .strip_suffix(suffix.as_str())
                .filter(|rest| rest.trim_start().starts_with(".section"))
                .and_then(|rest| {
                    let (head, rest) = rest.split_once(",\"")?;
                    let (flags, rest) = rest.split_once('"')?;
                    Some((head, flags, rest))
                });
            match parts {
                Some((head, flags, rest)) => {
                    format!("{head},\"{}\"{rest}\n", flags.replace('G', ""))
                }
                None => line.to_owned(),
            }
        };
        assembly.split_inclusive('\n').map(line).collect()
    }
}

/// Beginning of the names of variables that are no data.
const OF_LLVM: &str = "llvm.";

/// Names of the variables that LLVM puts into sections in which the linker merges equal constants.
fn merged(module: &Module, machine: &TargetMachine) -> Result<HashSet<String>> {
    let trial = module.try_clone()?;
    for global in trial.globals()? {
        if !global.name()?.starts_with(OF_LLVM) {
            global.make_external()?;
        }
    }
    let object = machine.emit(trial, FileKind::Object)?;
    let file = object::File::parse(object.bytes()?).map_err(broken)?;
    let mut merged = HashSet::new();
    for symbol in file.symbols() {
        let Some(index) = symbol.section_index() else {
            continue;
        };
        let section = file.section_by_index(index).map_err(broken)?;
        let SectionFlags::Elf { sh_flags } = section.flags() else {
            return Err(Failure::failed("LLVM wrote an object that is not ELF"));
        };
        if sh_flags & u64::from(elf::SHF_MERGE) != 0 {
            merged.insert(symbol.name().map_err(broken)?.to_owned());
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, emit};

    const BODY: &str = "@table = global i32 1\n@text = private unnamed_addr constant [2 x i8] c\"a\\00\"\n@placed = global i32 2, section \".mine\"\n\
        @kept = global i32 3\n@llvm.used = appending global [1 x ptr] [ptr @kept], section \"llvm.metadata\"\n\
        define ptr @f() { ret ptr @text }\ndefine void @g() cold { ret void }";

    fn apply_to(fixture: &Fixture) -> Result<Vec<u8>> {
        let module = fixture.module();
        let group = super::apply(&module, &fixture.prepare(&module, &[]))?;
        module.verify()?;
        group.unwrap().dissolve(&emit(fixture, module))
    }

    fn names(object: &[u8]) -> Vec<String> {
        let file = object::File::parse(object).unwrap();
        let name = |section: object::Section<'_, '_>| section.name().unwrap().to_owned();
        file.sections().map(name).collect()
    }

    #[test]
    fn each_has_its_own_section_unless_it_is_merged_or_placed_already() {
        let names = names(&apply_to(&Fixture::x86(BODY)).unwrap());
        for wanted in [
            ".text.f",
            ".text.unlikely.g",
            ".data.table",
            ".data.kept",
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
    fn no_group_is_left_and_every_reference_still_leads_to_its_section() {
        let object = apply_to(&Fixture::x86(&format!(
            "{BODY}\ndefine void @h() {{ call void @g()\n ret void }}"
        )))
        .unwrap();
        assert!(!names(&object).iter().any(|name| name == ".group"));
        let file = object::File::parse(&object[..]).unwrap();
        let section_of = |name: &str| {
            let index = file.symbol_by_name(name).unwrap().section_index().unwrap();
            file.section_by_index(index).unwrap()
        };
        for name in ["f", "h"] {
            assert_eq!(section_of(name).name().unwrap(), format!(".text.{name}"));
        }
        let relocations = section_of("h").relocations();
        let target = |(_, relocation): (u64, object::Relocation)| match relocation.target() {
            object::RelocationTarget::Symbol(index) => file
                .symbol_by_index(index)
                .unwrap()
                .name()
                .unwrap()
                .to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(relocations.map(target).collect::<Vec<_>>(), ["g"]);
    }

    #[test]
    fn a_jump_table_has_a_section_of_its_function_even_where_that_has_one() {
        let arms: String = (0..8).map(|n| format!("i32 {n}, label %a{n} ")).collect();
        let blocks: String = (0..8)
            .map(|n| format!("a{n}: call void @g{n}()\n ret void\n"))
            .collect();
        let others: String = (0..8).map(|n| format!("declare void @g{n}()\n")).collect();
        let function = |head: &str| {
            format!("define void @{head} {{ switch i32 %x, label %a0 [{arms}]\n{blocks} }}\n")
        };
        let body = format!(
            "{others}{}{}",
            function("f(i32 %x)"),
            function("placed(i32 %x) section \".mine\"")
        );
        for fixture in [Fixture::x86(&body), Fixture::x86(&body).pic()] {
            let names = names(&apply_to(&fixture).unwrap());
            for wanted in [".text.f", ".rodata.f", ".mine", ".rodata.placed"] {
                assert!(
                    names.iter().any(|name| name == wanted),
                    "{wanted}: {names:?}"
                );
            }
        }
    }

    #[test]
    fn a_section_of_functions_that_assembly_is_in_as_well_is_refused_by_name() {
        let body = "module asm \".section .mine,\\22ax\\22\"\nmodule asm \"nop\"\ndefine void @f() section \".mine\" { ret void }";
        let failure = apply_to(&Fixture::x86(body)).unwrap_err();
        assert!(failure.what.contains(".mine"), "{failure}");
    }

    #[test]
    fn assembly_says_what_the_object_has() {
        let fixture = Fixture::x86(BODY);
        let module = fixture.module();
        let machine = fixture.prepare(&module, &[]);
        let group = super::apply(&module, &machine).unwrap().unwrap();
        let text = machine
            .emit(module, FileKind::Assembly)
            .unwrap()
            .bytes()
            .unwrap()
            .to_vec();
        let text = group.dissolve_text(std::str::from_utf8(&text).unwrap());
        for wanted in [
            "\t.section\t.text.f,\"ax\",@progbits\n",
            "\t.section\t.text.unlikely.g,\"ax\",@progbits\n",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
    }
}
