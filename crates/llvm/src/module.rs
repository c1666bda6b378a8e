//! Modules: reading, writing, printing, and what is true of a module as a whole.

use std::ffi::CStr;
use std::ptr::null_mut;

use gateless_model::{Failure, Result};

use crate::memory::{borrowed_text, c_string, take_message};
use crate::table::{RawModule, RawValue, Table};
use crate::{Context, Llvm, MemoryBuffer};

/// A module of LLVM IR.
pub struct Module {
    pub(crate) context: Context,
    pub(crate) raw: *mut RawModule,
}

impl Module {
    /// Reads bitcode; `name` stands for it in messages.
    ///
    /// Fails for anything else than bitcode that this LLVM can read.
    pub fn from_bitcode(context: &Context, bitcode: &[u8], name: &str) -> Result<Self> {
        let llvm = context.llvm();
        let parse = llvm.table.LLVMParseBitcodeInContext2()?;
        let buffer = MemoryBuffer::copy(llvm, bitcode, name)?;
        let mut raw = null_mut();
        // SAFETY: context and buffer are alive; the function reads the buffer and does not keep it.
        let failed = unsafe { parse(context.inner.raw, buffer.raw(), &mut raw) };
        let (major, minor, patch) = llvm.version();
        let what = format!("{name} is not bitcode that LLVM {major}.{minor}.{patch} can read");
        let help = "the bitcode has to come from the very rustc whose libLLVM is used";
        let said = context.check(&what).map_err(|failure| failure.help(help));
        if failed != 0 || raw.is_null() {
            said?;
            return Err(Failure::no(what).help(help));
        }
        let module = Self {
            context: context.clone(),
            raw,
        };
        said?;
        Ok(module)
    }

    /// Reads LLVM IR in its text form.
    pub fn from_text(context: &Context, text: &str) -> Result<Self> {
        let llvm = context.llvm();
        let parse = llvm.table.LLVMParseIRInContext()?;
        let buffer = MemoryBuffer::copy(llvm, text.as_bytes(), "LLVM IR")?;
        let (mut raw, mut message) = (null_mut(), null_mut());
        // SAFETY: context and buffer are alive; the function takes the buffer over.
        let failed = unsafe { parse(context.inner.raw, buffer.into_raw(), &mut raw, &mut message) };
        if failed != 0 {
            return Err(Failure::no(format!(
                "not LLVM IR: {}",
                take_message(llvm, message)?
            )));
        }
        Ok(Self {
            context: context.clone(),
            raw,
        })
    }

    /// A copy in the same context; generating code changes a module, so each further output needs one.
    pub fn try_clone(&self) -> Result<Self> {
        let clone = self.table().LLVMCloneModule()?;
        // SAFETY: the module is alive.
        let raw = unsafe { clone(self.raw) };
        Ok(Self {
            context: self.context.clone(),
            raw,
        })
    }

