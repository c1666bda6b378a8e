//! Calls made again with a bundle, which LLVM gives a call only when it makes it.

use std::ffi::c_uint;

use gateless_model::{Failure, Result};

use crate::attribute::Place;
use crate::call::{After, Call};
use crate::table::{RawMetadata, RawValue};
use crate::{Instruction, Module, Operation};

impl Module {
    /// Puts the same call, with the bundle `tag(i32 number)` besides, into the place of a call. What was known of the old one is of no use any more.
    ///
    /// # Errors
    /// For what is no plain call, and for a call that has bundles.
    pub fn add_bundle(&mut self, at: CallPlace, tag: &str, number: u32) -> Result<()> {
        let module: &Module = self;
        let function = module
            .function(&at.function)?
            .ok_or_else(|| Failure::failed(format!("there is no function {}", at.function)))?;
        let instruction = function.instructions()?.get(at.instruction).copied();
        let call = match instruction.map(Instruction::operation).transpose()? {
            Some(Operation::Call(call)) => call,
            _ => return Err(Failure::failed(format!("{at:?} is no call"))),
        };
        if !call.bundles.is_empty() || call.after != After::Next {
            return Err(Failure::failed(format!("{at:?} is no plain call")));
        }
        let order = Order::of(&call)?;
        let new = module.build(&call, tag, number)?;
        module.replace(&call, new)?;
        order.restore(module, new)
    }

    /// The new call, before the old one.
    fn build(&self, call: &Call<'_>, tag: &str, number: u32) -> Result<*mut RawValue> {
        let table = self.table();
        let (create, position, dispose) = (
            table.LLVMCreateBuilderInContext()?,
            table.LLVMPositionBuilderBefore()?,
            table.LLVMDisposeBuilder()?,
        );
        let (bundle, build, dispose_bundle) = (
            table.LLVMCreateOperandBundle()?,
            table.LLVMBuildCallWithOperandBundles()?,
            table.LLVMDisposeOperandBundle()?,
        );
        let (int32, constant, get_type) = (
            table.LLVMInt32TypeInContext()?,
            table.LLVMConstInt()?,
            table.LLVMGetCalledFunctionType()?,
        );
        let old = call.instruction.raw;
        let mut arguments: Vec<_> = call.arguments.iter().map(|value| value.raw).collect();
        // SAFETY: a call of a live module, with its own type, callee and arguments; lengths are those of the lists, and what is made is given back.
        unsafe {
            let builder = create(self.context.inner.raw);
            position(builder, old);
            let mut value = constant(int32(self.context.inner.raw), number.into(), 0);
            let mut bundle = bundle(tag.as_ptr().cast(), tag.len(), &mut value, 1);
            let new = build(
                builder,
                get_type(old),
                call.callee.raw,
                arguments.as_mut_ptr(),
                arguments.len() as c_uint,
                &mut bundle,
                1,
                c"".as_ptr(),
            );
            dispose_bundle(bundle);
            dispose(builder);
            Ok(new)
        }
    }

    /// Gives the new call all that the old one has, which goes.
    fn replace(&self, call: &Call<'_>, new: *mut RawValue) -> Result<()> {
        let table = self.table();
        let (convention, tail, add, metadata) = (
            table.LLVMSetInstructionCallConv()?,
            table.LLVMSetTailCallKind()?,
            table.LLVMAddCallSiteAttribute()?,
            table.LLVMSetMetadata()?,
        );
        let (replace, erase, set_location) = (
            table.LLVMReplaceAllUsesWith()?,
            table.LLVMInstructionEraseFromParent()?,
            table.LLVMInstructionSetDebugLoc()?,
        );
        let old = call.instruction;
        let parameters = (0..call.arguments.len() as u32).map(Place::Parameter);
        let places = [Place::Function, Place::Result]
            .into_iter()
            .chain(parameters);
        let location = old.location()?;
        let name = old.name()?;
        // SAFETY: two calls of one type in a live module; attributes, nodes and locations are those of the same context.
        unsafe {
            convention(new, call.convention);
            tail(new, call.tail as i32);
            for place in places {
                for attribute in old.raw_attributes(place)? {
                    add(new, place.index(), attribute);
                }
            }
            for (kind, node) in old.metadata()? {
                metadata(new, kind, node.as_value()?);
            }
            let location: *mut RawMetadata =
                location.map_or(std::ptr::null_mut(), |location| location.raw());
            set_location(new, location);
            replace(old.raw, new);
            erase(old.raw);
        }
        if !name.is_empty() {
            Instruction::at(self, new).set_name(&name)?;
        }
        Ok(())
    }
}

