//! New code: blocks, the few instructions that the flags and lowering need, and whole functions written as LLVM IR.

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

    /// `br` to a block of the same function.
    pub fn branch(&self, to: Block<'m>) -> Result<Instruction<'m>> {
        if to.function()? != self.block.function()? {
            return Err(Failure::failed(format!("{to:?} is of another function")));
        }
        let build = self.module().table().LLVMBuildBr()?;
        // SAFETY: a live builder, and a block of the function in which it builds.
        let raw = unsafe { build(self.raw, to.raw) };
        Ok(Instruction::at(self.module(), raw))
    }

    /// A call of a function that returns nothing.
    pub fn call(&self, function: Function<'m>, arguments: &[Value<'m>]) -> Result<Instruction<'m>> {
        let (signature, ty) = (function.signature()?, function.value_type()?);
        let given = arguments.iter().map(|argument| argument.ty());
        let given = given.collect::<Result<Vec<_>>>()?;
        if given != signature.parameters || signature.result.kind()? != TypeKind::Void {
            return Err(Failure::failed(format!(
                "{function:?} takes something else or returns something"
            )));
        }
        let build = self.module().table().LLVMBuildCall2()?;
        let mut raws: Vec<_> = arguments.iter().map(|argument| argument.raw).collect();
        let (count, name) = (raws.len() as u32, c"".as_ptr());
        // SAFETY: a live builder, a function of the module with its type, as many arguments of these types, and an empty C string.
        let raw = unsafe {
            build(
                self.raw,
                ty.raw,
                function.raw,
                raws.as_mut_ptr(),
                count,
                name,
            )
        };
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

impl<'m> Instruction<'m> {
    /// Lets an instruction that ends a block go to another block of the function in the place of its successor of this number.
    pub fn set_successor(self, at: usize, to: Block<'m>) -> Result<()> {
        if at >= self.successors()?.len() || to.function()? != self.block()?.function()? {
            return Err(Failure::failed(format!(
                "{self:?} has no successor {at}, or {to:?} is of another function"
            )));
        }
        let set = self.table().LLVMSetSuccessor()?;
        // SAFETY: an instruction with more successors than that, and a block of its function.
        unsafe { set(self.raw, at as u32, to.raw) };
        Ok(())
    }
}

impl Module {
    /// Adds everything that a module written as LLVM IR has, but for private things that nothing in it uses; what both only declare or one defines
    /// becomes one.
    ///
    /// Fails for a text that is no LLVM IR, and where both define something of one name.
    pub fn add_text(&mut self, text: &str) -> Result<()> {
        let link = self.table().LLVMLinkModules2()?;
        let layout = self.data_layout()?;
        let head = format!("target datalayout = \"{layout}\"\n");
        let context = &self.context;
        let added = context.with_local_names(|| Module::from_text(context, &(head + text)))?;
        added.set_triple(&self.triple()?)?;
        let added = std::mem::ManuallyDrop::new(added);
        // SAFETY: two live modules of one context; LLVM takes the second one over, to which no handle is left (self is borrowed mutably).
        let failed = unsafe { link(self.raw, added.raw) } != 0;
        self.context.check("code that was to be added")?;
        match failed {
            true => Err(Failure::failed(
                "LLVM refuses the code that was to be added",
            )),
            false => Ok(()),
        }
    }

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
        builder.call(function("g"), &[]).unwrap();
        assert!(builder.call(function("h"), &[]).is_err());
        let v = module.global("v").unwrap().unwrap();
        let number = v.initializer().unwrap().unwrap();
        assert!(builder.ret(number.into()).is_err());
        builder.ret(v.into()).unwrap();
        drop(builder);
        module.verify().unwrap();
        assert!(module.intrinsic("llvm.trap").is_ok());
        assert!(module.intrinsic("llvm.memcpy").is_err() && module.intrinsic("g").is_err());
    }

    #[test]
    fn a_branch_is_led_past_a_block_through_a_new_one() {
        let mut module = module(
            "define void @f(i1 %c) {\n br i1 %c, label %a, label %b\na:\n unreachable\nb:\n ret void\n}\ndefine void @other() {\nend:\n ret void\n}",
        );
        module.context().discard_local_names().unwrap();
        module
            .add_text("@text = constant [2 x i8] c\"x\\00\"\ndeclare void @said(ptr)\ndefine void @say(ptr %x) {\n call void @said(ptr %x)\n ret void\n}")
            .unwrap();
        assert!(module.add_text("no IR").is_err());
        let function = |name| module.function(name).unwrap().unwrap();
        let blocks = function("f").blocks().unwrap();
        let elsewhere = function("other").blocks().unwrap()[0];
        let new = function("f").append_block("new").unwrap();
        let builder = Builder::at_end(new).unwrap();
        let text = module.global("text").unwrap().unwrap();
        builder.call(function("say"), &[text.into()]).unwrap();
        assert!(builder.call(function("say"), &[]).is_err());
        assert!(builder.branch(elsewhere).is_err());
        builder.branch(blocks[2]).unwrap();
        drop(builder);
        let branch = blocks[0].terminator().unwrap().unwrap();
        assert!(branch.set_successor(2, new).is_err());
        assert!(branch.set_successor(0, elsewhere).is_err());
        branch.set_successor(0, new).unwrap();
        module.verify().unwrap();
        assert_eq!(blocks[0].successors().unwrap(), [new, blocks[2]]);
    }
}
