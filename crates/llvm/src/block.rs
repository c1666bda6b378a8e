//! Blocks: instructions that run one after another.

use std::fmt;

use gateless_model::Result;

use crate::table::Table;
use crate::{Block, Function, Instruction, Value};

impl<'m> Block<'m> {
    fn table(self) -> &'static Table {
        self.module.table()
    }

    /// The block as an operand.
    pub fn as_value(self) -> Result<Value<'m>> {
        // SAFETY: a block of a live function.
        let raw = unsafe { (self.table().LLVMBasicBlockAsValue()?)(self.raw) };
        Ok(Value::at(self.module, raw))
    }

    /// Its name; empty if it has none.
    pub fn name(self) -> Result<String> {
        self.as_value()?.name()
    }

    /// The function that it belongs to.
    pub fn function(self) -> Result<Function<'m>> {
        // SAFETY: a block of a live function.
        let raw = unsafe { (self.table().LLVMGetBasicBlockParent()?)(self.raw) };
        Ok(Function::at(self.module, raw))
    }

    /// Its instructions, in order.
    pub fn instructions(self) -> Result<Vec<Instruction<'m>>> {
        let (first, next) = (
            self.table().LLVMGetFirstInstruction()?,
            self.table().LLVMGetNextInstruction()?,
        );
        let mut instructions = Vec::new();
        // SAFETY: a block of a live function, whose instructions do not change meanwhile.
        unsafe {
            let mut raw = first(self.raw);
            while !raw.is_null() {
                instructions.push(Instruction::at(self.module, raw));
                raw = next(raw);
            }
        }
        Ok(instructions)
    }

    /// The instruction that ends it; nothing while it is being built.
    pub fn terminator(self) -> Result<Option<Instruction<'m>>> {
        // SAFETY: a block of a live function.
        let raw = unsafe { (self.table().LLVMGetBasicBlockTerminator()?)(self.raw) };
        Ok((!raw.is_null()).then(|| Instruction::at(self.module, raw)))
    }

    /// The blocks that may run next, as often as its last instruction names them.
    pub fn successors(self) -> Result<Vec<Block<'m>>> {
        match self.terminator()? {
            Some(terminator) => terminator.successors(),
            None => Ok(Vec::new()),
        }
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_value() {
            Ok(value) => value.fmt(f),
            Err(failure) => write!(f, "{failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::module;

    #[test]
    fn blocks_know_their_function_instructions_and_successors() {
        let module = module(
            "define i8 @f(i1 %c) {\nstart:\n %x = add i8 1, 2\n br i1 %c, label %a, label %b\na:\n br label %b\nb:\n ret i8 %x\n}",
        );
        let function = module.function("f").unwrap().unwrap();
        let blocks = function.blocks().unwrap();
        assert_eq!(function.entry().unwrap(), Some(blocks[0]));
        let names: Vec<_> = blocks.iter().map(|block| block.name().unwrap()).collect();
        assert_eq!(names, ["start", "a", "b"]);
        assert_eq!(blocks[0].function().unwrap(), function);
        assert_eq!(blocks[0].instructions().unwrap().len(), 2);
        assert_eq!(blocks[0].successors().unwrap(), [blocks[1], blocks[2]]);
        assert_eq!(blocks[1].successors().unwrap(), [blocks[2]]);
        assert!(blocks[2].successors().unwrap().is_empty());
    }
}
