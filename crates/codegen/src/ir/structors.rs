//! Constructors and destructors in `.init_array` and `.fini_array`, as with every rustc target of the kernel.
//!
//! rustc sets LLVM's target option UseInitArray (LLVMRustCreateTargetMachine, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), without
//! which LLVM fills `.ctors` and `.dtors`, which nobody reads in a kernel. LLVM's C API has no setter, so the lists are
//! turned into what that option makes of them (getStaticStructorSection, llvm/lib/CodeGen/TargetLoweringObjectFileImpl.cpp).

use gateless_llvm::{Constant, Linkage, Module};
use gateless_model::{Failure, Result};

use super::values::number;

/// The lists (LangRef, "The 'llvm.global_ctors' Global Variable"), and the section for what they hold.
const LISTS: [(&str, &str); 2] = [
    ("llvm.global_ctors", ".init_array"),
    ("llvm.global_dtors", ".fini_array"),
];

/// The priority that stands for none.
const DEFAULT: u64 = 65535;

/// Puts pointers to constructors and destructors into their sections; for right before code generation.
pub fn apply(module: &mut Module) -> Result<()> {
    for (list, section) in LISTS {
        for (priority, function) in entries(module, list)? {
            let pointer = module.add_global("", function)?;
            pointer.set_linkage(Linkage::Private)?;
            match priority {
                DEFAULT => pointer.set_section(section)?,
                priority => pointer.set_section(&format!("{section}.{priority}"))?,
            }
        }
        module.delete_global(list)?;
    }
    Ok(())
}

/// The functions of a list with their priorities, lowest first.
///
/// Fails if an entry belongs to a variable that may be left out of the program.
fn entries<'m>(module: &'m Module, list: &str) -> Result<Vec<(u64, Constant<'m>)>> {
    let initializer = match module.global(list)? {
        Some(global) => global.initializer()?,
        None => None,
    };
    let mut entries = Vec::new();
    for entry in initializer.map_or(Ok(Vec::new()), Constant::operands)? {
        let &[priority, function, of] = &entry.operands()?[..] else {
            return Err(Failure::failed(format!("an entry of {list}: {entry:?}")));
        };
        if !of.is_zero()? {
            return Err(Failure::failed(format!(
                "an entry of {list} that goes with a variable is not implemented"
            )));
        }
        let priority = number(*priority)?;
        let priority = priority.ok_or_else(|| {
            Failure::failed(format!("the priority of an entry of {list} is no number"))
        })?;
        entries.push((priority, function));
    }
    entries.sort_by_key(|(priority, _)| *priority);
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSection};

    use super::*;
    use crate::testing::{Fixture, emit};

    const LISTS: &str = "define void @a() { ret void }\ndefine void @b() { ret void }\n\
        @llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @a, ptr null }, { i32, ptr, ptr } { i32 1, ptr @b, ptr null }]\n\
        @llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @b, ptr null }]";

    #[test]
    fn each_priority_has_its_section_and_the_old_ones_are_gone() {
        let fixture = Fixture::x86(LISTS);
        let mut module = fixture.module();
        apply(&mut module).unwrap();
        module.verify().unwrap();
        let bytes = emit(&fixture, module);
        let file = object::File::parse(&bytes[..]).unwrap();
        let mut names: Vec<_> = file
            .sections()
            .filter(|section| section.size() == 8)
            .map(|section| section.name().unwrap().to_owned())
            .collect();
        names.sort();
        assert_eq!(names, [".fini_array.1", ".init_array", ".init_array.1"]);
    }

    #[test]
    fn an_entry_that_goes_with_a_variable_is_refused() {
        let text = "@v = global i8 0\ndefine void @a() { ret void }\n\
            @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @a, ptr @v }]";
        let failure = apply(&mut Fixture::x86(text).module()).unwrap_err();
        assert!(failure.what.contains("llvm.global_ctors"), "{failure}");
    }
}
