//! Functions in tables of addresses (vtables), and whether a call of the module can reach them through one.

use std::collections::BTreeSet;

use gateless_model::Result;

use crate::Function;
use crate::forward::CALL;
use crate::table::{RawType, RawValue};
use crate::values::{GET_ELEMENT_PTR, INTEGER, LOAD, STRUCT};
use crate::{Module, TargetMachine};

/// LLVMOpcode (llvm-c/Core.h).
const INVOKE: i32 = 5;

impl Module {
    /// Whether a call in this module may reach `function` through a table: an indirect call of a function of its type, by an address that was
    /// loaded from a place where a table has it, or by one of which that is not known.
    ///
    /// True as well if anything else than tables refers to it.
    pub fn may_be_dispatched(
        &self,
        function: &Function<'_>,
        machine: &TargetMachine,
    ) -> Result<bool> {
        let Some(offsets) = self.offsets_in_tables(function, machine)? else {
            return Ok(true);
        };
        let table = self.table();
        let ty = table.LLVMGlobalGetValueType()?;
        // SAFETY: a function of this live module.
        let ty = unsafe { ty(function.raw) };
        for caller in self.functions()? {
            for instruction in caller.instructions()? {
                if self.is_indirect_call_of(instruction.raw, ty)?
                    && self
                        .offset_of_callee(instruction.raw)?
                        .is_none_or(|offset| offsets.contains(&offset))
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Where in tables, which are constant structures, the function stands, in bytes; nothing if something else refers to it as well.
    fn offsets_in_tables(
        &self,
        function: &Function<'_>,
        machine: &TargetMachine,
    ) -> Result<Option<BTreeSet<u64>>> {
        let table = self.table();
        let (first, next, user) = (
            table.LLVMGetFirstUse()?,
            table.LLVMGetNextUse()?,
            table.LLVMGetUser()?,
        );
        let (is_constant, kind) = (table.LLVMIsConstant()?, table.LLVMGetTypeKind()?);
        let (ty, count, operand) = (
            table.LLVMTypeOf()?,
            table.LLVMGetNumOperands()?,
            table.LLVMGetOperand()?,
        );
        let (layout, dispose, offset) = (
            table.LLVMCreateTargetDataLayout()?,
            table.LLVMDisposeTargetData()?,
            table.LLVMOffsetOfElement()?,
        );
        let mut offsets = BTreeSet::new();
        // SAFETY: a function of this live module, whose uses do not change meanwhile; a structure has as many elements as operands; the layout is
        // disposed of once, after it was used.
        unsafe {
            let layout = layout(machine.raw);
            let mut used = first(function.raw);
            let mut only_tables = true;
            while !used.is_null() {
                let user = user(used);
                let of = ty(user);
                only_tables &= is_constant(user) != 0
                    && kind(of) == STRUCT
                    && self.has_only_variables(user)?;
                if only_tables {
                    let elements = (0..count(user) as u32)
                        .filter(|element| operand(user, *element) == function.raw);
                    offsets.extend(elements.map(|element| offset(layout, of, element)));
                }
                used = next(used);
            }
            dispose(layout);
            Ok(only_tables.then_some(offsets))
        }
    }

    /// Whether a constant is the value of variables, and no part of another constant.
    fn has_only_variables(&self, constant: *mut RawValue) -> Result<bool> {
        let table = self.table();
        let (first, next, user) = (
            table.LLVMGetFirstUse()?,
            table.LLVMGetNextUse()?,
            table.LLVMGetUser()?,
        );
        let is_variable = table.LLVMIsAGlobalVariable()?;
        // SAFETY: a constant of this live module, whose uses do not change meanwhile.
        unsafe {
            let mut used = first(constant);
            while !used.is_null() {
                if is_variable(user(used)).is_null() {
                    return Ok(false);
                }
                used = next(used);
            }
        }
        Ok(true)
    }

    /// Whether an instruction calls a function of this type by an address that is not a function's name.
    fn is_indirect_call_of(&self, instruction: *mut RawValue, ty: *mut RawType) -> Result<bool> {
        let table = self.table();
        let (opcode, called, of) = (
            table.LLVMGetInstructionOpcode()?,
            table.LLVMGetCalledValue()?,
            table.LLVMGetCalledFunctionType()?,
        );
        let is_function = table.LLVMIsAFunction()?;
        // SAFETY: an instruction of this live module.
        Ok(unsafe {
            matches!(opcode(instruction), CALL | INVOKE)
                && is_function(called(instruction)).is_null()
                && of(instruction) == ty
        })
    }

    /// How many bytes behind an address that a call calls is loaded from, if the distance is a constant.
    fn offset_of_callee(&self, call: *mut RawValue) -> Result<Option<u64>> {
        let table = self.table();
        let (called, is_instruction, opcode) = (
            table.LLVMGetCalledValue()?,
            table.LLVMIsAInstruction()?,
            table.LLVMGetInstructionOpcode()?,
        );
        let (count, operand) = (table.LLVMGetNumOperands()?, table.LLVMGetOperand()?);
        let (source, kind, width) = (
            table.LLVMGetGEPSourceElementType()?,
            table.LLVMGetTypeKind()?,
            table.LLVMGetIntTypeWidth()?,
        );
        let (is_number, number) = (
            table.LLVMIsAConstantInt()?,
            table.LLVMConstIntGetZExtValue()?,
        );
        // SAFETY: a call of this live module; loads and address computations have the operands that LangRef gives them.
        unsafe {
            let callee = called(call);
            if is_instruction(callee).is_null() || opcode(callee) != LOAD {
                return Ok(None);
            }
            let place = operand(callee, 0);
            if is_instruction(place).is_null() || opcode(place) != GET_ELEMENT_PTR {
                return Ok(None);
            }
            let element = source(place);
            let is_bytes = kind(element) == INTEGER && width(element) == 8;
            if !is_bytes || count(place) != 2 || is_number(operand(place, 1)).is_null() {
                return Ok(None);
            }
            Ok(Some(number(operand(place, 1))))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{CodeModel, Context, Llvm, MachineOptions, Module, OptLevel, Reloc, TargetMachine};

    const LAYOUT: &str = "target datalayout = \"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128\"\n";
    /// A table with `get` at byte 24.
    const TABLE: &str = "@table = private constant <{ [24 x i8], ptr, ptr }> <{ [24 x i8] zeroinitializer, ptr @get, ptr @other }>\n\
        define ptr @get(ptr %x) { ret ptr @method }\ndefine ptr @other(ptr %x) { ret ptr %x }\ndefine void @method(ptr %x) { ret void }\n\
        define ptr @use() { ret ptr @table }\n";

    fn module(more: &str) -> (Module, TargetMachine) {
        let llvm = Llvm::load(&crate::find::of_this_toolchain()).unwrap();
        let options = MachineOptions {
            triple: "x86_64-unknown-linux-gnu".into(),
            cpu: "generic".into(),
            features: String::new(),
            abi: String::new(),
            reloc: Reloc::Static,
            code_model: CodeModel::Default,
            opt: OptLevel::Default,
        };
        let machine = TargetMachine::new(llvm, &options).unwrap();
        let text = format!("{LAYOUT}{TABLE}{more}");
        let module = Module::from_text(&Context::new(llvm).unwrap(), &text).unwrap();
        (module, machine)
    }

    fn may_be_dispatched(more: &str) -> bool {
        let (module, machine) = module(more);
        let get = module.function("get").unwrap().unwrap();
        module.may_be_dispatched(&get, &machine).unwrap()
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
