//! New code: blocks and the few instructions that the flags and lowering need.

use gateless_model::{Failure, Result};

use crate::memory::c_string;
use crate::table::RawBuilder;
use crate::types::TypeKind;
use crate::{Block, Function, Instruction, Module, Value};

/// Appends instructions to a block.
pub struct Builder<'m> {
    block: Block<'m>,
    raw: *mut RawBuilder,
}

impl<'m> Builder<'m> {
    /// For the end of a block.
    pub fn at_end(block: Block<'m>) -> Result<Self> {
        let table = block.module.table();
        let (create, position) = (
            table.LLVMCreateBuilderInContext()?,
            table.LLVMPositionBuilderAtEnd()?,
        );
        // Looked up now, since dropping has nobody to report its absence to.
        table.LLVMDisposeBuilder()?;
        // SAFETY: the context is alive, and a block of a live function.
        let raw = unsafe {
            let raw = create(block.module.context.inner.raw);
            position(raw, block.raw);
            raw
        };
        Ok(Self { block, raw })
    }

    fn module(&self) -> &'m Module {
        self.block.module
    }

    /// `ret` with a value of the function's type.
    pub fn ret(&self, value: Value<'m>) -> Result<Instruction<'m>> {
        if value.ty()? != self.block.function()?.signature()?.result {
            return Err(Failure::failed(format!(
                "{value:?} is not what its function returns"
            )));
        }
        let build = self.module().table().LLVMBuildRet()?;
        // SAFETY: a live builder, and a value of the module.
        let raw = unsafe { build(self.raw, value.raw) };
        Ok(Instruction::at(self.module(), raw))
    }

    /// `unreachable`
    pub fn unreachable(&self) -> Result<Instruction<'m>> {
        // SAFETY: a live builder.
        let raw = unsafe { (self.module().table().LLVMBuildUnreachable()?)(self.raw) };
        Ok(Instruction::at(self.module(), raw))
    }

    /// A call of a function that takes nothing and returns nothing.
    pub fn call(&self, function: Function<'m>) -> Result<Instruction<'m>> {
        let (signature, ty) = (function.signature()?, function.value_type()?);
        if !signature.parameters.is_empty() || signature.result.kind()? != TypeKind::Void {
            return Err(Failure::failed(format!(
                "{function:?} takes or returns something"
            )));
        }
        let build = self.module().table().LLVMBuildCall2()?;
        let (none, name) = (std::ptr::null_mut(), c"".as_ptr());
        // SAFETY: a live builder, a function of the module with its type, no arguments and an empty C string.
        let raw = unsafe { build(self.raw, ty.raw, function.raw, none, 0, name) };
        Ok(Instruction::at(self.module(), raw))
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        if let Ok(dispose) = self.module().table().LLVMDisposeBuilder() {
            // SAFETY: the builder is owned by self.
            unsafe { dispose(self.raw) }
        }
    }
}

impl<'m> Function<'m> {
    /// Adds an empty block at its end.
    pub fn append_block(self, name: &str) -> Result<Block<'m>> {
        let append = self.table().LLVMAppendBasicBlockInContext()?;
        let (context, name) = (
            self.module().context.inner.raw,
            c_string(name, "a block's name")?,
        );
        // SAFETY: a function of a live module and its context; a C string, which LLVM copies.
        let raw = unsafe { append(context, self.raw, name.as_ptr()) };
        Ok(Block::at(self.module(), raw))
    }
}

impl Module {
    /// The declaration of an intrinsic that is not overloaded, such as `llvm.trap`; it is added if it is not there.
    pub fn intrinsic(&self, name: &str) -> Result<Function<'_>> {
        let table = self.table();
        let (look_up, is_overloaded, declare) = (
            table.LLVMLookupIntrinsicID()?,
            table.LLVMIntrinsicIsOverloaded()?,
            table.LLVMGetIntrinsicDeclaration()?,
        );
        // SAFETY: pointer and length are those of a str.
        let id = unsafe { look_up(name.as_ptr().cast(), name.len()) };
        // SAFETY: the number of an intrinsic.
        if id == 0 || unsafe { is_overloaded(id) } != 0 {
            return Err(Failure::failed(format!(
                "{name} is no intrinsic of LLVM with types of its own"
            )));
        }
        // SAFETY: the module is alive; the intrinsic needs no types.
        let raw = unsafe { declare(self.raw, id, std::ptr::null_mut(), 0) };
        Ok(Function::at(self, raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn what_does_not_fit_is_refused_and_the_rest_is_well_formed() {
        let module =
            module("declare ptr @f()\ndeclare void @g()\ndeclare void @h(i8)\n@v = global i8 0");
        let function = |name| module.function(name).unwrap().unwrap();
        let block = function("f").append_block("start").unwrap();
        let builder = Builder::at_end(block).unwrap();
        builder.call(function("g")).unwrap();
        assert!(builder.call(function("h")).is_err());
        let v = module.global("v").unwrap().unwrap();
        let number = v.initializer().unwrap().unwrap();
        assert!(builder.ret(number.into()).is_err());
        builder.ret(v.into()).unwrap();
        drop(builder);
        module.verify().unwrap();
        assert!(module.intrinsic("llvm.trap").is_ok());
        assert!(module.intrinsic("llvm.memcpy").is_err() && module.intrinsic("g").is_err());
    }
}
