//! Attributes of functions and calls: LLVM's own kinds (`noredzone`, with a number or a type for some) and texts (`"target-cpu"="generic"`).

mod names;

use std::ffi::{c_char, c_uint};

use gateless_model::{Failure, Result};

use crate::call::plain_call;
use crate::memory::borrowed_text;
use crate::table::{RawAttribute, RawValue};
use crate::{Function, Instruction, Llvm, Module, Opcode, Type};

/// The place of a function's own attributes, as opposed to its parameters' and its result's.
const ON_FUNCTION: c_uint = c_uint::MAX;

/// What an attribute is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The function, or the call.
    Function,
    /// What it returns.
    Result,
    /// The parameter of this number, from 0.
    Parameter(u32),
}

impl Place {
    /// LLVM's number for it (llvm-c/Core.h, LLVMAttributeIndex).
    pub(crate) fn index(self) -> c_uint {
        match self {
            Place::Function => ON_FUNCTION,
            Place::Result => 0,
            Place::Parameter(number) => number + 1,
        }
    }
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute<'m> {
    /// One of LLVM's own, with its number; 0 for those that have none.
    Number(String, u64),
    /// One of LLVM's own that names a type, such as `sret` and `byval`.
    Type(String, Type<'m>),
    /// One of LLVM's own whose value LLVM's C API doesn't show: `range` and `initializes`.
    Hidden(String),
    /// A text, and its value.
    Text(String, String),
}

impl<'m> Attribute<'m> {
    pub(crate) fn of(module: &'m Module, raw: *mut RawAttribute) -> Result<Self> {
        let table = module.table();
        let (is_number, is_type, is_text) = (
            table.LLVMIsEnumAttribute()?,
            table.LLVMIsTypeAttribute()?,
            table.LLVMIsStringAttribute()?,
        );
        // SAFETY: an attribute of a live context.
        let (is_number, is_type, is_text) =
            unsafe { (is_number(raw) != 0, is_type(raw) != 0, is_text(raw) != 0) };
        if is_text {
            return text(module, raw);
        }
        // SAFETY: an attribute of LLVM's own kinds.
        let kind = unsafe { (table.LLVMGetEnumAttributeKind()?)(raw) };
        let name = names::name(module.llvm(), kind)?;
        if is_type {
            // SAFETY: an attribute with a type.
            let ty = unsafe { (table.LLVMGetTypeAttributeValue()?)(raw) };
            return Ok(Self::Type(name, Type::at(module, ty)));
        }
        if !is_number {
            return Ok(Self::Hidden(name));
        }
        // SAFETY: an attribute with a number or with nothing.
        let number = unsafe { (table.LLVMGetEnumAttributeValue()?)(raw) };
        Ok(Self::Number(name, number))
    }

    /// Its name, or the key of a text.
    pub fn name(&self) -> &str {
        match self {
            Self::Number(name, _)
            | Self::Type(name, _)
            | Self::Hidden(name)
            | Self::Text(name, _) => name,
        }
    }
}

/// What is known to be a text attribute.
fn text<'m>(module: &'m Module, raw: *mut RawAttribute) -> Result<Attribute<'m>> {
    let (key, value) = (
        module.table().LLVMGetStringAttributeKind()?,
        module.table().LLVMGetStringAttributeValue()?,
    );
    let (mut key_length, mut value_length) = (0, 0);
    // SAFETY: a text attribute; LLVM returns both texts with their lengths.
    unsafe {
        let key = key(raw, &mut key_length);
        let value = value(raw, &mut value_length);
        let key = borrowed_text(key, key_length as usize).unwrap_or_default();
        let value = borrowed_text(value, value_length as usize).unwrap_or_default();
        Ok(Attribute::Text(key, value))
    }
}

