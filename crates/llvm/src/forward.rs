//! Functions that do nothing but call another one, or return the address of one.

use std::collections::HashMap;
use std::ffi::c_uint;

use gateless_model::Result;

use crate::Module;
use crate::table::{RawBlock, RawValue};
use crate::value::{Function, instructions_of, name};

// LLVMOpcode (llvm-c/Core.h).
const RET: i32 = 1;
const BR: i32 = 2;
const ALLOCA: i32 = 26;
const LOAD: i32 = 27;
const STORE: i32 = 28;
const GET_ELEMENT_PTR: i32 = 29;
const ICMP: i32 = 42;
const CALL: i32 = 45;
const EXTRACT_VALUE: i32 = 53;
const INSERT_VALUE: i32 = 54;

// LLVMTypeKind (llvm-c/Core.h).
const STRUCT: i32 = 10;
const ARRAY: i32 = 11;

/// Beginning of the name of what copies memory.
const COPY: &str = "llvm.memcpy.";

/// Intrinsics without effect on what a function does.
const IDLE: [&str; 3] = ["llvm.assume", "llvm.lifetime.start.", "llvm.lifetime.end."];

/// The attributes that decide how an argument or a result is passed (those of LangRef, "Parameter Attributes", that rustc uses).
const PASSING: [&str; 6] = ["zeroext", "signext", "inreg", "byval", "sret", "byref"];

/// How deep calls are looked into.
const DEEPEST: u32 = 8;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// The argument of this number.
    Argument(c_uint),
    /// What the call returned.
    Result,
    /// The element of this number of what the call returned.
    Element(c_uint),
    /// The first elements of a structure, each known.
    Elements(Vec<Known>),
}

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
        Ok((!raw.is_null()).then_some(Self {
            module: self.module,
            raw,
        }))
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
            let other = Self {
                module: self.module,
                raw,
            };
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
    fn returned_argument(&self, depth: u32) -> Result<Option<c_uint>> {
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
struct Path<'m> {
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

    fn opcode(&self, instruction: *mut RawValue) -> Result<i32> {
        let opcode = self.module.table().LLVMGetInstructionOpcode()?;
        // SAFETY: an instruction of a live module.
        Ok(unsafe { opcode(instruction) })
    }

    /// Whether an instruction does nothing that can be seen: it only tells the optimiser something.
    fn is_idle(&self, instruction: *mut RawValue) -> Result<bool> {
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

/// What is known of the values of a function, and what its variables hold.
struct Values<'m> {
    module: &'m Module,
    arguments: c_uint,
    known: HashMap<*mut RawValue, Known>,
    variables: HashMap<*mut RawValue, Option<*mut RawValue>>,
    /// Places within variables.
    inside: HashMap<*mut RawValue, *mut RawValue>,
}

impl<'m> Values<'m> {
    fn of(function: &Function<'m>) -> Result<Self> {
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
    fn pass(&mut self, path: &Path<'m>, instruction: *mut RawValue, depth: u32) -> Result<bool> {
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
        let function = Function {
            module: self.module,
            raw,
        };
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
        /// LLVMIntegerTypeKind (llvm-c/Core.h).
        const INTEGER: i32 = 8;
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
    fn are_arguments(&self, call: *mut RawValue) -> Result<bool> {
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
    fn is_result(&self, value: *mut RawValue) -> Result<bool> {
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
        if let Some(section) = (Function {
            module: self,
            raw: from,
        })
        .section()?
        {
            (Function {
                module: self,
                raw: to,
            })
            .set_section(&section)?;
        }
        Ok(())
    }
}
