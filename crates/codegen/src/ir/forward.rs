//! Functions that do nothing but call another one, or return the address of one.

use gateless_llvm::{Attribute, Function, Instruction, Opcode, Operation, Place, Value};
use gateless_model::Result;

use super::values::{COPY, Known, Values};

/// Intrinsics without effect on what a function does.
const IDLE: [&str; 3] = ["llvm.assume", "llvm.lifetime.start.", "llvm.lifetime.end."];

/// The attributes that decide how an argument or a result is passed (those of LangRef, "Parameter Attributes", that rustc uses).
const PASSING: [&str; 6] = ["zeroext", "signext", "inreg", "byval", "sret", "byref"];

/// How deep calls are looked into.
const DEEPEST: u32 = 8;

/// The function whose address a function returns, if it does nothing else.
pub(super) fn returned_function(function: Function<'_>) -> Result<Option<Function<'_>>> {
    match returned(function, DEEPEST)? {
        Some((value, _)) => value.as_function(),
        None => Ok(None),
    }
}

/// The number of the argument that a function returns, if it does nothing else; what it calls for that is looked into as deep as `depth`.
pub(super) fn returned_argument(function: Function<'_>, depth: u32) -> Result<Option<u32>> {
    let Some((value, values)) = returned(function, depth)? else {
        return Ok(None);
    };
    Ok(match values.known.get(&value) {
        Some(Known::Argument(number)) => Some(*number),
        _ => None,
    })
}

/// What a function returns that does nothing else but hand values on, and what is known of these.
fn returned(function: Function<'_>, depth: u32) -> Result<Option<(Value<'_>, Values<'_>)>> {
    let Some((returned, others)) = path(function)? else {
        return Ok(None);
    };
    // Debug information has arguments stored in variables.
    let mut values = Values::of(function)?;
    for instruction in others {
        if !pass(&mut values, instruction, depth)? {
            return Ok(None);
        }
    }
    Ok(returned.map(|value| (value, values)))
}

/// Follows values through an instruction, also through a call of what only returns an argument; false if the instruction does anything else.
fn pass<'m>(values: &mut Values<'m>, instruction: Instruction<'m>, depth: u32) -> Result<bool> {
    if is_idle(instruction)? || values.follow(instruction)? {
        return Ok(true);
    }
    if instruction.opcode()? != Opcode::Call || depth == 0 {
        return Ok(false);
    }
    let called = match instruction.called()? {
        Some(called) => called.as_function()?,
        None => None,
    };
    let Some(function) = called else {
        return Ok(false);
    };
    let Some(number) = returned_argument(function, depth - 1)? else {
        return Ok(false);
    };
    // Arguments come first among a call's operands, and the function has one of this number.
    let argument = instruction.operands()?[number as usize];
    values.hand_on(argument, instruction);
    Ok(true)
}

/// The function to which a function hands all of its arguments, in their order, and whose result it returns, if it does nothing else
/// and both are called in the same way.
pub(super) fn forwards_to(function: Function<'_>) -> Result<Option<Function<'_>>> {
    let Some((returned, others)) = path(function)? else {
        return Ok(None);
    };
    let mut values = Values::of(function)?;
    let mut last = None;
    for (at, instruction) in others.iter().enumerate() {
        if let Some(name) = called(*instruction)?
            && !name.starts_with(COPY)
            && !is_idle_name(&name)
        {
            last = Some(at);
        }
    }
    let mut target = None;
    for (at, instruction) in others.into_iter().enumerate() {
        if Some(at) != last {
            if !pass(&mut values, instruction, DEEPEST)? {
                return Ok(None);
            }
            continue;
        }
        let Operation::Call(call) = instruction.operation()? else {
            return Ok(None);
        };
        let Some(other) = call.function()? else {
            return Ok(None);
        };
        if !are_called_alike(function, other)? || !values.are_arguments(&call) {
            return Ok(None);
        }
        values.known.insert(instruction.into(), Known::Result);
        target = Some(other);
    }
    let is_result = match returned {
        None => true,
        Some(value) => values.is_result(value)?,
    };
    Ok(target.filter(|_| is_result))
}

/// Whether both take and return the same, in the same registers.
fn are_called_alike(one: Function<'_>, other: Function<'_>) -> Result<bool> {
    if one.value_type()? != other.value_type()? || one.convention()? != other.convention()? {
        return Ok(false);
    }
    let parameters = (0..one.arguments()?.len() as u32).map(Place::Parameter);
    for place in [Place::Result].into_iter().chain(parameters) {
        if passing(one, place)? != passing(other, place)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The attributes of this place that decide how it is passed.
fn passing(function: Function<'_>, place: Place) -> Result<Vec<Attribute<'_>>> {
    let mut attributes = function.attributes(place)?;
    attributes.retain(|attribute| PASSING.contains(&attribute.name()));
    Ok(attributes)
}

/// What a function without a choice returns, if anything, and the instructions that it runs through before; nothing for others.
fn path(function: Function<'_>) -> Result<Option<(Option<Value<'_>>, Vec<Instruction<'_>>)>> {
    let mut instructions = Vec::new();
    let mut seen = Vec::new();
    let mut block = function.entry()?;
    while let Some(at) = block
        && !seen.contains(&at)
    {
        seen.push(at);
        instructions.extend(at.instructions()?);
        let Some(last) = instructions.pop() else {
            return Ok(None);
        };
        block = match last.operation()? {
            Operation::Branch(to) => Some(to),
            Operation::Return(value) => return Ok(Some((value, instructions))),
            _ => return Ok(None),
        };
    }
    Ok(None)
}

/// Whether an instruction does nothing that can be seen: it only tells the optimiser something.
pub(super) fn is_idle(instruction: Instruction<'_>) -> Result<bool> {
    if instruction.opcode()? == Opcode::IntegerCompare {
        return Ok(true);
    }
    Ok(called(instruction)?.is_some_and(|name| is_idle_name(&name)))
}

/// The name of what a plain call calls, which is empty for what is computed; nothing for other instructions.
fn called(instruction: Instruction<'_>) -> Result<Option<String>> {
    match instruction.called()? {
        Some(called) if instruction.opcode()? == Opcode::Call => called.name().map(Some),
        _ => Ok(None),
    }
}

/// Whether a function of this name does nothing that can be seen.
fn is_idle_name(name: &str) -> bool {
    IDLE.iter().any(|idle| name.starts_with(idle))
}
