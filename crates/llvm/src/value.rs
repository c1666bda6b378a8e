//! Values: everything that an instruction can have as an operand.

use std::fmt;

use gateless_model::{Failure, Result};

use crate::memory::{borrowed_text, take_message};
use crate::numbered::unknown;
use crate::table::Table;
use crate::{
    Argument, Block, Constant, Function, Global, InlineAsm, Instruction, Module, Type, Value,
};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind<'m> {
    /// A parameter of the function.
    Argument(Argument<'m>),
    /// A block, as what a branch leads to.
    Block(Block<'m>),
    /// What an instruction computed.
    Instruction(Instruction<'m>),
    /// A constant; the addresses of functions and variables are among them.
    Constant(Constant<'m>),
    /// Assembly, as what a call calls.
    InlineAsm(InlineAsm<'m>),
    /// Metadata, as an argument of an intrinsic.
    Metadata,
}

impl<'m> Value<'m> {
    pub(crate) fn table(self) -> &'static Table {
        self.module.table()
    }

    /// The module that it belongs to.
    pub fn module(self) -> &'m Module {
        self.module
    }

    /// LLVM's number for the kind of value (llvm-c/Core.h, LLVMValueKind).
    pub(crate) fn kind_number(self) -> Result<i32> {
        // SAFETY: a value of a live module.
        Ok(unsafe { (self.table().LLVMGetValueKind()?)(self.raw) })
    }

    /// What it is.
    pub fn kind(self) -> Result<ValueKind<'m>> {
        Ok(match self.kind_number()? {
            0 => ValueKind::Argument(Argument::of(self)),
            1 => {
                // SAFETY: a block, as LLVM has just said.
                let raw = unsafe { (self.table().LLVMValueAsBasicBlock()?)(self.raw) };
                ValueKind::Block(Block::at(self.module, raw))
            }
            5..=21 | 25..=27 => ValueKind::Constant(Constant::of(self)),
            22 => ValueKind::Metadata,
            23 => ValueKind::InlineAsm(InlineAsm::of(self)),
            // What the C API has no number for counts as an instruction as well.
            24 => match self.is_instruction()? {
                true => ValueKind::Instruction(Instruction::of(self)),
                false => ValueKind::Constant(Constant::of(self)),
            },
            other => return Err(unknown("a value of kind", other)),
        })
    }

    fn is_instruction(self) -> Result<bool> {
        // SAFETY: a value of a live module.
        let raw = unsafe { (self.table().LLVMIsAInstruction()?)(self.raw) };
        Ok(!raw.is_null())
    }

    /// The instruction that it is, if it is one.
    pub fn as_instruction(self) -> Result<Option<Instruction<'m>>> {
        Ok(self.is_instruction()?.then(|| Instruction::of(self)))
    }

    /// The constant that it is, if it is one.
    pub fn as_constant(self) -> Result<Option<Constant<'m>>> {
        // SAFETY: a value of a live module.
        let is = unsafe { (self.table().LLVMIsConstant()?)(self.raw) } != 0;
        Ok(is.then(|| Constant::of(self)))
    }

    /// The function that it is, if it is one.
    pub fn as_function(self) -> Result<Option<Function<'m>>> {
        // SAFETY: a value of a live module.
        let raw = unsafe { (self.table().LLVMIsAFunction()?)(self.raw) };
        Ok((!raw.is_null()).then(|| Function::at(self.module, raw)))
    }

    /// The global variable that it is, if it is one.
    pub fn as_global(self) -> Result<Option<Global<'m>>> {
        // SAFETY: a value of a live module.
        let raw = unsafe { (self.table().LLVMIsAGlobalVariable()?)(self.raw) };
        Ok((!raw.is_null()).then(|| Global::at(self.module, raw)))
    }

    /// The assembly that it is, if it is some.
    pub fn as_inline_asm(self) -> Result<Option<InlineAsm<'m>>> {
        Ok((self.kind_number()? == 23).then(|| InlineAsm::of(self)))
    }

    /// Its type.
    pub fn ty(self) -> Result<Type<'m>> {
        // SAFETY: a value of a live module.
        let raw = unsafe { (self.table().LLVMTypeOf()?)(self.raw) };
        Ok(Type::at(self.module, raw))
    }

    /// Its name; empty if it has none.
    pub fn name(self) -> Result<String> {
        let mut length = 0;
        // SAFETY: a value of a live module; LLVM returns its name and the name's length.
        unsafe {
            let start = (self.table().LLVMGetValueName2()?)(self.raw, &mut length);
            Ok(borrowed_text(start, length).unwrap_or_default())
        }
    }

    /// Gives it another name, or none. A symbol whose name is taken gets a number behind it.
    pub fn set_name(self, name: &str) -> Result<()> {
        let set = self.table().LLVMSetValueName2()?;
        // SAFETY: a value of a live module; pointer and length are those of a str, which LLVM copies.
        unsafe { set(self.raw, name.as_ptr().cast(), name.len()) };
        Ok(())
    }

    /// What has it as an operand: instructions and constants, each as often as it has it.
    pub fn users(self) -> Result<Vec<Value<'m>>> {
        let table = self.table();
        let (first, next, user) = (
            table.LLVMGetFirstUse()?,
            table.LLVMGetNextUse()?,
            table.LLVMGetUser()?,
        );
        let mut users = Vec::new();
        // SAFETY: a value of a live module, the list of whose uses does not change meanwhile.
        unsafe {
            let mut used = first(self.raw);
            while !used.is_null() {
                users.push(Self::at(self.module, user(used)));
                used = next(used);
            }
        }
        Ok(users)
    }

    /// Puts another value of the same type into its place everywhere.
    pub fn replace_uses(self, by: Value<'m>) -> Result<()> {
        if self.ty()? != by.ty()? || self == by {
            return Err(Failure::failed(format!(
                "{self:?} cannot be replaced by {by:?}"
            )));
        }
        let replace = self.table().LLVMReplaceAllUsesWith()?;
        // SAFETY: two different values of the same live module and of the same type.
        unsafe { replace(self.raw, by.raw) };
        Ok(())
    }

    /// As LLVM IR has it: for instructions, functions and variables all of them, for constants type and value.
    pub fn to_text(self) -> Result<String> {
        // SAFETY: a value of a live module.
        let text = unsafe { (self.table().LLVMPrintValueToString()?)(self.raw) };
        take_message(self.module.llvm(), text)
    }

    /// What an instruction or a constant has as operands.
    ///
    /// # Safety
    ///
    /// It must be an instruction or a constant.
    pub(crate) unsafe fn operands_of_user(self) -> Result<Vec<Value<'m>>> {
        let (count, get) = (
            self.table().LLVMGetNumOperands()?,
            self.table().LLVMGetOperand()?,
        );
        // SAFETY: what has operands, as the caller promises; as many as LLVM says.
        unsafe {
            let raws = (0..count(self.raw) as u32).map(|at| get(self.raw, at));
            Ok(raws.map(|raw| Self::at(self.module, raw)).collect())
        }
    }
}