/// A call by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPlace {
    /// The function that it is in.
    pub function: String,
    /// Its number among the instructions of that.
    pub instruction: usize,
}

/// What had an operand of the call after the call had it. LLVM keeps the uses of a value in a list, the newest first, and its passes go by that order.
struct Order(Vec<(*mut RawValue, Vec<(*mut RawValue, c_uint)>)>);

impl Order {
    fn of(call: &Call<'_>) -> Result<Self> {
        let mut values: Vec<_> = call.arguments.clone();
        values.push(call.callee);
        let mut order = Vec::new();
        for value in values {
            if order.iter().any(|(known, _)| *known == value.raw) {
                continue;
            }
            let newer = newer_uses(call, value)?;
            order.push((value.raw, newer));
        }
        Ok(Self(order))
    }

    /// Makes all that was newer newer again, the oldest of it first.
    fn restore(self, module: &Module, _new: *mut RawValue) -> Result<()> {
        let (set, get) = (
            module.table().LLVMSetOperand()?,
            module.table().LLVMGetOperand()?,
        );
        for (value, newer) in self.0 {
            for (user, operand) in newer.into_iter().rev() {
                // SAFETY: a user other than the call, which was not changed since, and one of its operands.
                unsafe {
                    debug_assert!(get(user, operand) == value);
                    set(user, operand, value);
                }
            }
        }
        Ok(())
    }
}

/// The uses of a value that come before those by the call in LLVM's list, each as the instruction and the number of its operand.
fn newer_uses(call: &Call<'_>, value: crate::Value<'_>) -> Result<Vec<(*mut RawValue, c_uint)>> {
    let table = value.table();
    let (count, get) = (table.LLVMGetNumOperands()?, table.LLVMGetOperand()?);
    let mut newer: Vec<(*mut RawValue, c_uint)> = Vec::new();
    for user in value.users()? {
        if user.raw == call.instruction.raw {
            return Ok(newer);
        }
        // Constants have no order that is kept here: their users are unique themselves.
        if user.as_instruction()?.is_none() {
            continue;
        }
        // The C API says who uses a value, not as which operand: a user that has it twice is listed twice, the last operand first.
        let seen = newer.iter().filter(|(known, _)| *known == user.raw).count();
        // SAFETY: an instruction of a live module; numbers are below the count.
        let operands = unsafe {
            (0..count(user.raw) as c_uint)
                .rev()
                .filter(|at| get(user.raw, *at) == value.raw)
                .nth(seen)
        };
        if let Some(operand) = operands {
            newer.push((user.raw, operand));
        }
    }
    Ok(newer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn a_call_with_a_bundle_is_the_same_otherwise() {
        let text = "define i32 @f(ptr %p, ptr %q) {\nstart:\n  %r = tail call fastcc noundef i32 %p(ptr noalias %q, i32 7) #0, !range !0\n  %s = call i32 %p(ptr %q, i32 %r)\n  ret i32 %s\n}\n\
            attributes #0 = { nounwind }\n!0 = !{i32 0, i32 2}\n";
        let mut module = module(text);
        let at = |instruction| CallPlace {
            function: "f".into(),
            instruction,
        };
        module.add_bundle(at(0), "kcfi", 0xffff_fff0).unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        let wanted = "%r = tail call fastcc noundef i32 %p(ptr noalias %q, i32 7) #0 [ \"kcfi\"(i32 -16) ], !range !0";
        assert!(text.contains(wanted), "{text}");
        assert!(module.add_bundle(at(0), "kcfi", 1).is_err());
        assert!(module.add_bundle(at(2), "kcfi", 1).is_err());
    }

    #[test]
    fn the_order_of_uses_stays() {
        let mut module = module(
            "define void @f(ptr %p, ptr %q) {\n call void %p(ptr %q)\n store ptr %q, ptr %q\n call void %p(ptr null)\n ret void\n}",
        );
        let users = |module: &Module| -> Vec<String> {
            let function = module.function("f").unwrap().unwrap();
            let q = function.arguments().unwrap()[1];
            let of = |user: crate::Value<'_>| user.to_text().unwrap();
            q.users().unwrap().into_iter().map(of).collect()
        };
        let before = users(&module);
        let at = CallPlace {
            function: "f".into(),
            instruction: 0,
        };
        module.add_bundle(at, "kcfi", 1).unwrap();
        let after: Vec<_> = users(&module)
            .into_iter()
            .map(|text| text.replace(" [ \"kcfi\"(i32 1) ]", ""))
            .collect();
        assert_eq!(before, after);
    }
}
