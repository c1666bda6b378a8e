//! Functions of a module.

use std::collections::HashSet;

use gateless_model::{Failure, Result};

use crate::attribute::{Attribute, Place};
use crate::builder::Builder;
use crate::call::plain_call;
use crate::debug_info::Subprogram;
use crate::memory::{borrowed_c_string, c_string};
use crate::node::Node;
use crate::symbol::Linkage;
use crate::types::{FunctionType, Type};
use crate::{Argument, Block, Constant, Function, Instruction, Module, Symbol};

impl<'m> Function<'m> {
    /// What it takes and returns.
    pub fn signature(self) -> Result<FunctionType<'m>> {
        self.value_type()?.as_function()
    }

    /// Its parameters, as its body sees them.
    pub fn arguments(self) -> Result<Vec<Argument<'m>>> {
        let (count, get) = (
            self.table().LLVMCountParams()?,
            self.table().LLVMGetParam()?,
        );
        // SAFETY: a function of a live module; numbers are below the count.
        let raws = unsafe { (0..count(self.raw)).map(|at| get(self.raw, at)) };
        Ok(raws.map(|raw| Argument::at(self.module(), raw)).collect())
    }

    /// The blocks of its body, in order; none for what is declared only.
    pub fn blocks(self) -> Result<Vec<Block<'m>>> {
        let (first, next) = (
            self.table().LLVMGetFirstBasicBlock()?,
            self.table().LLVMGetNextBasicBlock()?,
        );
        let mut blocks = Vec::new();
        // SAFETY: a function of a live module, whose list of blocks does not change meanwhile.
        unsafe {
            let mut raw = first(self.raw);
            while !raw.is_null() {
                blocks.push(Block::at(self.module(), raw));
                raw = next(raw);
            }
        }
        Ok(blocks)
    }

    /// The block with which it begins.
    pub fn entry(self) -> Result<Option<Block<'m>>> {
        // SAFETY: a function of a live module.
        let raw = unsafe { (self.table().LLVMGetFirstBasicBlock()?)(self.raw) };
        Ok((!raw.is_null()).then(|| Block::at(self.module(), raw)))
    }

    /// The instructions of the body, in order.
    pub fn instructions(self) -> Result<Vec<Instruction<'m>>> {
        let mut instructions = Vec::new();
        for block in self.blocks()? {
            instructions.extend(block.instructions()?);
        }
        Ok(instructions)
    }

    /// LLVM's number of its calling convention (llvm/IR/CallingConv.h); 0 is C's.
    pub fn convention(self) -> Result<u32> {
        // SAFETY: a function of a live module.
        Ok(unsafe { (self.table().LLVMGetFunctionCallConv()?)(self.raw) })
    }

    /// Gives it another calling convention.
    pub fn set_convention(self, convention: u32) -> Result<()> {
        // SAFETY: a function of a live module.
        unsafe { (self.table().LLVMSetFunctionCallConv()?)(self.raw, convention) };
        Ok(())
    }

    /// The alignment that it was given, in bytes; 0 if none.
    pub fn alignment(self) -> Result<u32> {
        self.given_alignment()
    }

    /// Gives it an alignment, in bytes; a power of two, or 0 for none.
    pub fn set_alignment(self, alignment: u32) -> Result<()> {
        if alignment != 0 && !alignment.is_power_of_two() {
            let what = format!("an alignment of {alignment} bytes is no power of two");
            return Err(Failure::failed(what));
        }
        // SAFETY: a function of a live module, and an alignment that LLVM can store.
        unsafe { (self.table().LLVMSetAlignment()?)(self.raw, alignment) };
        Ok(())
    }

    /// The attributes at a place of it.
    pub fn attributes(self, place: Place) -> Result<Vec<Attribute<'m>>> {
        let raws = self.raw_attributes(place)?;
        let attributes = raws.into_iter();
        attributes
            .map(|raw| Attribute::of(self.module(), raw))
            .collect()
    }

    /// Gives it the attributes of another function of the same type, besides its own.
    pub fn copy_attributes(self, from: Function<'m>) -> Result<()> {
        if self.value_type()? != from.value_type()? {
            let what = format!("{self:?} and {from:?} are of different types");
            return Err(Failure::failed(what));
        }
        let add = self.table().LLVMAddAttributeAtIndex()?;
        let parameters = (0..self.arguments()?.len() as u32).map(Place::Parameter);
        let places = [Place::Result].into_iter().chain(parameters);
        for place in places.chain([Place::Function]) {
            for attribute in from.raw_attributes(place)? {
                // SAFETY: a function of a live module that has this place, and an attribute of its context.
                unsafe { add(self.raw, place.index(), attribute) };
            }
        }
        Ok(())
    }

    /// Gives it those of another function's own attributes, as opposed to its parameters', whose names are picked.
    pub fn copy_own_attributes(
        self,
        from: Function<'m>,
        is_picked: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let add = self.table().LLVMAddAttributeAtIndex()?;
        let raws = from.raw_attributes(Place::Function)?;
        for (raw, attribute) in raws.into_iter().zip(from.attributes(Place::Function)?) {
            if is_picked(attribute.name()) {
                // SAFETY: a function of a live module, and an attribute of functions of its context.
                unsafe { add(self.raw, Place::Function.index(), raw) };
            }
        }
        Ok(())
    }

    /// The function that decides what is done when something unwinds through this one.
    pub fn personality(self) -> Result<Option<Constant<'m>>> {
        let (has, get) = (
            self.table().LLVMHasPersonalityFn()?,
            self.table().LLVMGetPersonalityFn()?,
        );
        // SAFETY: a function of a live module, which is asked for what it has.
        let raw = unsafe { (has(self.raw) != 0).then(|| get(self.raw)) };
        Ok(raw.map(|raw| Constant::at(self.module(), raw)))
    }

    /// What stands in front of its code.
    pub fn prefix(self) -> Result<Option<Constant<'m>>> {
        let (has, get) = (
            self.table().LLVMHasPrefixData()?,
            self.table().LLVMGetPrefixData()?,
        );
        // SAFETY: a function of a live module, which is asked for what it has.
        let raw = unsafe { (has(self.raw) != 0).then(|| get(self.raw)) };
        Ok(raw.map(|raw| Constant::at(self.module(), raw)))
    }

    /// What its code begins with.
    pub fn prologue(self) -> Result<Option<Constant<'m>>> {
        let (has, get) = (
            self.table().LLVMHasPrologueData()?,
            self.table().LLVMGetPrologueData()?,
        );
        // SAFETY: a function of a live module, which is asked for what it has.
        let raw = unsafe { (has(self.raw) != 0).then(|| get(self.raw)) };
        Ok(raw.map(|raw| Constant::at(self.module(), raw)))
    }

    /// The name of the garbage collector that it is made for.
    pub fn garbage_collector(self) -> Result<Option<String>> {
        // SAFETY: a function of a live module; LLVM returns a C string that it keeps, or null.
        Ok(unsafe { borrowed_c_string((self.table().LLVMGetGC()?)(self.raw)) })
    }

    /// What debug information says of it.
    pub fn subprogram(self) -> Result<Option<Subprogram>> {
        // SAFETY: a function of a live module.
        let raw = unsafe { (self.table().LLVMGetSubprogram()?)(self.raw) };
        Ok(Node::maybe(self.module(), raw).map(|node| Subprogram { node }))
    }

    /// Makes debug information say nothing of it; what is in its body is left as it is.
    pub fn remove_subprogram(self) -> Result<()> {
        // SAFETY: a function of a live module; null takes its subprogram away.
        unsafe { (self.table().LLVMSetSubprogram()?)(self.raw, std::ptr::null_mut()) };
        Ok(())
    }

    /// Whether it is one of LLVM's own, which its name tells (`llvm.memcpy.p0.p0.i64`).
    pub fn is_intrinsic(self) -> Result<bool> {
        // SAFETY: a function of a live module.
        Ok(unsafe { (self.table().LLVMGetIntrinsicID()?)(self.raw) } != 0)
    }

    /// Hides the function from other programs and libraries, if it is emitted with a symbol for others.
    pub fn hide(self) -> Result<()> {
        if !matches!(self.linkage()?, Linkage::Private | Linkage::Internal) {
            self.make_external()?;
        }
        Ok(())
    }

    /// Makes the function private to its module, if it is emitted.
    pub fn make_internal(self) -> Result<()> {
        if self.is_emitted()? {
            self.set_linkage(Linkage::Internal)?;
        }
        Ok(())
    }

    /// Gives the function a symbol for others, if it is private to its module.
    pub fn make_public(self) -> Result<()> {
        if self.linkage()? == Linkage::Internal {
            self.set_linkage(Linkage::External)?;
        }
        Ok(())
    }

    /// The functions with calls that mention it, as what is called or as an argument; one for each call.
    pub fn callers(self) -> Result<Vec<Self>> {
        let mut callers = Vec::new();
        for call in self.users()? {
            if let Some(call) = plain_call(call)? {
                callers.push(call.block()?.function()?);
            }
        }
        Ok(callers)
    }

    /// The functions that call it, if nothing else is done with it; one for each call.
    pub fn only_callers(self) -> Result<Option<Vec<Self>>> {
        let mut calls = HashSet::new();
        for user in self.users()? {
            let Some(call) = plain_call(user)? else {
                return Ok(None);
            };
            // A second use by the same call is an argument.
            if call.called()? != Some(self.into()) || !calls.insert(call) {
                return Ok(None);
            }
        }
        self.callers().map(Some)
    }

    /// Gives a function that is declared only a body that traps, to be inlined wherever it is called; no symbol stands for it then.
    pub fn make_trap(self) -> Result<()> {
        let trap = self.module().intrinsic("llvm.trap")?;
        let builder = Builder::at_end(self.append_block("")?)?;
        builder.call(trap, &[])?;
        builder.unreachable()?;
        self.set_linkage(Linkage::Internal)?;
        self.remove_attribute("noinline")?;
        self.remove_attribute_of_calls("noinline")?;
        self.set_attribute("alwaysinline", 0)
    }
}

