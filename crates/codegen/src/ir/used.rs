//! `#[used(compiler)]`, after lowering turned it into plain `#[used]`.
//!
//! `#[used]` puts a static into `llvm.used`, which sets SHF_GNU_RETAIN on its section in ELF; `#[used(compiler)]` puts it
//! into `llvm.compiler.used`, which does not (feature `used_with_arg`, <https://github.com/rust-lang/rust/issues/93798>).

use std::collections::BTreeSet;

use gateless_llvm::{Constant, Linkage, Module};
use gateless_model::{Failure, Result};

use crate::UsedFix;

/// Kept by compiler, assembler and linker; in ELF its members' sections get SHF_GNU_RETAIN (LangRef, "The 'llvm.used' Global Variable").
const LINKER: &str = "llvm.used";
/// Kept by the compiler only.
const COMPILER: &str = "llvm.compiler.used";

/// Moves what `fix` says from `llvm.used` to `llvm.compiler.used`.
pub fn apply(module: &mut Module, fix: &UsedFix) -> Result<()> {
    let UsedFix::AllBut(mark) = fix else {
        return Ok(());
    };
    let mut marked = BTreeSet::new();
    for global in module.globals()? {
        let section = global.section()?.unwrap_or_default();
        if let Some(own) = section.strip_prefix(mark.as_str()) {
            global.set_section(own)?;
            marked.insert(global.name()?);
        }
    }
    demote(module, |name| !marked.contains(name))
}

/// Moves the members of `llvm.used` that `which` picks by name to `llvm.compiler.used`.
fn demote(module: &mut Module, which: impl Fn(&str) -> bool) -> Result<()> {
    /// Lists have a fixed length, so a changed one is a new variable; each with its name until the old one is gone.
    const NEW: [(&str, &str); 2] = [
        (LINKER, "gateless.used"),
        (COMPILER, "gateless.compiler.used"),
    ];
    let (mut kept, mut moved) = (Vec::new(), members(module, COMPILER)?);
    let before = moved.len();
    for member in members(module, LINKER)? {
        let list = match which(&member.name()?) {
            true => &mut moved,
            false => &mut kept,
        };
        if !list.contains(&member) {
            list.push(member);
        }
    }
    if moved.len() == before {
        return Ok(());
    }
    for ((_, name), members) in NEW.iter().zip([kept, moved]) {
        if members.is_empty() {
            continue;
        }
        let list = module.add_global(name, module.array(&members)?)?;
        list.set_linkage(Linkage::Appending)?;
        list.set_section("llvm.metadata")?;
    }
    for (name, new) in NEW {
        module.delete_global(name)?;
        if let Some(new) = module.global(new)? {
            new.set_name(name)?;
        }
    }
    Ok(())
}

/// The members of a list.
fn members<'m>(module: &'m Module, list: &str) -> Result<Vec<Constant<'m>>> {
    let Some(global) = module.global(list)? else {
        return Ok(Vec::new());
    };
    let initializer = global
        .initializer()?
        .ok_or_else(|| Failure::failed(format!("{list} is declared without members")))?;
    initializer.operands()
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSection, SectionFlags};

    use super::*;
    use crate::testing::{Fixture, emit};

    const TWO: &str = "@a = internal global i8 1, section \"mark:.init.a\"\n@b = internal global i8 2, section \".init.b\"\n\
        @llvm.used = appending global [2 x ptr] [ptr @a, ptr @b], section \"llvm.metadata\"";
    const RETAIN: u64 = object::elf::SHF_GNU_RETAIN as u64;

    fn names(module: &Module, list: &str) -> Vec<String> {
        let members = members(module, list).unwrap().into_iter();
        members.map(|member| member.name().unwrap()).collect()
    }

    fn all_but_marked() -> UsedFix {
        UsedFix::AllBut("mark:".into())
    }

    /// The sections with their retain flags, after `fix`.
    fn retained(text: &str, fix: &UsedFix) -> Vec<(String, bool)> {
        let fixture = Fixture::x86(text);
        let mut module = fixture.module();
        apply(&mut module, fix).unwrap();
        module.verify().unwrap();
        let bytes = emit(&fixture, module);
        let file = object::File::parse(&bytes[..]).unwrap();
        let sections = file
            .sections()
            .filter(|section| section.name().unwrap().contains(".init."));
        sections
            .map(|section| match section.flags() {
                SectionFlags::Elf { sh_flags } => {
                    (section.name().unwrap().to_owned(), sh_flags & RETAIN != 0)
                }
                flags => panic!("{flags:?}"),
            })
            .collect()
    }

    #[test]
    fn only_what_is_marked_is_retained_by_the_linker_and_no_mark_is_left() {
        assert_eq!(
            retained(TWO, &all_but_marked()),
            [(".init.a".to_owned(), true), (".init.b".to_owned(), false)]
        );
        assert_eq!(
            retained(TWO, &UsedFix::Keep),
            [
                ("mark:.init.a".to_owned(), true),
                (".init.b".to_owned(), true)
            ]
        );
    }

    #[test]
    fn a_static_without_a_section_has_none_after_its_mark_is_taken_off() {
        let text = "@a = internal global i8 1, section \"mark:\"\n@llvm.used = appending global [1 x ptr] [ptr @a], section \"llvm.metadata\"";
        let fixture = Fixture::x86(text);
        let mut module = fixture.module();
        apply(&mut module, &all_but_marked()).unwrap();
        assert_eq!(
            module.global("a").unwrap().unwrap().section().unwrap(),
            None
        );
        assert_eq!(names(&module, LINKER), ["a"]);
    }

    #[test]
    fn both_lists_are_joined_without_losing_a_member() {
        let text = "@a = internal global i8 1\n@b = internal global i8 2\n\
            @llvm.used = appending global [1 x ptr] [ptr @a], section \"llvm.metadata\"\n\
            @llvm.compiler.used = appending global [1 x ptr] [ptr @b], section \"llvm.metadata\"";
        let mut module = Fixture::x86(text).module();
        apply(&mut module, &all_but_marked()).unwrap();
        assert_eq!(names(&module, COMPILER), ["b", "a"]);
        assert!(names(&module, LINKER).is_empty());
    }
}
