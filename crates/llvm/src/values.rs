//! What becomes of a function's arguments, and of what a call in it returns, as far as they are only handed on.

use std::collections::HashMap;
use std::ffi::c_uint;

use gateless_model::Result;

use crate::Function;
use crate::Module;
use crate::forward::{CALL, Path};
use crate::raw::name;
use crate::table::RawValue;

// LLVMOpcode (llvm-c/Core.h).
const ALLOCA: i32 = 26;
pub(crate) const LOAD: i32 = 27;
const STORE: i32 = 28;
pub(crate) const GET_ELEMENT_PTR: i32 = 29;
const EXTRACT_VALUE: i32 = 53;
const INSERT_VALUE: i32 = 54;

// LLVMTypeKind (llvm-c/Core.h).
pub(crate) const INTEGER: i32 = 8;
pub(crate) const STRUCT: i32 = 10;
const ARRAY: i32 = 11;

/// Beginning of the name of what copies memory.
pub(crate) const COPY: &str = "llvm.memcpy.";

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// The argument of this number.
    Argument(c_uint),
    /// What the call returned.
    Result,
    /// The element of this number of what the call returned.
    Element(c_uint),
    /// The first elements of a structure, each known.
    Elements(Vec<Known>),
}

/// What is known of the values of a function, and what its variables hold.
pub(crate) struct Values<'m> {
    module: &'m Module,
    arguments: c_uint,
    pub(crate) known: HashMap<*mut RawValue, Known>,
    variables: HashMap<*mut RawValue, Option<*mut RawValue>>,
    /// Places within variables.
    inside: HashMap<*mut RawValue, *mut RawValue>,
}

impl<'m> Values<'m> {
    pub(crate) fn of(function: &Function<'m>) -> Result<Self> {
        let table = function.module.table();
        let (count, get) = (table.LLVMCountParams()?, table.LLVMGetParam()?);
        // SAFETY: a function of a live module.
        let arguments = unsafe { count(function.raw) };
        let mut known = HashMap::new();
        for number in 0..arguments {
            // SAFETY: a parameter that the function has.
            let argument = unsafe { get(function.raw, number) };
            known.insert(argument, Known::Argument(number));
        }
        Ok(Self {
            module: function.module,
            arguments,
            known,
            variables: HashMap::new(),
            inside: HashMap::new(),
        })
    }

    /// Follows a value through an instruction, also through a call of what only returns an argument; false if the instruction does anything else.
    pub(crate) fn pass(
        &mut self,
        path: &Path<'m>,
        instruction: *mut RawValue,
        depth: u32,
    ) -> Result<bool> {
        let opcode = path.opcode(instruction)?;
        if path.is_idle(instruction)? || self.follow(instruction, opcode)? {
            return Ok(true);
        }
        if opcode != CALL || depth == 0 {
            return Ok(false);
        }
        let table = self.module.table();
        let (called, operand) = (table.LLVMGetCalledValue()?, table.LLVMGetOperand()?);
        let is_function = table.LLVMIsAFunction()?;
        // SAFETY: a call of a live module.
        let raw = unsafe { is_function(called(instruction)) };
        if raw.is_null() {
            return Ok(false);
        }
        let function = Function::at(self.module, raw);
        let Some(number) = function.returned_argument(depth - 1)? else {
            return Ok(false);
        };
        // SAFETY: arguments come first among a call's operands, and the function has one of this number.
        let argument = unsafe { operand(instruction, number) };
        if let Some(known) = self.known.get(&argument).cloned() {
            self.known.insert(instruction, known);
        }
        Ok(true)
    }

