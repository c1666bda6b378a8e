//! Functions that do nothing but call another one, or return the address of one.

use std::ffi::c_uint;

use gateless_model::Result;

use crate::Function;
use crate::Module;
use crate::raw::{instructions_of, name};
use crate::table::{RawBlock, RawValue};
use crate::values::{COPY, Known, Values};

// LLVMOpcode (llvm-c/Core.h).
const RET: i32 = 1;
const BR: i32 = 2;
const ICMP: i32 = 42;
pub(crate) const CALL: i32 = 45;

/// Intrinsics without effect on what a function does.
const IDLE: [&str; 3] = ["llvm.assume", "llvm.lifetime.start.", "llvm.lifetime.end."];

/// The attributes that decide how an argument or a result is passed (those of LangRef, "Parameter Attributes", that rustc uses).
const PASSING: [&str; 6] = ["zeroext", "signext", "inreg", "byval", "sret", "byref"];

/// How deep calls are looked into.
const DEEPEST: u32 = 8;

impl<'m> Function<'m> {
    /// The function whose address it returns, if it does nothing else.
    pub fn returned_function(&self) -> Result<Option<Self>> {
        let table = self.module.table();
        let (count, operand) = (table.LLVMGetNumOperands()?, table.LLVMGetOperand()?);
        let is_function = table.LLVMIsAFunction()?;
        let path = Path::of(self)?;
        let Some((ret, others)) = path.split() else {
            return Ok(None);
        };
        // Debug information has arguments stored in variables.
        let mut values = Values::of(self)?;
        for &instruction in others {
            if !values.pass(&path, instruction, DEEPEST)? {
                return Ok(None);
            }
        }
        // SAFETY: a return of a live module.
        let raw = unsafe {
            if count(ret) == 0 {
                return Ok(None);
            }
            is_function(operand(ret, 0))
        };
        Ok((!raw.is_null()).then_some(Self::at(self.module(), raw)))
    }

    /// The function that it hands all of its arguments to, in their order, and whose result it returns, if it does nothing else
    /// and both are called in the same way.
    pub fn forwards_to(&self) -> Result<Option<Self>> {
        let table = self.module.table();
        let (called, count, operand) = (
            table.LLVMGetCalledValue()?,
            table.LLVMGetNumOperands()?,
            table.LLVMGetOperand()?,
        );
        let is_function = table.LLVMIsAFunction()?;
        let path = Path::of(self)?;
        let Some((ret, others)) = path.split() else {
            return Ok(None);
        };
        let mut values = Values::of(self)?;
        let is_call = |instruction: &*mut RawValue| {
            let called = path.called(*instruction)?;
            Ok(called.is_some_and(|name| !name.starts_with(COPY) && !is_idle(&name)))
        };
        let calls: Result<Vec<bool>> = others.iter().map(is_call).collect();
        let last = calls?.iter().rposition(|is| *is);
        let mut target: Option<Self> = None;
        for (at, &instruction) in others.iter().enumerate() {
            let is_last = Some(at) == last;
            if !is_last && !values.pass(&path, instruction, DEEPEST)? {
                return Ok(None);
            }
            if !is_last {
                continue;
            }
            // SAFETY: a call of a live module; its arguments come first among its operands.
            let raw = unsafe { is_function(called(instruction)) };
            if raw.is_null() {
                return Ok(None);
            }
            let other = Self::at(self.module(), raw);
            if !self.is_called_like(&other)? || !values.are_arguments(instruction)? {
                return Ok(None);
            }
            values.known.insert(instruction, Known::Result);
            target = Some(other);
        }
        // SAFETY: a return of a live module.
        let returned = unsafe {
            match count(ret) {
                0 => None,
                _ => Some(operand(ret, 0)),
            }
        };
        let is_result = match returned {
            None => true,
            Some(value) => values.is_result(value)?,
        };
        Ok(target.filter(|_| is_result))
    }

