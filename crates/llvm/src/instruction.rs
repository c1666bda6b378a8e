//! Instructions: what all of them have. What each of them does is an [`Operation`].

use std::ffi::c_uint;

use gateless_model::{Failure, Result};

use crate::attribute::{Attribute, Place};
use crate::debug_info::{Location, Record};
use crate::node::Node;
use crate::opcode::{FastMath, Opcode};
use crate::table::RawAttribute;
use crate::{Block, Instruction, Module, Operation, Type, Value};

impl<'m> Instruction<'m> {
    /// Its opcode.
    pub fn opcode(self) -> Result<Opcode> {
        // SAFETY: an instruction of a live module.
        Opcode::from_raw(unsafe { (self.table().LLVMGetInstructionOpcode()?)(self.raw) })
    }

    /// What it does, with all that belongs to it.
    pub fn operation(self) -> Result<Operation<'m>> {
        Operation::of(self)
    }

    /// Its operands as LLVM keeps them; blocks and what is called are among them. [`Instruction::operation`] says what each of them is for.
    pub fn operands(self) -> Result<Vec<Value<'m>>> {
        // SAFETY: an instruction.
        unsafe { self.operands_of_user() }
    }

    /// Puts a value of the same type into the place of an operand, wherever it has it.
    pub fn replace_operand(self, old: Value<'m>, new: Value<'m>) -> Result<()> {
        if old.ty()? != new.ty()? {
            return Err(Failure::failed(format!(
                "{old:?} cannot be replaced by {new:?}"
            )));
        }
        let set = self.table().LLVMSetOperand()?;
        for (at, operand) in (0..).zip(self.operands()?) {
            if operand == old {
                // SAFETY: an instruction, the number of one of its operands, and a value of the same module and type.
                unsafe { set(self.raw, at, new.raw) };
            }
        }
        Ok(())
    }

    /// The block in which it stands.
    pub fn block(self) -> Result<Block<'m>> {
        // SAFETY: an instruction, which stands in a block: no handle is given out of one that doesn't.
        let raw = unsafe { (self.table().LLVMGetInstructionParent()?)(self.raw) };
        Ok(Block::at(self.module(), raw))
    }

    /// Whether it is a call of any kind.
    pub fn is_call(self) -> Result<bool> {
        Ok(matches!(
            self.opcode()?,
            Opcode::Call | Opcode::Invoke | Opcode::CallBranch
        ))
    }

    /// What a call calls; nothing for other instructions.
    pub fn called(self) -> Result<Option<Value<'m>>> {
        if !self.is_call()? {
            return Ok(None);
        }
        // SAFETY: a call.
        let raw = unsafe { (self.table().LLVMGetCalledValue()?)(self.raw) };
        Ok(Some(Value::at(self.module(), raw)))
    }

    /// The type of the function that a call calls; nothing for other instructions.
    pub fn called_type(self) -> Result<Option<Type<'m>>> {
        if !self.is_call()? {
            return Ok(None);
        }
        // SAFETY: a call.
        let raw = unsafe { (self.table().LLVMGetCalledFunctionType()?)(self.raw) };
        Ok(Some(Type::at(self.module(), raw)))
    }

    /// The blocks that may run next, if it ends a block; as often as it names them.
    pub fn successors(self) -> Result<Vec<Block<'m>>> {
        let (count, get) = (
            self.table().LLVMGetNumSuccessors()?,
            self.table().LLVMGetSuccessor()?,
        );
        if !self.ends_block()? {
            return Ok(Vec::new());
        }
        // SAFETY: an instruction that ends a block; numbers are below the count.
        let raws = unsafe { (0..count(self.raw)).map(|at| get(self.raw, at)) };
        Ok(raws.map(|raw| Block::at(self.module(), raw)).collect())
    }

    /// Whether it is the last one of its block.
    pub fn ends_block(self) -> Result<bool> {
        Ok(self.block()?.terminator()? == Some(self))
    }

    /// What may be assumed of its floating point result; nothing for other instructions.
    pub fn fast_math(self) -> Result<FastMath> {
        let (may, get) = (
            self.table().LLVMCanValueUseFastMathFlags()?,
            self.table().LLVMGetFastMathFlags()?,
        );
        // SAFETY: an instruction of a live module, which is asked only if it can have such flags.
        Ok(unsafe {
            match may(self.raw) {
                0 => FastMath::default(),
                _ => FastMath::from_raw(get(self.raw)),
            }
        })
    }

    /// The attributes that a call has for itself at this place; none for other instructions.
    pub fn attributes(self, place: Place) -> Result<Vec<Attribute<'m>>> {
        let attributes = self.raw_attributes(place)?.into_iter();
        attributes
            .map(|raw| Attribute::of(self.module(), raw))
            .collect()
    }

    pub(crate) fn raw_attributes(self, place: Place) -> Result<Vec<*mut RawAttribute>> {
        if !self.is_call()? {
            return Ok(Vec::new());
        }
        let (count, get) = (
            self.table().LLVMGetCallSiteAttributeCount()?,
            self.table().LLVMGetCallSiteAttributes()?,
        );
        // SAFETY: a call; there is room for as many attributes as LLVM says there are.
        unsafe {
            let count = count(self.raw, place.index());
            let mut raws = vec![std::ptr::null_mut(); count as usize];
            if count > 0 {
                get(self.raw, place.index(), raws.as_mut_ptr());
            }
            Ok(raws)
        }
    }

    /// Where in the source it comes from, if that is known.
    pub fn location(self) -> Result<Option<Location>> {
        // SAFETY: an instruction of a live module.
        let raw = unsafe { (self.table().LLVMInstructionGetDebugLoc()?)(self.raw) };
        Ok(Node::maybe(self.module(), raw).map(Location::of))
    }

    /// Gives it another location, or none.
    pub fn set_location(self, location: Option<&Location>) -> Result<()> {
        let raw = location.map_or(std::ptr::null_mut(), |location| location.raw());
        // SAFETY: an instruction of a live module, and a location of its context or null.
        unsafe { (self.table().LLVMInstructionSetDebugLoc()?)(self.raw, raw) };
        Ok(())
    }

    /// The debug records before it, in order.
    pub fn records(self) -> Result<Vec<Record<'m>>> {
        let (first, next) = (
            self.table().LLVMGetFirstDbgRecord()?,
            self.table().LLVMGetNextDbgRecord()?,
        );
        let mut records = Vec::new();
        // SAFETY: an instruction of a live module, whose records do not change meanwhile.
        unsafe {
            let mut raw = first(self.raw);
            while !raw.is_null() {
                records.push(Record::at(self.module(), raw));
                raw = next(raw);
            }
        }
        Ok(records)
    }

    /// Metadata attached to it, but for the location: LLVM's number of each kind (see [`Module::metadata_kind`]) and the node.
    pub fn metadata(self) -> Result<Vec<(c_uint, Node)>> {
        let copy = self
            .table()
            .LLVMInstructionGetAllMetadataOtherThanDebugLoc()?;
        let mut count = 0;
        // SAFETY: an instruction of a live module, and a valid place for the count.
        let entries = unsafe { copy(self.raw, &mut count) };
        // SAFETY: what LLVM has just returned, with its length.
        unsafe { Node::of_entries(self.module(), entries, count) }
    }
}

