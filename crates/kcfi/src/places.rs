//! The types of MIR's places and operands.

use std::collections::HashMap;

use gateless_model::{Failure, Result};

use crate::brackets::{as_type, matching, split};
use crate::mir::{Body, Mir};
use crate::text::{self, Lifetimes, Names};
use crate::ty::{Integer, Region, Type};

/// A function's variables and what names in it mean.
pub(crate) struct Places<'a> {
    pub body: &'a Body,
    pub mir: &'a Mir,
    pub names: &'a dyn Names,
}

fn unknown(what: &str) -> Failure {
    Failure::failed(format!("the type of {what} is not known"))
}

impl Places<'_> {
    pub fn read(&self, text: &str) -> Result<Type> {
        text::ty(text, Lifetimes::Written, self.names)
    }

    /// The type of a place.
    pub fn place(&self, place: &str) -> Result<Type> {
        let place = place.trim();
        if let Some(inner) = place.strip_suffix(']')
            && !place.starts_with('[')
        {
            let open = last_open(inner).ok_or_else(|| unknown(place))?;
            return match self.place(&inner[..open])? {
                Type::Array(element, _) | Type::Slice(element) => Ok(*element),
                _ => Err(unknown(place)),
            };
        }
        if let Some(ty) = self.body.locals.get(place) {
            return self.read(ty);
        }
        let inner = place
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'))
            .filter(|_| matching(place, 0) == Some(place.len() - 1))
            .ok_or_else(|| unknown(place))?;
        if let Some(pointer) = inner.strip_prefix('*') {
            return match self.place(pointer)? {
                Type::Ref { to, .. } | Type::Pointer { to, .. } => Ok(*to),
                _ => Err(unknown(place)),
            };
        }
        // `(PLACE.0: TYPE)`; what is before is a place, in which `: ` stands in brackets only.
        let base = match inner.starts_with('(') {
            true => matching(inner, 0).ok_or_else(|| unknown(place))? + 1,
            false => inner.find('.').ok_or_else(|| unknown(place))?,
        };
        let (_, ty) = inner[base..]
            .split_once(": ")
            .ok_or_else(|| unknown(place))?;
        self.read(ty)
    }

    /// The type of an operand.
    pub fn operand(&self, operand: &str) -> Result<Type> {
        for word in ["copy ", "move "] {
            if let Some(place) = operand.strip_prefix(word) {
                return self.place(place);
            }
        }
        let constant = operand
            .strip_prefix("const ")
            .ok_or_else(|| unknown(operand))?;
        match constant {
            "true" | "false" => return Ok(Type::Bool),
            "()" => return Ok(Type::UNIT),
            _ => {}
        }
        if constant.starts_with('\'') {
            return Ok(Type::Char);
        }
        if constant.starts_with('"') {
            return Ok(Type::Ref {
                region: Region::Erased,
                mutable: false,
                to: Box::new(Type::Str),
            });
        }
        if let Some((number, suffix)) = constant.rsplit_once('_')
            && number.parse::<i128>().is_ok() | number.parse::<u128>().is_ok()
            && let Some(integer) = Integer::named(suffix)
        {
            return Ok(Type::Integer(integer));
        }
        if let Some(inner) = constant.strip_prefix('(')
            && matching(constant, 0) == Some(constant.len() - 1)
        {
            let parts = split(&inner[..inner.len() - 1]).into_iter();
            let parts = parts.map(|part| self.operand(&format!("const {part}")));
            return Ok(Type::Tuple(parts.collect::<Result<_>>()?));
        }
        if let Some(inner) = constant.strip_prefix('{')
            && let Some((_, ty)) = inner
                .strip_suffix('}')
                .and_then(|inner| as_type(inner).or(inner.split_once(": ")))
        {
            return self.read(ty);
        }
        if let Some(ty) = constant.strip_prefix("ZeroSized: ") {
            return self.read(ty);
        }
        let ty = self
            .mir
            .constant(constant)
            .ok_or_else(|| unknown(operand))?;
        self.read(ty)
    }
}

/// The `[` that belongs to a `]` behind the text.
fn last_open(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate().rev() {
        match byte {
            b']' => depth += 1,
            b'[' if depth == 0 => return Some(at),
            b'[' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The type parameters of a function that can be told.
pub(crate) fn parameters(
    generics: &HashMap<String, String>,
    names: &dyn Names,
) -> HashMap<String, Type> {
    generics
        .iter()
        .filter_map(|(name, text)| {
            let ty = text::ty(text, Lifetimes::Elided, names).ok()?;
            Some((name.clone(), ty))
        })
        .collect()
}
