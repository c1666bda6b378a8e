//! What becomes of a function's arguments, and of what a call in it returns, as far as they are only handed on.

use std::collections::HashMap;

use gateless_llvm::{After, Call, Function, Instruction, Operation, Type, TypeKind, Value};
use gateless_model::Result;

/// Beginning of the name of what copies memory.
pub(super) const COPY: &str = "llvm.memcpy.";

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// The argument of this number.
    Argument(u32),
    /// What the call returned.
    Result,
    /// The element of this number of what the call returned.
    Element(u32),
    /// The first elements of a structure, each known.
    Elements(Vec<Known>),
}

/// What is known of the values of a function, and what its variables hold.
pub(super) struct Values<'m> {
    arguments: u32,
    pub(super) known: HashMap<Value<'m>, Known>,
    variables: HashMap<Value<'m>, Option<Value<'m>>>,
    /// Places within variables.
    inside: HashMap<Value<'m>, Value<'m>>,
}

impl<'m> Values<'m> {
    pub(super) fn of(function: Function<'m>) -> Result<Self> {
        let arguments = function.arguments()?;
        let known = arguments.iter().zip(0..);
        Ok(Self {
            arguments: arguments.len() as u32,
            known: known
                .map(|(argument, number)| ((*argument).into(), Known::Argument(number)))
                .collect(),
            variables: HashMap::new(),
            inside: HashMap::new(),
        })
    }

    /// Says of an instruction's result what is known of a value.
    pub(super) fn hand_on(&mut self, value: Value<'m>, instruction: Instruction<'m>) {
        if let Some(known) = self.known.get(&value).cloned() {
            self.known.insert(instruction.into(), known);
        }
    }

    /// Follows a value through an instruction; false if the instruction does anything else.
    pub(super) fn follow(&mut self, instruction: Instruction<'m>) -> Result<bool> {
        match instruction.operation()? {
            Operation::Alloca { .. } => {
                self.variables.insert(instruction.into(), None);
                Ok(true)
            }
            Operation::Store {
                value,
                address,
                access,
            } => {
                if let Some(held) = self.variables.get_mut(&address) {
                    *held = Some(value);
                } else if let Some(variable) = self.inside.get(&address) {
                    self.variables.insert(*variable, None);
                } else {
                    return Ok(false);
                }
                Ok(!access.is_volatile)
            }
            Operation::GetElementPtr { base, .. } => {
                let variable = match self.variables.contains_key(&base) {
                    true => Some(base),
                    false => self.inside.get(&base).copied(),
                };
                if let Some(variable) = variable {
                    self.inside.insert(instruction.into(), variable);
                }
                // Of anything else it is a number that is not known.
                Ok(true)
            }
            Operation::Call(call) if self.copies(&call)? => {
                let (to, from) = (call.arguments[0], call.arguments[1]);
                let held = self.variables.get(&from).copied().flatten();
                self.variables.insert(to, held);
                Ok(true)
            }
            Operation::Load { address, access } => {
                let Some(Some(value)) = self.variables.get(&address).copied() else {
                    return Ok(false);
                };
                if value.ty()? != instruction.ty()? || access.is_volatile {
                    return Ok(false);
                }
                self.hand_on(value, instruction);
                Ok(true)
            }
            Operation::ExtractValue { aggregate, indices } => {
                if self.known.get(&aggregate) == Some(&Known::Result)
                    && let [index] = indices[..]
                {
                    self.known.insert(instruction.into(), Known::Element(index));
                }
                Ok(true)
            }
            Operation::InsertValue {
                aggregate,
                value,
                indices,
            } => {
                let mut elements = match self.known.get(&aggregate) {
                    Some(Known::Elements(elements)) => elements.clone(),
                    _ => Vec::new(),
                };
                if let Some(element) = self.known.get(&value).cloned()
                    && let [index] = indices[..]
                    && index as usize == elements.len()
                {
                    elements.push(element);
                    let elements = Known::Elements(elements);
                    self.known.insert(instruction.into(), elements);
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Whether a call copies all of a variable into another one of the same size.
    fn copies(&self, call: &Call<'m>) -> Result<bool> {
        if call.after != After::Next || !call.callee.name()?.starts_with(COPY) {
            return Ok(false);
        }
        let &[to, from, bytes, is_volatile] = &call.arguments[..] else {
            return Ok(false);
        };
        let (Some(bytes), Some(0)) = (number(bytes)?, number(is_volatile)?) else {
            return Ok(false);
        };
        if !self.variables.contains_key(&to) || !self.variables.contains_key(&from) {
            return Ok(false);
        }
        let ty = allocated(to)?;
        Ok(ty.is_some() && ty == allocated(from)? && is_bytes(ty, bytes)?)
    }

    /// Whether a call gets the function's arguments, all of them, in their order.
    pub(super) fn are_arguments(&self, call: &Call<'m>) -> bool {
        call.arguments.len() == self.arguments as usize
            && call.arguments.iter().zip(0..).all(|(argument, number)| {
                self.known.get(argument) == Some(&Known::Argument(number))
            })
    }

    /// Whether a value is what the call returned, also taken apart and put together again.
    pub(super) fn is_result(&self, value: Value<'m>) -> Result<bool> {
        Ok(match self.known.get(&value) {
            Some(Known::Result) => true,
            Some(Known::Elements(elements)) => {
                let in_order = elements.iter().zip(0..);
                let in_order = in_order
                    .into_iter()
                    .all(|(element, at)| *element == Known::Element(at));
                let TypeKind::Struct(of) = value.ty()?.kind()? else {
                    return Ok(false);
                };
                in_order && of.elements.is_some_and(|all| all.len() == elements.len())
            }
            _ => false,
        })
    }
}

/// The number that a value is, if it is a constant one of at most 64 bits.
pub(super) fn number(value: Value<'_>) -> Result<Option<u64>> {
    let bits = match value.as_constant()? {
        Some(constant) => constant.as_integer()?,
        None => None,
    };
    Ok(bits.and_then(|bits| bits.as_u64()))
}

/// The type of a variable.
fn allocated(variable: Value<'_>) -> Result<Option<Type<'_>>> {
    let operation = match variable.as_instruction()? {
        Some(instruction) => instruction.operation()?,
        None => return Ok(None),
    };
    Ok(match operation {
        Operation::Alloca { ty, .. } => Some(ty),
        _ => None,
    })
}

/// Whether a type is an array of this many bytes, as the types of rustc's variables are.
fn is_bytes(ty: Option<Type<'_>>, bytes: u64) -> Result<bool> {
    let Some(TypeKind::Array(element, length)) = ty.map(Type::kind).transpose()? else {
        return Ok(false);
    };
    Ok(length == bytes && element.kind()? == TypeKind::Integer(8))
}