    /// The library.
    pub fn llvm(&self) -> &'static Llvm {
        self.context.llvm()
    }

    pub(crate) fn table(&self) -> &'static Table {
        &self.llvm().table
    }

    /// The context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Names the module after its source file name, as it was before it was written to a file and read again.
    ///
    /// rustc gives both the codegen unit's name; passes that put the module's name into data go by the first.
    pub fn name_after_source(&self) -> Result<()> {
        let get = self.table().LLVMGetSourceFileName()?;
        let set = self.table().LLVMSetModuleIdentifier()?;
        let mut length = 0;
        // SAFETY: the module is alive; LLVM returns the text with its length, and copies what it is given.
        unsafe {
            let name = get(self.raw, &mut length);
            set(self.raw, name, length);
        }
        Ok(())
    }

    /// The target triple, as it stands in the module.
    pub fn triple(&self) -> Result<String> {
        let get = self.table().LLVMGetTarget()?;
        // SAFETY: LLVM returns a C string that lives until the triple is changed.
        Ok(unsafe { CStr::from_ptr(get(self.raw)) }
            .to_string_lossy()
            .into_owned())
    }

    /// Sets the target triple, which should be normalised.
    pub fn set_triple(&self, triple: &str) -> Result<()> {
        let set = self.table().LLVMSetTarget()?;
        let triple = c_string(triple, "a target triple")?;
        // SAFETY: a C string, which LLVM copies.
        unsafe { set(self.raw, triple.as_ptr()) };
        Ok(())
    }

    /// The data layout, as it stands in the module.
    pub fn data_layout(&self) -> Result<String> {
        let get = self.table().LLVMGetDataLayoutStr()?;
        // SAFETY: LLVM returns a C string that lives until the layout is changed.
        Ok(unsafe { CStr::from_ptr(get(self.raw)) }
            .to_string_lossy()
            .into_owned())
    }

    /// Assembly for all of the module, behind which its own code comes; empty if there is none.
    pub fn assembly(&self) -> Result<String> {
        let mut length = 0;
        // SAFETY: the module is alive; LLVM returns the text with its length.
        unsafe {
            let start = (self.table().LLVMGetModuleInlineAsm()?)(self.raw, &mut length);
            Ok(borrowed_text(start, length).unwrap_or_default())
        }
    }

    /// The name of the source file, which for rustc is that of the codegen unit.
    pub fn source_name(&self) -> Result<String> {
        let mut length = 0;
        // SAFETY: the module is alive; LLVM returns the text with its length.
        unsafe {
            let start = (self.table().LLVMGetSourceFileName()?)(self.raw, &mut length);
            Ok(borrowed_text(start, length).unwrap_or_default())
        }
    }

    pub(crate) fn list(
        &self,
        first: unsafe extern "C" fn(*mut RawModule) -> *mut RawValue,
        next: unsafe extern "C" fn(*mut RawValue) -> *mut RawValue,
    ) -> Vec<*mut RawValue> {
        let mut raws = Vec::new();
        // SAFETY: the module is alive.
        let mut raw = unsafe { first(self.raw) };
        while !raw.is_null() {
            raws.push(raw);
            // SAFETY: raw is a value of this module's list.
            raw = unsafe { next(raw) };
        }
        raws
    }

    /// The module as text.
    pub fn to_text(&self) -> Result<String> {
        let print = self.table().LLVMPrintModuleToString()?;
        // SAFETY: the module is alive.
        take_message(self.llvm(), unsafe { print(self.raw) })
    }

    /// The module as bitcode.
    pub fn to_bitcode(&self) -> Result<MemoryBuffer> {
        let write = self.table().LLVMWriteBitcodeToMemoryBuffer()?;
        // SAFETY: the module is alive.
        Ok(MemoryBuffer::own(self.llvm(), unsafe { write(self.raw) }))
    }

    /// Takes all debug information away.
    pub fn remove_debug_info(&mut self) -> Result<()> {
        let strip = self.table().LLVMStripModuleDebugInfo()?;
        // SAFETY: the module is alive, and no handle to anything in it is left (self is borrowed mutably).
        unsafe { strip(self.raw) };
        Ok(())
    }

    /// Checks that the module is well-formed, with LLVM's own words if it is not.
    pub fn verify(&self) -> Result<()> {
        const RETURN_STATUS: i32 = 2;
        let verify = self.table().LLVMVerifyModule()?;
        let mut message = null_mut();
        // SAFETY: the module is alive and the message is a valid place.
        let broken = unsafe { verify(self.raw, RETURN_STATUS, &mut message) };
        let message = take_message(self.llvm(), message)?;
        if broken == 0 {
            Ok(())
        } else {
            Err(Failure::failed(format!("malformed LLVM IR: {message}")))
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if let Ok(dispose) = self.table().LLVMDisposeModule() {
            // SAFETY: values borrow the module, so none is left.
            unsafe { dispose(self.raw) }
        }
    }
}
