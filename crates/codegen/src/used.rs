//! `#[used(compiler)]`, after lowering turned it into plain `#[used]`.
//!
//! `#[used]` puts a static into `llvm.used`, which sets SHF_GNU_RETAIN on its section in ELF; `#[used(compiler)]` puts it
//! into `llvm.compiler.used`, which does not (feature `used_with_arg`, <https://github.com/rust-lang/rust/issues/93798>).

use std::collections::BTreeSet;

use gateless_llvm::Module;
use gateless_model::Result;

use crate::UsedFix;

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
    module
        .demote_used(|name| !marked.contains(name))
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use gateless_llvm::UsedList;
    use object::{Object, ObjectSection, SectionFlags};

    use super::*;
    use crate::testing::{Fixture, emit};

    const TWO: &str = "@a = internal global i8 1, section \"mark:.init.a\"\n@b = internal global i8 2, section \".init.b\"\n\
        @llvm.used = appending global [2 x ptr] [ptr @a, ptr @b], section \"llvm.metadata\"";
    const RETAIN: u64 = object::elf::SHF_GNU_RETAIN as u64;

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
        assert_eq!(module.used(UsedList::Linker).unwrap(), ["a"]);
    }

    #[test]
    fn both_lists_are_joined_without_losing_a_member() {
        let text = "@a = internal global i8 1\n@b = internal global i8 2\n\
            @llvm.used = appending global [1 x ptr] [ptr @a], section \"llvm.metadata\"\n\
            @llvm.compiler.used = appending global [1 x ptr] [ptr @b], section \"llvm.metadata\"";
        let mut module = Fixture::x86(text).module();
        apply(&mut module, &all_but_marked()).unwrap();
        assert_eq!(module.used(UsedList::Compiler).unwrap(), ["b", "a"]);
        assert!(module.used(UsedList::Linker).unwrap().is_empty());
    }
}
