//! `llvm.global_ctors` and `llvm.global_dtors`: functions that run when a module is loaded and unloaded.

use gateless_model::{Failure, Result};

use crate::Module;
use crate::memory::c_string;
use crate::table::RawValue;

/// Which of the two lists (LangRef, "The 'llvm.global_ctors' Global Variable").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructorList {
    /// Run first.
    Constructors,
    /// Run last.
    Destructors,
}

impl StructorList {
    fn name(self) -> &'static str {
        match self {
            StructorList::Constructors => "llvm.global_ctors",
            StructorList::Destructors => "llvm.global_dtors",
        }
    }
}

impl Module {
    /// Replaces a list by one pointer per function, in the section that `section` gives for its priority, lowest first.
    ///
    /// Fails if an entry belongs to a variable that may be left out of the program.
    pub fn place_structors(
        &mut self,
        list: StructorList,
        section: impl Fn(u64) -> String,
    ) -> Result<()> {
        /// LLVMPrivateLinkage (llvm-c/Core.h)
        const PRIVATE: i32 = 9;
        let Some(global) = self.global(list.name())? else {
            return Ok(());
        };
        let table = self.table();
        let (initializer, count, operand) = (
            table.LLVMGetInitializer()?,
            table.LLVMGetNumOperands()?,
            table.LLVMGetOperand()?,
        );
        let (number, is_null) = (table.LLVMConstIntGetZExtValue()?, table.LLVMIsNull()?);
        let mut entries: Vec<(u64, *mut RawValue)> = Vec::new();
        // SAFETY: the initialiser of a list is an array of structures of a number and two pointers (checked by LLVM's verifier).
        unsafe {
            let array = initializer(global.raw);
            for index in 0..count(array) {
                let entry = operand(array, index as u32);
                if is_null(operand(entry, 2)) == 0 {
                    return Err(Failure::failed(format!(
                        "an entry of {} that goes with a variable is not implemented",
                        list.name()
                    )));
                }
                entries.push((number(operand(entry, 0)), operand(entry, 1)));
            }
        }
        entries.sort_by_key(|(priority, _)| *priority);
        let raw = global.raw;
        let (delete, add, pointer) = (
            table.LLVMDeleteGlobal()?,
            table.LLVMAddGlobal()?,
            table.LLVMPointerTypeInContext()?,
        );
        let (initialize, link, place) = (
            table.LLVMSetInitializer()?,
            table.LLVMSetLinkage()?,
            table.LLVMSetSection()?,
        );
        // SAFETY: nothing refers to the list itself, and no handle to it is left (self is borrowed mutably).
        unsafe { delete(raw) };
        for (priority, function) in entries {
            let section = c_string(&section(priority), "a section's name")?;
            // SAFETY: type, function and variable belong to the live context of this module; LLVM copies the texts.
            unsafe {
                let new = add(self.raw, pointer(self.context.inner.raw, 0), c"".as_ptr());
                initialize(new, function);
                link(new, PRIVATE);
                place(new, section.as_ptr());
            }
        }
        Ok(())
    }
}
