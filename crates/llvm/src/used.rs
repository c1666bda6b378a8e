//! `llvm.used` and `llvm.compiler.used`: the lists of what must be kept.

use std::ffi::c_uint;

use gateless_model::{Failure, Result};

use crate::Module;
use crate::memory::c_string;
use crate::raw::name;
use crate::table::RawValue;

/// Which of the two lists (LangRef, "The 'llvm.used' Global Variable").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedList {
    /// Kept by compiler, assembler and linker; in ELF its members' sections get SHF_GNU_RETAIN.
    Linker,
    /// Kept by the compiler only.
    Compiler,
}

impl UsedList {
    fn name(self) -> &'static str {
        match self {
            UsedList::Linker => "llvm.used",
            UsedList::Compiler => "llvm.compiler.used",
        }
    }
}

impl Module {
    /// The names of a list's members.
    pub fn used(&self, list: UsedList) -> Result<Vec<String>> {
        self.members(list)?
            .into_iter()
            .map(|member| name(self, member))
            .collect()
    }

    /// Moves the members of `llvm.used` that `which` picks by name to `llvm.compiler.used`; returns how many there were.
    pub fn demote_used(&mut self, which: impl Fn(&str) -> bool) -> Result<usize> {
        let (mut kept, mut moved) = (Vec::new(), self.members(UsedList::Compiler)?);
        let before = moved.len();
        for member in self.members(UsedList::Linker)? {
            let list = if which(&name(self, member)?) {
                &mut moved
            } else {
                &mut kept
            };
            if !list.contains(&member) {
                list.push(member);
            }
        }
        let count = moved.len() - before;
        if count > 0 {
            self.replace(UsedList::Linker, &kept)?;
            self.replace(UsedList::Compiler, &moved)?;
        }
        Ok(count)
    }

    fn members(&self, list: UsedList) -> Result<Vec<*mut RawValue>> {
        let Some(global) = self.global(list.name())? else {
            return Ok(Vec::new());
        };
        let table = self.table();
        let (initializer, count, operand) = (
            table.LLVMGetInitializer()?,
            table.LLVMGetNumOperands()?,
            table.LLVMGetOperand()?,
        );
        // SAFETY: a global variable of a live module.
        let array = unsafe { initializer(global.raw) };
        if array.is_null() {
            return Err(Failure::failed(format!(
                "{} is declared without members",
                list.name()
            )));
        }
        // SAFETY: an initialiser is a constant, whose operands are counted by LLVM.
        Ok(unsafe {
            (0..count(array) as c_uint)
                .map(|index| operand(array, index))
                .collect()
        })
    }

    /// Lists have a fixed length, so a changed one is a new variable.
    fn replace(&mut self, list: UsedList, members: &[*mut RawValue]) -> Result<()> {
        /// LLVMAppendingLinkage (llvm-c/Core.h)
        const APPENDING: i32 = 7;
        let table = self.table();
        let context = self.context.inner.raw;
        let (delete, add) = (table.LLVMDeleteGlobal()?, table.LLVMAddGlobal()?);
        let (pointer, array, constant) = (
            table.LLVMPointerTypeInContext()?,
            table.LLVMArrayType2()?,
            table.LLVMConstArray2()?,
        );
        let (initialize, link) = (table.LLVMSetInitializer()?, table.LLVMSetLinkage()?);
        let name = c_string(list.name(), "a variable's name")?;
        if let Some(old) = self.global(list.name())? {
            // SAFETY: nothing refers to the list itself, and no handle to it is left (self is borrowed mutably).
            unsafe { delete(old.raw) };
        }
        if members.is_empty() {
            return Ok(());
        }
        // SAFETY: all types, constants and members belong to the live context of this module; pointer and length are those of a slice.
        let new = unsafe {
            let pointer = pointer(context, 0);
            let new = add(
                self.raw,
                array(pointer, members.len() as u64),
                name.as_ptr(),
            );
            initialize(
                new,
                constant(pointer, members.as_ptr(), members.len() as u64),
            );
            link(new, APPENDING);
            new
        };
        let section = table.LLVMSetSection()?;
        // SAFETY: the variable just made, and a C string that LLVM copies.
        unsafe { section(new, c"llvm.metadata".as_ptr()) };
        Ok(())
    }
}
