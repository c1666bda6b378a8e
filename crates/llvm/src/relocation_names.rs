//! The names of relocation types, as LLVM knows them for every architecture.

use std::collections::BTreeMap;
use std::ptr::null_mut;

use gateless_model::{Failure, Result};

use crate::memory::take_message;
use crate::{Context, Llvm, MemoryBuffer};

/// The relocation types in an object file (`R_X86_64_PC32`, ...), by number.
///
/// Fails if LLVM can't read the object.
pub fn relocation_names(llvm: &'static Llvm, object: &[u8]) -> Result<BTreeMap<u64, String>> {
    let table = &llvm.table;
    let (create, dispose) = (table.LLVMCreateBinary()?, table.LLVMDisposeBinary()?);
    let (sections, last_section, next_section, dispose_sections) = (
        table.LLVMObjectFileCopySectionIterator()?,
        table.LLVMObjectFileIsSectionIteratorAtEnd()?,
        table.LLVMMoveToNextSection()?,
        table.LLVMDisposeSectionIterator()?,
    );
    let (relocations, last, next, dispose_relocations) = (
        table.LLVMGetRelocations()?,
        table.LLVMIsRelocationIteratorAtEnd()?,
        table.LLVMMoveToNextRelocation()?,
        table.LLVMDisposeRelocationIterator()?,
    );
    let (number, name) = (table.LLVMGetRelocationType()?, table.LLVMGetRelocationTypeName()?);
    table.LLVMDisposeMessage()?;
    let context = Context::new(llvm)?;
    let buffer = MemoryBuffer::copy(llvm, object, "object")?;
    let mut message = null_mut();
    // SAFETY: buffer and context outlive the binary, which only borrows them (llvm-c/Object.h, LLVMCreateBinary).
    let binary = unsafe { create(buffer.raw(), context.inner.raw, &mut message) };
    if binary.is_null() {
        return Err(Failure::failed(format!("LLVM cannot read the object: {}", take_message(llvm, message)?)));
    }
    let mut names = BTreeMap::new();
    // SAFETY: iterators are used only while the binary is alive and before their end, and each is disposed of once.
    unsafe {
        let section = sections(binary);
        // An object of another kind than an object file has no sections.
        while !section.is_null() && last_section(binary, section) == 0 {
            let relocation = relocations(section);
            while last(section, relocation) == 0 {
                let number = number(relocation);
                if let std::collections::btree_map::Entry::Vacant(place) = names.entry(number) {
                    place.insert(take_message(llvm, name(relocation))?);
                }
                next(relocation);
            }
            dispose_relocations(relocation);
            next_section(section);
        }
        if !section.is_null() {
            dispose_sections(section);
        }
        dispose(binary);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_refused() {
        let llvm = Llvm::load(&crate::find::of_this_toolchain()).unwrap();
        assert!(relocation_names(llvm, b"no object").is_err());
    }
}