    /// The number of the argument that it returns, if it does nothing else; what it calls for that is looked into as deep as `depth`.
    pub(crate) fn returned_argument(&self, depth: u32) -> Result<Option<c_uint>> {
        let table = self.module.table();
        let (count, operand) = (table.LLVMGetNumOperands()?, table.LLVMGetOperand()?);
        let path = Path::of(self)?;
        let Some((ret, others)) = path.split() else {
            return Ok(None);
        };
        let mut values = Values::of(self)?;
        for &instruction in others {
            if !values.pass(&path, instruction, depth)? {
                return Ok(None);
            }
        }
        // SAFETY: a return of a live module.
        let returned = unsafe {
            match count(ret) {
                0 => return Ok(None),
                _ => operand(ret, 0),
            }
        };
        Ok(match values.known.get(&returned) {
            Some(Known::Argument(number)) => Some(*number),
            _ => None,
        })
    }

    /// Whether both take and return the same, in the same registers.
    fn is_called_like(&self, other: &Self) -> Result<bool> {
        let table = self.module.table();
        let (ty, convention, params) = (
            table.LLVMGlobalGetValueType()?,
            table.LLVMGetFunctionCallConv()?,
            table.LLVMCountParams()?,
        );
        let get = table.LLVMGetEnumAttributeAtIndex()?;
        // SAFETY: functions of the same live module; the result has the place 0 among attributes, parameters follow.
        unsafe {
            if ty(self.raw) != ty(other.raw) || convention(self.raw) != convention(other.raw) {
                return Ok(false);
            }
            for place in 0..=params(self.raw) {
                for attribute in PASSING {
                    let kind = self.module.attribute_kind(attribute)?;
                    // Attributes are unique in their context, those with a type or a number included.
                    if get(self.raw, place, kind) != get(other.raw, place, kind) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}

/// The instructions that a function without a choice runs through.
pub(crate) struct Path<'m> {
    module: &'m Module,
    instructions: Vec<*mut RawValue>,
}

impl<'m> Path<'m> {
    /// From the entry along branches that have one way to go; ends at the first that has none or several.
    fn of(function: &Function<'m>) -> Result<Self> {
        let table = function.module.table();
        let first = table.LLVMGetFirstBasicBlock()?;
        let (ways, way) = (table.LLVMGetNumSuccessors()?, table.LLVMGetSuccessor()?);
        let mut path = Self {
            module: function.module,
            instructions: Vec::new(),
        };
        let mut seen: Vec<*mut RawBlock> = Vec::new();
        // SAFETY: a function of a live module.
        let mut block = unsafe { first(function.raw) };
        while !block.is_null() && !seen.contains(&block) {
            seen.push(block);
            // SAFETY: a block of a live function.
            path.instructions
                .extend(unsafe { instructions_of(function.module, block)? });
            let Some(&last) = path.instructions.last() else {
                break;
            };
            // SAFETY: the last instruction of a block, which ends it.
            unsafe {
                if path.opcode(last)? != BR || ways(last) != 1 {
                    break;
                }
                path.instructions.pop();
                block = way(last, 0);
            }
        }
        Ok(path)
    }

    /// The return at the end, and what comes before.
    fn split(&self) -> Option<(*mut RawValue, &[*mut RawValue])> {
        let (last, others) = self.instructions.split_last()?;
        (self.opcode(*last).ok()? == RET).then_some((*last, others))
    }

    pub(crate) fn opcode(&self, instruction: *mut RawValue) -> Result<i32> {
        let opcode = self.module.table().LLVMGetInstructionOpcode()?;
        // SAFETY: an instruction of a live module.
        Ok(unsafe { opcode(instruction) })
    }

    /// Whether an instruction does nothing that can be seen: it only tells the optimiser something.
    pub(crate) fn is_idle(&self, instruction: *mut RawValue) -> Result<bool> {
        if self.opcode(instruction)? == ICMP {
            return Ok(true);
        }
        Ok(self.called(instruction)?.is_some_and(|name| is_idle(&name)))
    }

    /// The name of what a call calls, which is empty for what is computed; nothing for other instructions.
    fn called(&self, instruction: *mut RawValue) -> Result<Option<String>> {
        let table = self.module.table();
        let (is_call, called) = (table.LLVMIsACallInst()?, table.LLVMGetCalledValue()?);
        // SAFETY: an instruction of a live module.
        unsafe {
            if is_call(instruction).is_null() {
                return Ok(None);
            }
            name(self.module, called(instruction)).map(Some)
        }
    }
}

/// Whether a function of this name does nothing that can be seen.
fn is_idle(name: &str) -> bool {
    IDLE.iter().any(|idle| name.starts_with(idle))
}