/// Gives everything that refers to `old` the symbol `new` instead, which takes over the name if it has none.
pub(crate) fn put_in_place<'m>(old: Symbol<'m>, new: Symbol<'m>) -> Result<()> {
    old.replace_uses(new.into())?;
    if new.name()?.is_empty() {
        let name = old.name()?;
        old.set_name("")?;
        new.set_name(&name)?;
    }
    Ok(())
}

impl Module {
    /// The function called `name`.
    pub fn function(&self, name: &str) -> Result<Option<Function<'_>>> {
        let get = self.table().LLVMGetNamedFunction()?;
        let name = c_string(name, "a function's name")?;
        // SAFETY: the module is alive and the name is a C string.
        let raw = unsafe { get(self.raw, name.as_ptr()) };
        Ok((!raw.is_null()).then(|| Function::at(self, raw)))
    }

    /// All functions, declarations included.
    pub fn functions(&self) -> Result<Vec<Function<'_>>> {
        let table = self.table();
        let raws = self.list(table.LLVMGetFirstFunction()?, table.LLVMGetNextFunction()?);
        Ok(raws
            .into_iter()
            .map(|raw| Function::at(self, raw))
            .collect())
    }

    /// Puts another function into the place of `old` everywhere, and deletes that. Does nothing if there is no such function.
    ///
    /// `by` is given the module and the function, and returns the other one, which takes over the name if it has none.
    pub fn replace_function(
        &mut self,
        old: &str,
        by: impl for<'m> FnOnce(&'m Module, Function<'m>) -> Result<Function<'m>>,
    ) -> Result<()> {
        let Some(old) = self.function(old)? else {
            return Ok(());
        };
        let delete = self.table().LLVMDeleteFunction()?;
        put_in_place(*old, *by(self, old)?)?;
        let old = old.raw;
        // SAFETY: a function of this live module to which nothing refers any more; no handle to it is left (self is borrowed mutably).
        unsafe { delete(old) };
        Ok(())
    }

    /// Adds a function without a body; the name gets a number behind it if it is taken.
    pub fn add_function(&self, name: &str, ty: Type<'_>) -> Result<Function<'_>> {
        ty.as_function()?;
        let name = c_string(name, "a function's name")?;
        // SAFETY: the module is alive; a C string, which LLVM copies, and the type of a function of its context.
        let raw = unsafe { (self.table().LLVMAddFunction()?)(self.raw, name.as_ptr(), ty.raw) };
        Ok(Function::at(self, raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn a_function_has_parameters_convention_and_what_stands_around_its_code() {
        let module = module(
            "declare i32 @p(...)
define fastcc void @f(ptr %x, i8 %y) align 32 gc \"none\" prefix i32 1 prologue i8 2 personality ptr @p { ret void }\ndeclare void @llvm.trap()",
        );
        let f = module.function("f").unwrap().unwrap();
        let names: Vec<_> = f
            .arguments()
            .unwrap()
            .iter()
            .map(|it| it.name().unwrap())
            .collect();
        assert_eq!(names, ["x", "y"]);
        assert_eq!((f.convention().unwrap(), f.alignment().unwrap()), (8, 32));
        assert_eq!(f.garbage_collector().unwrap().as_deref(), Some("none"));
        let number = |constant: Option<Constant<'_>>| {
            let bits = constant.unwrap().as_integer().unwrap().unwrap();
            bits.as_u64().unwrap()
        };
        assert_eq!(
            (number(f.prefix().unwrap()), number(f.prologue().unwrap())),
            (1, 2)
        );
        assert_eq!(f.personality().unwrap().unwrap().name().unwrap(), "p");
        let p = module.function("p").unwrap().unwrap();
        assert!(p.is_declaration().unwrap() && p.blocks().unwrap().is_empty());
        assert!(p.personality().unwrap().is_none() && p.entry().unwrap().is_none());
        assert_eq!(p.subprogram().unwrap(), None);
        assert!(
            module
                .function("llvm.trap")
                .unwrap()
                .unwrap()
                .is_intrinsic()
                .unwrap()
        );
        assert!(!f.is_intrinsic().unwrap());
    }

    #[test]
    fn a_function_is_replaced_in_tables_and_its_name_goes_with_it_where_it_is_wanted() {
        let text = "@table = constant [2 x ptr] [ptr @get, ptr @other]\ndefine ptr @get(ptr %x) { ret ptr @method }\n\
            define ptr @other(ptr %x) { ret ptr %x }\ndefine void @method(ptr %x) { ret void }";
        let mut first = module(text);
        first
            .replace_function("get", |module, _| Ok(module.function("method")?.unwrap()))
            .unwrap();
        first.verify().unwrap();
        let after = first.to_text().unwrap();
        assert!(after.contains("[ptr @method, ptr @other]"), "{after}");
        assert!(!after.contains("@get"), "{after}");
        let mut second = module(text);
        second
            .replace_function("get", |module, old| {
                module.add_function("", old.value_type()?)
            })
            .unwrap();
        let after = second.to_text().unwrap();
        assert!(after.contains("declare ptr @get(ptr)"), "{after}");
        second.replace_function("no such", |_, _| panic!()).unwrap();
        assert!(second.replace_function("get", |_, old| Ok(old)).is_err());
    }

    #[test]
    fn an_alignment_that_cannot_be_is_refused() {
        let module = module("define void @f() { ret void }");
        let f = module.function("f").unwrap().unwrap();
        assert!(f.set_alignment(24).is_err());
        f.set_alignment(16).unwrap();
        assert_eq!(f.alignment().unwrap(), 16);
    }
}