impl Function<'_> {
    /// The attributes at a place of it, as LLVM has them.
    pub(crate) fn raw_attributes(self, place: Place) -> Result<Vec<*mut RawAttribute>> {
        let (count, get) = (
            self.table().LLVMGetAttributeCountAtIndex()?,
            self.table().LLVMGetAttributesAtIndex()?,
        );
        // SAFETY: a function of a live module; there is room for as many attributes as LLVM says there are.
        unsafe {
            let count = count(self.raw, place.index());
            let mut raws = vec![std::ptr::null_mut(); count as usize];
            if count > 0 {
                get(self.raw, place.index(), raws.as_mut_ptr());
            }
            Ok(raws)
        }
    }

    /// The value of the text attribute `key`.
    pub fn text_attribute(&self, key: &str) -> Result<Option<String>> {
        let get = self.module.table().LLVMGetStringAttributeAtIndex()?;
        let value = self.module.table().LLVMGetStringAttributeValue()?;
        let (start, length) = parts(key);
        // SAFETY: a function of a live module; pointer and length are those of a str.
        let attribute = unsafe { get(self.raw, ON_FUNCTION, start, length) };
        if attribute.is_null() {
            return Ok(None);
        }
        let mut length = 0;
        // SAFETY: a text attribute; LLVM returns its value and the value's length.
        unsafe {
            Ok(borrowed_text(
                value(attribute, &mut length),
                length as usize,
            ))
        }
    }

    /// Sets the text attribute `key`, replacing what it was.
    pub fn set_text_attribute(&self, key: &str, value: &str) -> Result<()> {
        let create = self.module.table().LLVMCreateStringAttribute()?;
        let add = self.module.table().LLVMAddAttributeAtIndex()?;
        let ((key, key_length), (value, value_length)) = (parts(key), parts(value));
        // SAFETY: the context is alive; pointers and lengths are those of strs, which LLVM copies.
        unsafe {
            add(
                self.raw,
                ON_FUNCTION,
                create(
                    self.module.context.inner.raw,
                    key,
                    key_length,
                    value,
                    value_length,
                ),
            )
        };
        Ok(())
    }

    /// Removes the text attribute `key`, if it is there.
    pub fn remove_text_attribute(&self, key: &str) -> Result<()> {
        let remove = self.module.table().LLVMRemoveStringAttributeAtIndex()?;
        let (start, length) = parts(key);
        // SAFETY: a function of a live module; pointer and length are those of a str.
        unsafe { remove(self.raw, ON_FUNCTION, start, length) };
        Ok(())
    }

    /// The number of LLVM's attribute `name` (0 for those that have none), if the function has it.
    pub fn attribute(&self, name: &str) -> Result<Option<u64>> {
        let kind = kind(self.module.llvm(), name)?;
        let get = self.module.table().LLVMGetEnumAttributeAtIndex()?;
        let value = self.module.table().LLVMGetEnumAttributeValue()?;
        // SAFETY: a function of a live module and a known kind.
        let attribute = unsafe { get(self.raw, ON_FUNCTION, kind) };
        // SAFETY: an attribute of LLVM's own kinds.
        Ok((!attribute.is_null()).then(|| unsafe { value(attribute) }))
    }

    /// Gives the function LLVM's attribute `name`, with `value` for those that have a number (else 0).
    pub fn set_attribute(&self, name: &str, value: u64) -> Result<()> {
        let kind = kind(self.module.llvm(), name)?;
        let create = self.module.table().LLVMCreateEnumAttribute()?;
        let add = self.module.table().LLVMAddAttributeAtIndex()?;
        // SAFETY: the context is alive and the kind is known.
        unsafe {
            add(
                self.raw,
                ON_FUNCTION,
                create(self.module.context.inner.raw, kind, value),
            )
        };
        Ok(())
    }

    /// Gives the parameter of this number LLVM's attribute `name`, one that has no value.
    pub fn set_parameter_attribute(&self, parameter: u32, name: &str) -> Result<()> {
        let kind = kind(self.module.llvm(), name)?;
        let create = self.module.table().LLVMCreateEnumAttribute()?;
        let add = self.module.table().LLVMAddAttributeAtIndex()?;
        let place = Place::Parameter(parameter).index();
        // SAFETY: a function of a live module, whose context is alive, and a known kind.
        unsafe {
            add(
                self.raw,
                place,
                create(self.module.context.inner.raw, kind, 0),
            )
        };
        Ok(())
    }

    /// Takes LLVM's attribute `name` away from the function, if it has it.
    pub fn remove_attribute(&self, name: &str) -> Result<()> {
        let kind = kind(self.module.llvm(), name)?;
        let remove = self.module.table().LLVMRemoveEnumAttributeAtIndex()?;
        // SAFETY: a function of a live module and a known kind.
        unsafe { remove(self.raw, ON_FUNCTION, kind) };
        Ok(())
    }

    /// Takes LLVM's attribute `name` away from all of the function's parameters, and from the arguments of its calls.
    pub fn remove_attribute_of_parameters(&self, name: &str) -> Result<()> {
        let kind = kind(self.module.llvm(), name)?;
        let count = self.module.table().LLVMCountParams()?;
        let remove = self.module.table().LLVMRemoveEnumAttributeAtIndex()?;
        // SAFETY: a function of a live module, its parameters (which attributes count from 1) and a known kind.
        unsafe {
            for parameter in 1..=count(self.raw) {
                remove(self.raw, parameter, kind);
                self.remove_from_calls(parameter, kind)?;
            }
        }
        Ok(())
    }

    /// Takes LLVM's attribute `name` away from all calls of the function that have it for themselves.
    pub fn remove_attribute_of_calls(&self, name: &str) -> Result<()> {
        self.remove_from_calls(ON_FUNCTION, kind(self.module.llvm(), name)?)
    }

    /// Takes the attribute of this kind away from this place of all plain calls of the function.
    fn remove_from_calls(&self, place: c_uint, kind: c_uint) -> Result<()> {
        let remove = self.table().LLVMRemoveCallSiteEnumAttribute()?;
        for user in self.users()? {
            let Some(call) = plain_call(user)? else {
                continue;
            };
            // The function may be an argument of a call of something else.
            if call.called()? == Some((*self).into()) {
                // SAFETY: a call of a live module and a known kind.
                unsafe { remove(call.raw, place, kind) };
            }
        }
        Ok(())
    }
}

