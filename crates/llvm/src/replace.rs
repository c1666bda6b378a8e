//! Functions put in the place of others.

use std::ffi::c_uint;

use gateless_model::Result;

use crate::Function;
use crate::Module;
use crate::raw::name;
use crate::table::RawValue;

impl Module {
    /// Puts a function that returns the address of `target`, and does nothing else, in the place of `old`; it comes last in the module.
    pub fn replace_by_address(&mut self, old: &str, target: &str) -> Result<()> {
        let (Some(old), Some(target)) = (self.function(old)?, self.function(target)?) else {
            return Ok(());
        };
        let label = name(self, old.raw)?;
        let (old, target) = (old.raw, target.raw);
        let table = self.table();
        let context = self.context.inner.raw;
        let (add, ty) = (table.LLVMAddFunction()?, table.LLVMGlobalGetValueType()?);
        let (append, create, dispose) = (
            table.LLVMAppendBasicBlockInContext()?,
            table.LLVMCreateBuilderInContext()?,
            table.LLVMDisposeBuilder()?,
        );
        let (position, ret) = (table.LLVMPositionBuilderAtEnd()?, table.LLVMBuildRet()?);
        let (replace, delete, rename) = (
            table.LLVMReplaceAllUsesWith()?,
            table.LLVMDeleteFunction()?,
            table.LLVMSetValueName2()?,
        );
        // SAFETY: both are functions of this live module; the old one is deleted after everything that refers to it was given the new one, and no
        // handle to it is left (self is borrowed mutably).
        unsafe {
            let new = add(self.raw, c"".as_ptr(), ty(old));
            self.copy_properties(old, new)?;
            let builder = create(context);
            position(builder, append(context, new, c"start".as_ptr()));
            ret(builder, target);
            dispose(builder);
            replace(old, new);
            delete(old);
            rename(new, label.as_ptr().cast(), label.len());
        }
        Ok(())
    }

    /// Puts `new` in the place of `old`, a function that nothing calls, and takes that away.
    pub fn replace_in_tables(&mut self, old: &str, new: &str) -> Result<()> {
        let (Some(old), Some(new)) = (self.function(old)?, self.function(new)?) else {
            return Ok(());
        };
        let (old, new) = (old.raw, new.raw);
        let table = self.table();
        let (replace, delete) = (table.LLVMReplaceAllUsesWith()?, table.LLVMDeleteFunction()?);
        // SAFETY: both are functions of this live module; the old one is deleted after everything that refers to it was given the new one, and no
        // handle to it is left (self is borrowed mutably).
        unsafe {
            replace(old, new);
            delete(old);
        }
        Ok(())
    }

    /// Gives a function all that says how another one is called, linked and generated.
    ///
    /// # Safety
    ///
    /// Both are functions of this module, of the same type.
    unsafe fn copy_properties(&self, from: *mut RawValue, to: *mut RawValue) -> Result<()> {
        /// The place of a function's own attributes.
        const ON_FUNCTION: c_uint = c_uint::MAX;
        let table = self.table();
        let (linkage, link) = (table.LLVMGetLinkage()?, table.LLVMSetLinkage()?);
        let (visibility, see) = (table.LLVMGetVisibility()?, table.LLVMSetVisibility()?);
        let (is_unnamed, unname) = (
            table.LLVMGetUnnamedAddress()?,
            table.LLVMSetUnnamedAddress()?,
        );
        let (convention, call) = (
            table.LLVMGetFunctionCallConv()?,
            table.LLVMSetFunctionCallConv()?,
        );
        let (alignment, align) = (table.LLVMGetAlignment()?, table.LLVMSetAlignment()?);
        let (count, get, add) = (
            table.LLVMGetAttributeCountAtIndex()?,
            table.LLVMGetAttributesAtIndex()?,
            table.LLVMAddAttributeAtIndex()?,
        );
        let params = table.LLVMCountParams()?;
        // SAFETY: functions of a live module, as the caller promises; as many attributes are written as LLVM says there are.
        unsafe {
            link(to, linkage(from));
            see(to, visibility(from));
            unname(to, is_unnamed(from));
            call(to, convention(from));
            align(to, alignment(from));
            for place in (0..=params(from)).chain([ON_FUNCTION]) {
                let mut attributes = vec![std::ptr::null_mut(); count(from, place) as usize];
                get(from, place, attributes.as_mut_ptr());
                for attribute in attributes {
                    add(to, place, attribute);
                }
            }
        }
        if let Some(section) = Function::at(self, from).section()? {
            Function::at(self, to).set_section(&section)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Context, Llvm, Module};

    #[test]
    fn the_table_has_the_other_function_afterwards() {
        let llvm = Llvm::load(&crate::find::of_this_toolchain()).unwrap();
        let text = "@table = constant <{ [24 x i8], ptr, ptr }> <{ [24 x i8] zeroinitializer, ptr @get, ptr @other }>\n\
            define ptr @get(ptr %x) { ret ptr @method }\ndefine ptr @other(ptr %x) { ret ptr %x }\ndefine void @method(ptr %x) { ret void }";
        let mut module = Module::from_text(&Context::new(llvm).unwrap(), text).unwrap();
        module.replace_in_tables("get", "method").unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        assert!(text.contains("ptr @method, ptr @other"), "{text}");
        assert!(!text.contains("@get"), "{text}");
    }
}
