//! `#[used(compiler)]`, after lowering turned it into plain `#[used]`.
//!
//! `#[used]` puts a static into `llvm.used`, which sets SHF_GNU_RETAIN on its section in ELF; `#[used(compiler)]` puts it
//! into `llvm.compiler.used`, which does not (feature `used_with_arg`, <https://github.com/rust-lang/rust/issues/93798>).

use gateless_llvm::{Module, UsedList};
use gateless_model::{Failure, Result};

use crate::UsedFix;

/// Moves what `fix` names from `llvm.used` to `llvm.compiler.used`.
pub fn apply(module: &mut Module, fix: &UsedFix) -> Result<()> {
    match fix {
        UsedFix::Keep => Ok(()),
        UsedFix::AllCompiler => module.demote_used(|_| true).map(|_| ()),
        UsedFix::Compiler(names) => {
            let there = module.used(UsedList::Linker)?;
            if let Some(name) = names.iter().find(|name| !there.contains(name)) {
                return Err(Failure::failed(format!(
                    "the static {name} should be kept by the compiler only, but it is not in llvm.used"
                )));
            }
            module
                .demote_used(|name| names.iter().any(|wanted| wanted == name))
                .map(|_| ())
        }
    }
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSection, SectionFlags};

    use super::*;
    use crate::testing::{Fixture, emit};

    const TWO: &str = "@a = internal global i8 1, section \".init.a\"\n@b = internal global i8 2, section \".init.b\"\n\
        @llvm.used = appending global [2 x ptr] [ptr @a, ptr @b], section \"llvm.metadata\"";
    const RETAIN: u64 = object::elf::SHF_GNU_RETAIN as u64;

    /// Which of the two sections the linker has to keep, after `fix`.
    fn retained(fix: &UsedFix) -> [bool; 2] {
        let fixture = Fixture::x86(TWO);
        let mut module = fixture.module();
        apply(&mut module, fix).unwrap();
        module.verify().unwrap();
        let bytes = emit(&fixture, module);
        let file = object::File::parse(&bytes[..]).unwrap();
        [".init.a", ".init.b"].map(|name| {
            match file
                .section_by_name(name)
                .expect("the compiler keeps both")
                .flags()
            {
                SectionFlags::Elf { sh_flags } => sh_flags & RETAIN != 0,
                flags => panic!("{flags:?}"),
            }
        })
    }

    #[test]
    fn what_was_used_by_the_compiler_only_is_not_retained_by_the_linker() {
        assert_eq!(retained(&UsedFix::Keep), [true, true]);
        assert_eq!(retained(&UsedFix::AllCompiler), [false, false]);
        assert_eq!(
            retained(&UsedFix::Compiler(vec!["b".into()])),
            [true, false]
        );
    }

    #[test]
    fn both_lists_are_joined_without_losing_a_member() {
        let text = "@a = internal global i8 1\n@b = internal global i8 2\n\
            @llvm.used = appending global [1 x ptr] [ptr @a], section \"llvm.metadata\"\n\
            @llvm.compiler.used = appending global [1 x ptr] [ptr @b], section \"llvm.metadata\"";
        let mut module = Fixture::x86(text).module();
        apply(&mut module, &UsedFix::AllCompiler).unwrap();
        assert_eq!(module.used(UsedList::Compiler).unwrap(), ["b", "a"]);
        assert!(module.used(UsedList::Linker).unwrap().is_empty());
    }

    #[test]
    fn a_static_that_is_not_there_is_named() {
        let mut module = Fixture::x86(TWO).module();
        let failure = apply(
            &mut module,
            &UsedFix::Compiler(vec!["b".into(), "c".into()]),
        )
        .unwrap_err();
        assert!(failure.what.contains("static c "), "{failure}");
    }
}
