//! Functions and global variables of a module.

use std::ffi::CStr;

use gateless_model::Result;

use crate::Module;
use crate::memory::{borrowed_text, c_string};
use crate::table::RawValue;

/// A function of a module.
#[derive(Clone, Copy)]
pub struct Function<'m> {
    pub(crate) module: &'m Module,
    pub(crate) raw: *mut RawValue,
}

/// A global variable of a module.
#[derive(Clone, Copy)]
pub struct Global<'m> {
    pub(crate) module: &'m Module,
    pub(crate) raw: *mut RawValue,
}

impl Function<'_> {
    /// The symbol's name.
    pub fn name(&self) -> Result<String> {
        name(self.module, self.raw)
    }

    /// Whether the function has no body here.
    pub fn is_declaration(&self) -> Result<bool> {
        let is = self.module.table().LLVMIsDeclaration()?;
        // SAFETY: a value of a live module.
        Ok(unsafe { is(self.raw) } != 0)
    }

    /// Whether it is one of LLVM's own.
    pub fn is_intrinsic(&self) -> Result<bool> {
        let id = self.module.table().LLVMGetIntrinsicID()?;
        // SAFETY: a function of a live module.
        Ok(unsafe { id(self.raw) } != 0)
    }

    /// The section that it was put into, if it was.
    pub fn section(&self) -> Result<Option<String>> {
        section(self.module, self.raw)
    }

    /// Puts the function into a section of this name.
    pub fn set_section(&self, section: &str) -> Result<()> {
        set_section(self.module, self.raw, section)
    }

    /// The instructions of the body, in order.
    pub(crate) fn instructions(&self) -> Result<Vec<*mut RawValue>> {
        let table = self.module.table();
        let (first_block, next_block) = (
            table.LLVMGetFirstBasicBlock()?,
            table.LLVMGetNextBasicBlock()?,
        );
        let (first, next) = (
            table.LLVMGetFirstInstruction()?,
            table.LLVMGetNextInstruction()?,
        );
        let mut instructions = Vec::new();
        // SAFETY: a function of a live module.
        let mut block = unsafe { first_block(self.raw) };
        while !block.is_null() {
            // SAFETY: a block of this function.
            let mut instruction = unsafe { first(block) };
            while !instruction.is_null() {
                instructions.push(instruction);
                // SAFETY: an instruction of this block.
                instruction = unsafe { next(instruction) };
            }
            // SAFETY: a block of this function.
            block = unsafe { next_block(block) };
        }
        Ok(instructions)
    }
}

impl Global<'_> {
    /// The symbol's name; private constants may have none.
    pub fn name(&self) -> Result<String> {
        name(self.module, self.raw)
    }

    /// Whether the variable has private linkage: no symbol of the object file stands for it.
    pub fn is_private(&self) -> Result<bool> {
        /// LLVMPrivateLinkage (llvm-c/Core.h)
        const PRIVATE: i32 = 9;
        let get = self.module.table().LLVMGetLinkage()?;
        // SAFETY: a global value of a live module.
        Ok(unsafe { get(self.raw) } == PRIVATE)
    }

    /// Takes the variable's name away.
    pub fn remove_name(&self) -> Result<()> {
        let set = self.module.table().LLVMSetValueName2()?;
        // SAFETY: a global value of a live module, and an empty text.
        unsafe { set(self.raw, c"".as_ptr(), 0) };
        Ok(())
    }

    /// The section that it was put into, if it was.
    pub fn section(&self) -> Result<Option<String>> {
        section(self.module, self.raw)
    }

    /// Puts the variable into a section of this name.
    pub fn set_section(&self, section: &str) -> Result<()> {
        set_section(self.module, self.raw, section)
    }
}

pub(crate) fn name(module: &Module, raw: *mut RawValue) -> Result<String> {
    let get = module.table().LLVMGetValueName2()?;
    let mut length = 0;
    // SAFETY: a value of a live module; LLVM returns its name and the name's length.
    unsafe { Ok(borrowed_text(get(raw, &mut length), length).unwrap_or_default()) }
}

fn section(module: &Module, raw: *mut RawValue) -> Result<Option<String>> {
    let get = module.table().LLVMGetSection()?;
    // SAFETY: a global value of a live module.
    let text = unsafe { get(raw) };
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: LLVM keeps section names as C strings in the context.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

fn set_section(module: &Module, raw: *mut RawValue, section: &str) -> Result<()> {
    let set = module.table().LLVMSetSection()?;
    let section = c_string(section, "a section's name")?;
    // SAFETY: a global value of a live module, and a C string that LLVM copies.
    unsafe { set(raw, section.as_ptr()) };
    Ok(())
}