impl<'m> Argument<'m> {
    /// The function whose parameter it is.
    pub fn function(self) -> Result<Function<'m>> {
        // SAFETY: a parameter of a function of a live module.
        let raw = unsafe { (self.table().LLVMGetParamParent()?)(self.raw) };
        Ok(Function::at(self.module(), raw))
    }

    /// Its number, from 0.
    pub fn number(self) -> Result<u32> {
        let arguments = self.function()?.arguments()?;
        let at = arguments.into_iter().position(|other| other == self);
        let at = at.ok_or_else(|| Failure::failed(format!("{self:?} is no parameter")))?;
        Ok(at as u32)
    }
}

/// One line: the name of a function or a block, the text of anything else.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.kind_number(), self.name()) {
            (Ok(1), Ok(name)) => Ok(format!("block {name:?}")),
            (Ok(5), Ok(name)) => Ok(format!("@{name}")),
            _ => self.to_text(),
        };
        match text {
            Ok(text) => f.write_str(text.trim()),
            Err(failure) => write!(f, "{failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn every_operand_is_of_the_kind_that_it_is() {
        let module = module(
            "@v = global i8 0\ndeclare void @llvm.experimental.noalias.scope.decl(metadata)\n\
             define i8 @f(i8 %x) {\n %y = add i8 %x, 1\n store i8 %y, ptr @v\n call void asm \"nop\", \"\"()\n\
             call void @llvm.experimental.noalias.scope.decl(metadata !0)\n br label %end\nend:\n ret i8 %y\n}\n!0 = !{!1}\n!1 = distinct !{!1, !2}\n!2 = distinct !{!2}",
        );
        let function = module.function("f").unwrap().unwrap();
        let instructions = function.instructions().unwrap();
        let operand = |instruction: usize, at: usize| {
            let operands = instructions[instruction].operands().unwrap();
            operands[at].kind().unwrap()
        };
        assert!(matches!(operand(0, 0), ValueKind::Argument(x) if x.number().unwrap() == 0));
        assert!(matches!(operand(0, 1), ValueKind::Constant(_)));
        assert!(matches!(operand(1, 0), ValueKind::Instruction(y) if y == instructions[0]));
        assert!(matches!(operand(1, 1), ValueKind::Constant(_)));
        assert!(matches!(operand(2, 0), ValueKind::InlineAsm(_)));
        assert!(matches!(operand(3, 0), ValueKind::Metadata));
        let ValueKind::Block(end) = operand(4, 0) else {
            panic!("no block")
        };
        assert_eq!(end.name().unwrap(), "end");
    }

    #[test]
    fn users_are_listed_as_often_as_they_use_it() {
        let module = module("define i8 @f(i8 %x) {\n %y = add i8 %x, %x\n ret i8 %y\n}");
        let function = module.function("f").unwrap().unwrap();
        let x = function.arguments().unwrap()[0];
        let users = x.users().unwrap();
        assert_eq!(users.len(), 2);
        assert_eq!(users[0].name().unwrap(), "y");
        assert!(function.users().unwrap().is_empty());
    }

    #[test]
    fn a_value_is_replaced_everywhere_by_one_of_its_type_only() {
        let module =
            module("define i8 @f(i8 %x, i8 %y, i32 %z) {\n %r = add i8 %x, %x\n ret i8 %r\n}");
        let function = module.function("f").unwrap().unwrap();
        let arguments = function.arguments().unwrap();
        let [x, y, z] = arguments[..] else {
            panic!("{arguments:?}")
        };
        assert!(x.replace_uses(z.into()).is_err());
        assert!(x.replace_uses(x.into()).is_err());
        x.replace_uses(y.into()).unwrap();
        let text = module.to_text().unwrap();
        assert!(text.contains("%r = add i8 %y, %y"), "{text}");
    }
}
