//! Constructors and destructors in `.init_array` and `.fini_array`, as with every rustc target of the kernel.
//!
//! rustc sets LLVM's target option UseInitArray (LLVMRustCreateTargetMachine, compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), without
//! which LLVM fills `.ctors` and `.dtors`, which nobody reads in a kernel. LLVM's C API has no setter, so the lists are
//! turned into what that option makes of them (getStaticStructorSection, llvm/lib/CodeGen/TargetLoweringObjectFileImpl.cpp).

use gateless_llvm::{Module, StructorList};
use gateless_model::Result;

/// The priority that stands for none.
const DEFAULT: u64 = 65535;

/// Puts pointers to constructors and destructors into their sections; for right before code generation.
pub fn apply(module: &mut Module) -> Result<()> {
    let section = |name: &'static str| {
        move |priority| {
            if priority == DEFAULT {
                name.to_owned()
            } else {
                format!("{name}.{priority}")
            }
        }
    };
    module.place_structors(StructorList::Constructors, section(".init_array"))?;
    module.place_structors(StructorList::Destructors, section(".fini_array"))
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