impl Module {
    /// LLVM's number for metadata that is attached under this name (`range`, `prof`).
    pub fn metadata_kind(&self, name: &str) -> Result<u32> {
        let get = self.table().LLVMGetMDKindIDInContext()?;
        // SAFETY: the context is alive; pointer and length are those of a str.
        Ok(unsafe {
            get(
                self.context.inner.raw,
                name.as_ptr().cast(),
                name.len() as c_uint,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn an_instruction_has_its_opcode_block_and_attached_metadata() {
        let module = module(
            "define i8 @f(ptr %p) {\nstart:\n %x = load i8, ptr %p, !range !0\n %y = fadd nnan float 1.0, 2.0\n ret i8 %x\n}\n!0 = !{i8 0, i8 2}",
        );
        let function = module.function("f").unwrap().unwrap();
        let [load, add, ret] = function.instructions().unwrap()[..] else {
            panic!("not three")
        };
        assert_eq!(load.opcode().unwrap(), Opcode::Load);
        assert_eq!(load.block().unwrap().name().unwrap(), "start");
        assert!(!load.ends_block().unwrap() && ret.ends_block().unwrap());
        let range = module.metadata_kind("range").unwrap();
        let attached = load.metadata().unwrap();
        assert!(
            matches!(&attached[..], [(kind, _)] if *kind == range),
            "{attached:?}"
        );
        assert!(ret.metadata().unwrap().is_empty());
        assert!(add.fast_math().unwrap().no_nans && !ret.fast_math().unwrap().no_nans);
        assert_eq!(load.called().unwrap(), None);
        assert!(load.attributes(Place::Function).unwrap().is_empty());
    }
}
