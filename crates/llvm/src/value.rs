//! Functions and global variables of a module.

use std::collections::HashSet;
use std::ffi::CStr;

use gateless_model::Result;

use crate::Module;
use crate::memory::{borrowed_text, c_string};
use crate::table::{RawBlock, RawValue};

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

    /// Whether the function has private linkage: no symbol of the object file stands for it.
    pub fn is_private(&self) -> Result<bool> {
        Ok(linkage(self.module, self.raw)? == PRIVATE)
    }

    /// Whether the object file gets a copy of the function: it is neither declared only nor available elsewhere.
    pub fn is_emitted(&self) -> Result<bool> {
        is_emitted(self.module, self.raw)
    }

    /// Makes the function external and hidden, if it is emitted, so that a symbol stands for it, also in relocations.
    pub fn make_external(&self) -> Result<()> {
        make_external(self.module, self.raw)
    }

    /// Hides the function from other programs and libraries, if it is emitted with a symbol for others.
    pub fn hide(&self) -> Result<()> {
        if self.is_emitted()? && !matches!(linkage(self.module, self.raw)?, PRIVATE | INTERNAL) {
            make_external(self.module, self.raw)?;
        }
        Ok(())
    }

    /// Makes the function private to its module, if it is emitted.
    pub fn make_internal(&self) -> Result<()> {
        let link = self.module.table().LLVMSetLinkage()?;
        if self.is_emitted()? {
            // SAFETY: a global value of a live module.
            unsafe { link(self.raw, INTERNAL) };
        }
        Ok(())
    }

    /// Gives the function a symbol for others, if it is private to its module.
    pub fn make_public(&self) -> Result<()> {
        let link = self.module.table().LLVMSetLinkage()?;
        if linkage(self.module, self.raw)? == INTERNAL {
            // SAFETY: a global value of a live module.
            unsafe { link(self.raw, EXTERNAL) };
        }
        Ok(())
    }

    /// The functions with calls that mention it, as what is called or as an argument; one for each call.
    pub fn callers(&self) -> Result<Vec<Self>> {
        let table = self.module.table();
        let (first, next, user) = (
            table.LLVMGetFirstUse()?,
            table.LLVMGetNextUse()?,
            table.LLVMGetUser()?,
        );
        let (is_call, block, function) = (
            table.LLVMIsACallInst()?,
            table.LLVMGetInstructionParent()?,
            table.LLVMGetBasicBlockParent()?,
        );
        let mut callers = Vec::new();
        // SAFETY: a function of a live module; the list of its uses does not change meanwhile, and a call stands in a block of a function.
        unsafe {
            let mut used = first(self.raw);
            while !used.is_null() {
                let call = is_call(user(used));
                if !call.is_null() {
                    callers.push(Self {
                        module: self.module,
                        raw: function(block(call)),
                    });
                }
                used = next(used);
            }
        }
        Ok(callers)
    }

    /// The functions that call it, if nothing else is done with it; one for each call.
    pub fn only_callers(&self) -> Result<Option<Vec<Self>>> {
        let table = self.module.table();
        let (first, next, user) = (
            table.LLVMGetFirstUse()?,
            table.LLVMGetNextUse()?,
            table.LLVMGetUser()?,
        );
        let (is_call, called) = (table.LLVMIsACallInst()?, table.LLVMGetCalledValue()?);
        let mut calls = HashSet::new();
        // SAFETY: a function of a live module; the list of its uses does not change meanwhile.
        unsafe {
            let mut used = first(self.raw);
            while !used.is_null() {
                let call = is_call(user(used));
                // A second use by the same call is an argument.
                if call.is_null() || called(call) != self.raw || !calls.insert(call) {
                    return Ok(None);
                }
                used = next(used);
            }
        }
        self.callers().map(Some)
    }

    /// Marks the function as one that is linked into the same image, so that it needs no global offset table.
    pub fn assume_local(&self) -> Result<()> {
        assume_local(self.module, self.raw)
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

    /// Whether it is in a COMDAT.
    pub fn has_comdat(&self) -> Result<bool> {
        has_comdat(self.module, self.raw)
    }

    /// Puts the function into the COMDAT of this name, which is made if it is not there, and of which no linker drops anything.
    pub fn set_comdat(&self, name: &str) -> Result<()> {
        set_comdat(self.module, self.raw, name)
    }

    /// Gives a function that is declared only a body that traps, to be inlined wherever it is called; no symbol stands for it then.
    pub fn make_trap(&self) -> Result<()> {
        const TRAP: &str = "llvm.trap";
        let (table, context) = (self.module.table(), self.module.context.inner.raw);
        let (look_up, declare, ty) = (
            table.LLVMLookupIntrinsicID()?,
            table.LLVMGetIntrinsicDeclaration()?,
            table.LLVMIntrinsicGetType()?,
        );
        let (append, create, dispose) = (
            table.LLVMAppendBasicBlockInContext()?,
            table.LLVMCreateBuilderInContext()?,
            table.LLVMDisposeBuilder()?,
        );
        let (position, call, unreachable) = (
            table.LLVMPositionBuilderAtEnd()?,
            table.LLVMBuildCall2()?,
            table.LLVMBuildUnreachable()?,
        );
        let link = table.LLVMSetLinkage()?;
        // SAFETY: a declared function of a live module in its context; the intrinsic has no overloads and no parameters; the builder
        // is disposed of before anything else is done.
        unsafe {
            let trap = look_up(TRAP.as_ptr().cast(), TRAP.len());
            let (of, called) = (
                ty(context, trap, std::ptr::null_mut(), 0),
                declare(self.module.raw, trap, std::ptr::null_mut(), 0),
            );
            let builder = create(context);
            position(builder, append(context, self.raw, c"".as_ptr()));
            call(builder, of, called, std::ptr::null_mut(), 0, c"".as_ptr());
            unreachable(builder);
            dispose(builder);
            link(self.raw, INTERNAL);
        }
        self.remove_attribute("noinline")?;
        self.remove_attribute_of_calls("noinline")?;
        self.set_attribute("alwaysinline", 0)
    }

    /// The instructions of the body, in order.
    pub(crate) fn instructions(&self) -> Result<Vec<*mut RawValue>> {
        let table = self.module.table();
        let (first_block, next_block) = (
            table.LLVMGetFirstBasicBlock()?,
            table.LLVMGetNextBasicBlock()?,
        );
        let mut instructions = Vec::new();
        // SAFETY: a function of a live module, whose list of blocks is not changed meanwhile.
        unsafe {
            let mut block = first_block(self.raw);
            while !block.is_null() {
                instructions.extend(instructions_of(self.module, block)?);
                block = next_block(block);
            }
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
        Ok(linkage(self.module, self.raw)? == PRIVATE)
    }

    /// Whether the object file gets a copy of the variable: it is neither declared only nor available elsewhere.
    pub fn is_emitted(&self) -> Result<bool> {
        is_emitted(self.module, self.raw)
    }

    /// Makes the variable external and hidden, if it is emitted, so that a symbol stands for it, also in relocations.
    pub fn make_external(&self) -> Result<()> {
        make_external(self.module, self.raw)
    }

    /// Marks the variable as one that is linked into the same image, so that it needs no global offset table.
    pub fn assume_local(&self) -> Result<()> {
        assume_local(self.module, self.raw)
    }

    /// Whether each thread has its own.
    pub fn is_thread_local(&self) -> Result<bool> {
        let is = self.module.table().LLVMIsThreadLocal()?;
        // SAFETY: a global variable of a live module.
        Ok(unsafe { is(self.raw) } != 0)
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

    /// Whether it is in a COMDAT.
    pub fn has_comdat(&self) -> Result<bool> {
        has_comdat(self.module, self.raw)
    }

    /// Puts the variable into the COMDAT of this name, which is made if it is not there, and of which no linker drops anything.
    pub fn set_comdat(&self, name: &str) -> Result<()> {
        set_comdat(self.module, self.raw, name)
    }
}

/// Numbers of llvm-c/Core.h, LLVMLinkage.
const EXTERNAL: i32 = 0;
const AVAILABLE_EXTERNALLY: i32 = 1;
const INTERNAL: i32 = 8;
const PRIVATE: i32 = 9;

fn linkage(module: &Module, raw: *mut RawValue) -> Result<i32> {
    let get = module.table().LLVMGetLinkage()?;
    // SAFETY: a global value of a live module.
    Ok(unsafe { get(raw) })
}

fn is_emitted(module: &Module, raw: *mut RawValue) -> Result<bool> {
    let is_declaration = module.table().LLVMIsDeclaration()?;
    // SAFETY: a global value of a live module.
    Ok(unsafe { is_declaration(raw) } == 0 && linkage(module, raw)? != AVAILABLE_EXTERNALLY)
}

fn has_comdat(module: &Module, raw: *mut RawValue) -> Result<bool> {
    let get = module.table().LLVMGetComdat()?;
    // SAFETY: a global value of a live module.
    Ok(!unsafe { get(raw) }.is_null())
}

fn set_comdat(module: &Module, raw: *mut RawValue, name: &str) -> Result<()> {
    /// LLVMNoDeduplicateComdatSelectionKind (llvm-c/Comdat.h)
    const NO_DEDUPLICATE: i32 = 3;
    let table = module.table();
    let (insert, select, set) = (
        table.LLVMGetOrInsertComdat()?,
        table.LLVMSetComdatSelectionKind()?,
        table.LLVMSetComdat()?,
    );
    let name = c_string(name, "a COMDAT's name")?;
    // SAFETY: a global value of a live module, which owns the COMDAT; the name is a C string that LLVM copies.
    unsafe {
        let comdat = insert(module.raw, name.as_ptr());
        select(comdat, NO_DEDUPLICATE);
        set(raw, comdat);
    }
    Ok(())
}

fn make_external(module: &Module, raw: *mut RawValue) -> Result<()> {
    /// LLVMHiddenVisibility (llvm-c/Core.h); the code of the module itself would refer to default ones by a local alias.
    const HIDDEN: i32 = 1;
    let (link, see) = (
        module.table().LLVMSetLinkage()?,
        module.table().LLVMSetVisibility()?,
    );
    if is_emitted(module, raw)? {
        // SAFETY: a global value of a live module.
        unsafe {
            if matches!(linkage(module, raw)?, PRIVATE | INTERNAL) {
                link(raw, EXTERNAL);
            }
            see(raw, HIDDEN);
        }
    }
    Ok(())
}

/// Sets `dso_local`, for which LLVM's C API has no setter: a value becomes so when its linkage becomes internal, and stays so when
/// it gets its own linkage back (`GlobalValue::setLinkage`, llvm/IR/GlobalValue.h).
fn assume_local(module: &Module, raw: *mut RawValue) -> Result<()> {
    let link = module.table().LLVMSetLinkage()?;
    let (get, set) = (
        module.table().LLVMGetVisibility()?,
        module.table().LLVMSetVisibility()?,
    );
    let own = linkage(module, raw)?;
    // SAFETY: a global value of a live module, which gets back what it had.
    unsafe {
        let visibility = get(raw);
        link(raw, INTERNAL);
        link(raw, own);
        set(raw, visibility);
    }
    Ok(())
}

/// The instructions of a block of a function of `module`, in order.
///
/// # Safety
///
/// The block must be alive.
pub(crate) unsafe fn instructions_of(
    module: &Module,
    block: *mut RawBlock,
) -> Result<Vec<*mut RawValue>> {
    let (first, next) = (
        module.table().LLVMGetFirstInstruction()?,
        module.table().LLVMGetNextInstruction()?,
    );
    let mut instructions = Vec::new();
    // SAFETY: a live block, as the caller promises, which is not changed meanwhile.
    unsafe {
        let mut instruction = first(block);
        while !instruction.is_null() {
            instructions.push(instruction);
            instruction = next(instruction);
        }
    }
    Ok(instructions)
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