impl Instruction<'_> {
    /// Gives the argument of this number of a call LLVM's attribute `name`, one that has no value; does nothing to other instructions.
    pub fn set_argument_attribute(&self, argument: u32, name: &str) -> Result<()> {
        if !self.is_call()? {
            return Ok(());
        }
        let kind = kind(self.module().llvm(), name)?;
        let create = self.table().LLVMCreateEnumAttribute()?;
        let add = self.table().LLVMAddCallSiteAttribute()?;
        let place = Place::Parameter(argument).index();
        // SAFETY: a call of a live module, whose context is alive, and a known kind.
        unsafe {
            add(
                self.raw,
                place,
                create(self.module().context.inner.raw, kind, 0),
            )
        };
        Ok(())
    }
}

impl Module {
    /// Gives the calls that have LLVM's attribute `name` for themselves the text attribute `text` instead, but for those of functions that `but` picks;
    /// it goes where the calls go.
    pub fn hide_attribute_of_calls(
        &self,
        name: &str,
        text: &str,
        but: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let kind = kind(self.llvm(), name)?;
        let table = self.table();
        let (get, remove, add, create) = (
            table.LLVMGetCallSiteEnumAttribute()?,
            table.LLVMRemoveCallSiteEnumAttribute()?,
            table.LLVMAddCallSiteAttribute()?,
            table.LLVMCreateStringAttribute()?,
        );
        let (start, length) = parts(text);
        let context = self.context.inner.raw;
        for (call, called) in self.calls()? {
            // SAFETY: a call of a live module, whose context is alive; pointer and length are those of a str, which LLVM copies.
            unsafe {
                if !get(call, ON_FUNCTION, kind).is_null() && !but(&called) {
                    remove(call, ON_FUNCTION, kind);
                    add(call, ON_FUNCTION, create(context, start, length, start, 0));
                }
            }
        }
        Ok(())
    }

    /// Undoes [`Module::hide_attribute_of_calls`].
    pub fn show_attribute_of_calls(&self, name: &str, text: &str) -> Result<()> {
        let kind = kind(self.llvm(), name)?;
        let table = self.table();
        let (get, remove, add, create) = (
            table.LLVMGetCallSiteStringAttribute()?,
            table.LLVMRemoveCallSiteStringAttribute()?,
            table.LLVMAddCallSiteAttribute()?,
            table.LLVMCreateEnumAttribute()?,
        );
        let (start, length) = parts(text);
        for (call, _) in self.calls()? {
            // SAFETY: a call of a live module, whose context is alive; pointer and length are those of a str, and the kind is known.
            unsafe {
                if !get(call, ON_FUNCTION, start, length).is_null() {
                    remove(call, ON_FUNCTION, start, length);
                    add(call, ON_FUNCTION, create(self.context.inner.raw, kind, 0));
                }
            }
        }
        Ok(())
    }

    /// All plain calls, each with the name of what is called; no name for what is computed.
    fn calls(&self) -> Result<Vec<(*mut RawValue, String)>> {
        let mut calls = Vec::new();
        for function in self.functions()? {
            for instruction in function.instructions()? {
                if instruction.opcode()? == Opcode::Call
                    && let Some(called) = instruction.called()?
                {
                    calls.push((instruction.raw, called.name()?));
                }
            }
        }
        Ok(calls)
    }
}

/// LLVM's number for the attribute `name`.
fn kind(llvm: &'static Llvm, name: &str) -> Result<c_uint> {
    let get = llvm.table.LLVMGetEnumAttributeKindForName()?;
    // SAFETY: pointer and length are those of a str.
    match unsafe { get(name.as_ptr().cast(), name.len()) } {
        0 => Err(Failure::failed(format!(
            "{llvm:?} does not know the attribute {name}"
        ))),
        kind => Ok(kind),
    }
}

fn parts(text: &str) -> (*const c_char, c_uint) {
    (text.as_ptr().cast(), text.len() as c_uint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn attributes_of_every_kind_are_read_at_their_place() {
        let module = module(
            "define range(i8 0, 2) i8 @f(ptr byval([4 x i8]) align 8 %r, i8 zeroext %x) noredzone \"target-cpu\"=\"generic\" { ret i8 0 }",
        );
        let f = module.function("f").unwrap().unwrap();
        let at = |place| f.attributes(place).unwrap();
        let number = |name: &str, number| Attribute::Number(name.to_owned(), number);
        assert_eq!(at(Place::Result), [Attribute::Hidden("range".into())]);
        assert_eq!(at(Place::Parameter(1)), [number("zeroext", 0)]);
        let text = Attribute::Text("target-cpu".into(), "generic".into());
        assert_eq!(at(Place::Function), [number("noredzone", 0), text]);
        let [Attribute::Type(name, ty), align] = &at(Place::Parameter(0))[..] else {
            panic!("{:?}", at(Place::Parameter(0)))
        };
        assert_eq!(*align, number("align", 8));
        assert_eq!(
            (name.as_str(), ty.to_text().unwrap().as_str()),
            ("byval", "[4 x i8]")
        );
    }
}
