//! The data layout: sizes, alignments and offsets of types.

use std::ffi::c_void;

use gateless_model::{Failure, Result};

use crate::Module;
use crate::types::{Type, TypeKind};

/// How a module's data lie in memory.
#[derive(Clone, Copy)]
pub struct DataLayout<'m> {
    module: &'m Module,
    raw: *mut c_void,
}

impl Module {
    /// The data layout that stands in the module.
    pub fn layout(&self) -> Result<DataLayout<'_>> {
        // SAFETY: the module is alive; the layout is its own, which nothing here changes.
        let raw = unsafe { (self.table().LLVMGetModuleDataLayout()?)(self.raw) };
        Ok(DataLayout { module: self, raw })
    }
}

impl DataLayout<'_> {
    /// Whether the least significant byte of a number comes first.
    pub fn is_little_endian(self) -> Result<bool> {
        /// LLVMLittleEndian (llvm-c/Target.h)
        const LITTLE: i32 = 1;
        // SAFETY: a live module's layout.
        Ok(unsafe { (self.module.table().LLVMByteOrder()?)(self.raw) } == LITTLE)
    }

    /// The size of a pointer of this address space, in bytes.
    pub fn pointer_size(self, address_space: u32) -> Result<u32> {
        // SAFETY: a live module's layout.
        Ok(unsafe { (self.module.table().LLVMPointerSizeForAS()?)(self.raw, address_space) })
    }

    /// From one element of an array of the type to the next, in bytes.
    pub fn size(self, ty: Type<'_>) -> Result<u64> {
        sized(ty)?;
        // SAFETY: a live module's layout and a type that has a size.
        Ok(unsafe { (self.module.table().LLVMABISizeOfType()?)(self.raw, ty.raw) })
    }

    /// How many bytes a store of the type may write.
    pub fn store_size(self, ty: Type<'_>) -> Result<u64> {
        sized(ty)?;
        // SAFETY: a live module's layout and a type that has a size.
        Ok(unsafe { (self.module.table().LLVMStoreSizeOfType()?)(self.raw, ty.raw) })
    }

    /// How many bits the type has.
    pub fn bits(self, ty: Type<'_>) -> Result<u64> {
        sized(ty)?;
        // SAFETY: a live module's layout and a type that has a size.
        Ok(unsafe { (self.module.table().LLVMSizeOfTypeInBits()?)(self.raw, ty.raw) })
    }

    /// The least alignment of the type, in bytes.
    pub fn alignment(self, ty: Type<'_>) -> Result<u32> {
        sized(ty)?;
        // SAFETY: a live module's layout and a type that has a size.
        Ok(unsafe { (self.module.table().LLVMABIAlignmentOfType()?)(self.raw, ty.raw) })
    }

    /// The alignment that LLVM gives variables of the type, in bytes.
    pub fn preferred_alignment(self, ty: Type<'_>) -> Result<u32> {
        sized(ty)?;
        // SAFETY: a live module's layout and a type that has a size.
        Ok(unsafe { (self.module.table().LLVMPreferredAlignmentOfType()?)(self.raw, ty.raw) })
    }

    /// Where the element of this number begins in a structure, in bytes.
    pub fn offset(self, structure: Type<'_>, element: u32) -> Result<u64> {
        sized(structure)?;
        let TypeKind::Struct(of) = structure.kind()? else {
            return Err(Failure::failed(format!("{structure:?} is no structure")));
        };
        if element as usize >= of.elements.map_or(0, |elements| elements.len()) {
            return Err(Failure::failed(format!(
                "{structure:?} has no element {element}"
            )));
        }
        let offset = self.module.table().LLVMOffsetOfElement()?;
        // SAFETY: a live module's layout, and a structure that has this element.
        Ok(unsafe { offset(self.raw, structure.raw, element) })
    }
}

fn sized(ty: Type<'_>) -> Result<()> {
    if ty.is_sized()? {
        return Ok(());
    }
    Err(Failure::failed(format!("the type {ty:?} has no size")))
}

#[cfg(test)]
mod tests {
    use crate::testing::module;

    #[test]
    fn sizes_alignments_and_offsets_are_the_layouts() {
        let module = module(
            "target datalayout = \"e-p:32:32-i64:32-n32\"\n@v = external global { i8, i64, ptr }\n@w = external global i24",
        );
        let layout = module.layout().unwrap();
        let of = |name| {
            let global = module.global(name).unwrap().unwrap();
            global.value_type().unwrap()
        };
        assert!(layout.is_little_endian().unwrap());
        assert_eq!(layout.pointer_size(0).unwrap(), 4);
        assert_eq!(layout.size(of("v")).unwrap(), 16);
        assert_eq!(layout.alignment(of("v")).unwrap(), 4);
        assert_eq!(layout.offset(of("v"), 1).unwrap(), 4);
        assert_eq!(layout.offset(of("v"), 2).unwrap(), 12);
        assert_eq!(layout.store_size(of("w")).unwrap(), 3);
        assert_eq!(layout.size(of("w")).unwrap(), 4);
        assert_eq!(layout.bits(of("w")).unwrap(), 24);
    }

    #[test]
    fn what_has_no_size_and_no_such_element_is_an_error() {
        let module =
            module("%hidden = type opaque\n@v = external global %hidden\n@w = external global {}");
        let layout = module.layout().unwrap();
        let of = |name| {
            let global = module.global(name).unwrap().unwrap();
            global.value_type().unwrap()
        };
        let failure = layout.size(of("v")).unwrap_err();
        assert!(failure.what.contains("hidden"), "{failure}");
        let failure = layout.offset(of("w"), 0).unwrap_err();
        assert!(failure.what.contains("no element 0"), "{failure}");
    }
}
