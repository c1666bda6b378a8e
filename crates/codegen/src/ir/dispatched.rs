//! Functions in tables of addresses (vtables), and whether a call of the module can reach them through one.

use std::collections::BTreeSet;

use gateless_llvm::{Constant, Function, Instruction, Module, Opcode, Operation, Type, TypeKind};
use gateless_model::Result;

use super::values::number;

/// Whether a call in a function's module may reach it through a table: an indirect call of a function of its type, by an address that was
/// loaded from a place where a table has it, or by one of which that is not known.
///
/// True as well if anything else than tables refers to it.
pub(super) fn may_be_dispatched(module: &Module, function: Function<'_>) -> Result<bool> {
    let Some(offsets) = offsets_in_tables(module, function)? else {
        return Ok(true);
    };
    let ty = function.value_type()?;
    for caller in module.functions()? {
        for instruction in caller.instructions()? {
            if is_indirect_call_of(instruction, ty)?
                && offset_of_callee(instruction)?.is_none_or(|offset| offsets.contains(&offset))
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Where in tables, which are constant structures, the function stands, in bytes; nothing if something else refers to it as well.
fn offsets_in_tables(module: &Module, function: Function<'_>) -> Result<Option<BTreeSet<u64>>> {
    let layout = module.layout()?;
    let mut offsets = BTreeSet::new();
    for user in function.users()? {
        let Some(table) = user.as_constant()? else {
            return Ok(None);
        };
        let ty = table.ty()?;
        if !matches!(ty.kind()?, TypeKind::Struct(_)) || !has_only_variables(table)? {
            return Ok(None);
        }
        for (element, at) in table.operands()?.into_iter().zip(0..) {
            if *element == function.into() {
                offsets.insert(layout.offset(ty, at)?);
            }
        }
    }
    Ok(Some(offsets))
}

/// Whether a constant is the value of variables, and no part of another constant.
fn has_only_variables(constant: Constant<'_>) -> Result<bool> {
    for user in constant.users()? {
        if user.as_global()?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an instruction calls a function of this type by an address that is not a function's name.
fn is_indirect_call_of(instruction: Instruction<'_>, ty: Type<'_>) -> Result<bool> {
    if !matches!(instruction.opcode()?, Opcode::Call | Opcode::Invoke) {
        return Ok(false);
    }
    let Some(called) = instruction.called()? else {
        return Ok(false);
    };
    Ok(called.as_function()?.is_none() && instruction.called_type()? == Some(ty))
}

/// How many bytes behind an address that a call calls is loaded from, if the distance is a constant.
fn offset_of_callee(call: Instruction<'_>) -> Result<Option<u64>> {
    let callee = match call.called()? {
        Some(called) => called.as_instruction()?,
        None => None,
    };
    let Some(Operation::Load { address, .. }) = callee.map(Instruction::operation).transpose()?
    else {
        return Ok(None);
    };
    let place = address.as_instruction()?;
    let Some(Operation::GetElementPtr {
        source, indices, ..
    }) = place.map(Instruction::operation).transpose()?
    else {
        return Ok(None);
    };
    match indices[..] {
        [distance] if source.kind()? == TypeKind::Integer(8) => number(distance),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    /// A table with `get` at byte 24.
    const TABLE: &str = "@table = private constant <{ [24 x i8], ptr, ptr }> <{ [24 x i8] zeroinitializer, ptr @get, ptr @other }>\n\
        define ptr @get(ptr %x) { ret ptr @method }\ndefine ptr @other(ptr %x) { ret ptr %x }\ndefine void @method(ptr %x) { ret void }\n\
        define ptr @use() { ret ptr @table }\n";

    fn may_be_dispatched(more: &str) -> bool {
        let module = Fixture::x86(&format!("{TABLE}{more}")).module();
        let get = module.function("get").unwrap().unwrap();
        super::may_be_dispatched(&module, get).unwrap()
    }

    fn call(offset: u32, ty: &str) -> String {
        format!(
            "define void @caller(ptr %t) {{ %p = getelementptr inbounds i8, ptr %t, i64 {offset}\n %f = load ptr, ptr %p\n %r = call {ty} %f(ptr %t)\n ret void }}"
        )
    }

    #[test]
    fn a_call_through_the_tables_place_may_reach_it_and_no_other() {
        assert!(!may_be_dispatched(""));
        assert!(may_be_dispatched(&call(24, "ptr")));
        assert!(!may_be_dispatched(&call(32, "ptr")), "another entry");
        assert!(!may_be_dispatched(&call(24, "i32")), "another type");
    }

    #[test]
    fn what_is_not_known_may_reach_it() {
        let by_pointer = "define void @caller(ptr %f) { %r = call ptr %f(ptr %f)\n ret void }";
        assert!(may_be_dispatched(by_pointer));
        let by_number = "define void @caller(ptr %t, i64 %n) { %p = getelementptr inbounds i8, ptr %t, i64 %n\n %f = load ptr, ptr %p\n %r = call ptr %f(ptr %t)\n ret void }";
        assert!(may_be_dispatched(by_number));
        let elsewhere = "define ptr @taken() { ret ptr @get }";
        assert!(may_be_dispatched(elsewhere));
        let inside = "@larger = constant { i64, { ptr } } { i64 0, { ptr } { ptr @get } }";
        assert!(may_be_dispatched(inside));
        let invoked = call(24, "ptr")
            .replace(
                "call ptr %f(ptr %t)",
                "invoke ptr %f(ptr %t) to label %done unwind label %lost\ndone:",
            )
            .replace(
                "ret void }",
                "ret void\nlost:\n %l = landingpad { ptr, i32 } cleanup\n ret void }",
            )
            .replace("(ptr %t) {", "(ptr %t) personality ptr @other {");
        assert!(may_be_dispatched(&invoked));
    }
}