    /// Follows a value through an instruction; false if the instruction does anything else.
    fn follow(&mut self, instruction: *mut RawValue, opcode: i32) -> Result<bool> {
        let table = self.module.table();
        let (operand, ty) = (table.LLVMGetOperand()?, table.LLVMTypeOf()?);
        let (indices, index) = (table.LLVMGetNumIndices()?, table.LLVMGetIndices()?);
        let is_volatile = table.LLVMGetVolatile()?;
        // SAFETY: an instruction of a live module with the operands that its opcode has (LangRef).
        unsafe {
            match opcode {
                ALLOCA => {
                    self.variables.insert(instruction, None);
                    Ok(true)
                }
                STORE => {
                    let (value, place) = (operand(instruction, 0), operand(instruction, 1));
                    if let Some(held) = self.variables.get_mut(&place) {
                        *held = Some(value);
                    } else if let Some(variable) = self.inside.get(&place) {
                        self.variables.insert(*variable, None);
                    } else {
                        return Ok(false);
                    }
                    Ok(is_volatile(instruction) == 0)
                }
                GET_ELEMENT_PTR => {
                    let base = operand(instruction, 0);
                    let variable = match self.variables.contains_key(&base) {
                        true => Some(base),
                        false => self.inside.get(&base).copied(),
                    };
                    if let Some(variable) = variable {
                        self.inside.insert(instruction, variable);
                    }
                    // Of anything else it is a number that is not known.
                    Ok(true)
                }
                CALL if self.copies(instruction)? => {
                    let (to, from) = (operand(instruction, 0), operand(instruction, 1));
                    let held = self.variables.get(&from).copied().flatten();
                    self.variables.insert(to, held);
                    Ok(true)
                }
                LOAD => {
                    let Some(Some(value)) = self.variables.get(&operand(instruction, 0)) else {
                        return Ok(false);
                    };
                    if ty(*value) != ty(instruction) || is_volatile(instruction) != 0 {
                        return Ok(false);
                    }
                    if let Some(known) = self.known.get(value).cloned() {
                        self.known.insert(instruction, known);
                    }
                    Ok(true)
                }
                EXTRACT_VALUE => {
                    let is_of_result =
                        self.known.get(&operand(instruction, 0)) == Some(&Known::Result);
                    if is_of_result && indices(instruction) == 1 {
                        self.known
                            .insert(instruction, Known::Element(*index(instruction)));
                    }
                    Ok(true)
                }
                INSERT_VALUE => {
                    let mut elements = match self.known.get(&operand(instruction, 0)) {
                        Some(Known::Elements(elements)) => elements.clone(),
                        _ => Vec::new(),
                    };
                    let element = self.known.get(&operand(instruction, 1)).cloned();
                    if let Some(element) = element
                        && indices(instruction) == 1
                        && *index(instruction) as usize == elements.len()
                    {
                        elements.push(element);
                        self.known.insert(instruction, Known::Elements(elements));
                    }
                    Ok(true)
                }
                _ => Ok(false),
            }
        }
    }

    /// Whether a call copies all of a variable into another one of the same size.
    fn copies(&self, call: *mut RawValue) -> Result<bool> {
        let table = self.module.table();
        let (called, operand) = (table.LLVMGetCalledValue()?, table.LLVMGetOperand()?);
        let (is_number, number) = (
            table.LLVMIsAConstantInt()?,
            table.LLVMConstIntGetZExtValue()?,
        );
        let (of, kind, length) = (
            table.LLVMGetAllocatedType()?,
            table.LLVMGetTypeKind()?,
            table.LLVMGetArrayLength2()?,
        );
        let (element, width) = (table.LLVMGetElementType()?, table.LLVMGetIntTypeWidth()?);
        // SAFETY: a call of a live module; LLVM's own copy has four arguments, the last two of them constants (LangRef).
        unsafe {
            if !name(self.module, called(call))?.starts_with(COPY) {
                return Ok(false);
            }
            let (to, from, bytes) = (operand(call, 0), operand(call, 1), operand(call, 2));
            let is_volatile = number(operand(call, 3)) != 0;
            if is_volatile
                || is_number(bytes).is_null()
                || !self.variables.contains_key(&to)
                || !self.variables.contains_key(&from)
            {
                return Ok(false);
            }
            // rustc's variables are arrays of bytes.
            let ty = of(to);
            Ok(ty == of(from)
                && kind(ty) == ARRAY
                && kind(element(ty)) == INTEGER
                && width(element(ty)) == 8
                && length(ty) == number(bytes))
        }
    }

    /// Whether a call gets the function's arguments, all of them, in their order.
    pub(crate) fn are_arguments(&self, call: *mut RawValue) -> Result<bool> {
        let table = self.module.table();
        let (count, operand) = (table.LLVMGetNumArgOperands()?, table.LLVMGetOperand()?);
        // SAFETY: a call of a live module; its arguments come first among its operands.
        unsafe {
            Ok(count(call) == self.arguments
                && (0..self.arguments)
                    .all(|at| self.known.get(&operand(call, at)) == Some(&Known::Argument(at))))
        }
    }

    /// Whether a value is what the call returned, also taken apart and put together again.
    pub(crate) fn is_result(&self, value: *mut RawValue) -> Result<bool> {
        let table = self.module.table();
        let (ty, kind, count) = (
            table.LLVMTypeOf()?,
            table.LLVMGetTypeKind()?,
            table.LLVMCountStructElementTypes()?,
        );
        Ok(match self.known.get(&value) {
            Some(Known::Result) => true,
            Some(Known::Elements(elements)) => {
                let in_order = elements
                    .iter()
                    .enumerate()
                    .all(|(at, element)| *element == Known::Element(at as c_uint));
                // SAFETY: a value of a live module and its type.
                let all = unsafe {
                    kind(ty(value)) == STRUCT && count(ty(value)) as usize == elements.len()
                };
                in_order && all
            }
            _ => false,
        })
    }
}
