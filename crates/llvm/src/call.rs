//! Calls: what is called, with what, and how.

use std::ffi::c_uint;

use gateless_model::Result;

use crate::memory::borrowed_text;
use crate::numbered::numbered;
use crate::opcode::{FastMath, Opcode};
use crate::table::RawBundle;
use crate::types::FunctionType;
use crate::{Block, Function, InlineAsm, Instruction, Module, Type, Value};

/// A call: `call`, `invoke` or `callbr`. Its attributes are those of the instruction, see [`Instruction::attributes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'m> {
    /// The instruction.
    pub instruction: Instruction<'m>,
    /// The address that is called: a function, assembly, or anything else that is a pointer.
    pub callee: Value<'m>,
    /// The type of the function that is called, which is not always that of the function at the address.
    pub signature: FunctionType<'m>,
    /// The arguments.
    pub arguments: Vec<Value<'m>>,
    /// What is said besides the arguments.
    pub bundles: Vec<Bundle<'m>>,
    /// LLVM's number of the calling convention (llvm/IR/CallingConv.h); 0 is C's.
    pub convention: u32,
    /// Whether it is, or has to be, the last thing that its function does.
    pub tail: TailCall,
    /// What may be assumed of it, if it computes a floating point number.
    pub fast_math: FastMath,
    /// Where it goes on.
    pub after: After<'m>,
}

/// Values that a call is given under a name, as `"kcfi"(i32 1)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle<'m> {
    /// The name.
    pub tag: String,
    /// The values.
    pub values: Vec<Value<'m>>,
}

numbered! {
    /// Whether a call may give its stack to what it calls (llvm-c/Core.h, LLVMTailCallKind).
    TailCall("a kind of tail call") {
        /// Nothing is said.
        None = 0,
        /// `tail`: it may.
        Allowed = 1,
        /// `musttail`: it has to.
        Required = 2,
        /// `notail`: it must not.
        Forbidden = 3,
    }
}

/// Where code goes on after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After<'m> {
    /// With the next instruction.
    Next,
    /// `invoke`
    Invoke {
        /// When it returns.
        normal: Block<'m>,
        /// When it unwinds.
        unwind: Block<'m>,
    },
    /// `callbr`
    Branch {
        /// When assembly runs to its end.
        default: Block<'m>,
        /// Where it may jump, in the order of its labels.
        others: Vec<Block<'m>>,
    },
}

impl<'m> Call<'m> {
    /// The call that an instruction is, which is known to be one.
    pub(crate) fn of(instruction: Instruction<'m>, callee: Value<'m>) -> Result<Self> {
        let (table, module, raw) = (instruction.table(), instruction.module(), instruction.raw);
        let (ty, count, argument) = (
            table.LLVMGetCalledFunctionType()?,
            table.LLVMGetNumArgOperands()?,
            table.LLVMGetOperand()?,
        );
        // SAFETY: a call, whose arguments come first among its operands.
        let (ty, arguments) = unsafe {
            let arguments = (0..count(raw)).map(|at| Value::at(module, argument(raw, at)));
            (Type::at(module, ty(raw)), arguments.collect())
        };
        // SAFETY: a call.
        let convention = unsafe { (table.LLVMGetInstructionCallConv()?)(raw) };
        let (tail, after) = after(instruction)?;
        Ok(Self {
            instruction,
            callee,
            signature: ty.as_function()?,
            arguments,
            bundles: bundles(instruction)?,
            convention,
            tail,
            fast_math: instruction.fast_math()?,
            after,
        })
    }

    /// The function that is called, if it is called by its name.
    pub fn function(&self) -> Result<Option<Function<'m>>> {
        self.callee.as_function()
    }

    /// The assembly that stands here, if some does.
    pub fn inline_asm(&self) -> Result<Option<InlineAsm<'m>>> {
        self.callee.as_inline_asm()
    }
}

/// The call that a value is, if it is one, and no `invoke` or `callbr`.
pub(crate) fn plain_call(value: Value<'_>) -> Result<Option<Instruction<'_>>> {
    Ok(match value.as_instruction()? {
        Some(instruction) if instruction.opcode()? == Opcode::Call => Some(instruction),
        _ => None,
    })
}

/// Where a call goes on; only a plain one can be a tail call.
fn after(call: Instruction<'_>) -> Result<(TailCall, After<'_>)> {
    let (table, module, raw) = (call.table(), call.module(), call.raw);
    let after = match call.opcode()? {
        Opcode::Invoke => {
            let (normal, unwind) = (table.LLVMGetNormalDest()?, table.LLVMGetUnwindDest()?);
            // SAFETY: an invoke.
            let (normal, unwind) = unsafe { (normal(raw), unwind(raw)) };
            After::Invoke {
                normal: Block::at(module, normal),
                unwind: Block::at(module, unwind),
            }
        }
        Opcode::CallBranch => {
            let (default, count, other) = (
                table.LLVMGetCallBrDefaultDest()?,
                table.LLVMGetCallBrNumIndirectDests()?,
                table.LLVMGetCallBrIndirectDest()?,
            );
            // SAFETY: a callbr; numbers are below the count.
            unsafe {
                After::Branch {
                    default: Block::at(module, default(raw)),
                    others: (0..count(raw))
                        .map(|at| Block::at(module, other(raw, at)))
                        .collect(),
                }
            }
        }
        _ => {
            // SAFETY: a plain call.
            let tail = unsafe { (table.LLVMGetTailCallKind()?)(raw) };
            return Ok((TailCall::from_raw(tail)?, After::Next));
        }
    };
    Ok((TailCall::None, after))
}

fn bundles(call: Instruction<'_>) -> Result<Vec<Bundle<'_>>> {
    let table = call.table();
    let (count, get, dispose) = (
        table.LLVMGetNumOperandBundles()?,
        table.LLVMGetOperandBundleAtIndex()?,
        table.LLVMDisposeOperandBundle()?,
    );
    let mut bundles = Vec::new();
    // SAFETY: a call; numbers are below the count, and each bundle is given back once, after it was read.
    unsafe {
        for at in 0..count(call.raw) {
            let raw = get(call.raw, at);
            let bundle = bundle(call.module(), raw);
            dispose(raw);
            bundles.push(bundle?);
        }
    }
    Ok(bundles)
}

/// What a bundle holds.
///
/// # Safety
///
/// It must be a live bundle of a call of the module.
unsafe fn bundle(module: &Module, raw: *mut RawBundle) -> Result<Bundle<'_>> {
    let table = module.table();
    let (tag, count, value) = (
        table.LLVMGetOperandBundleTag()?,
        table.LLVMGetNumOperandBundleArgs()?,
        table.LLVMGetOperandBundleArgAtIndex()?,
    );
    let mut length = 0;
    // SAFETY: a live bundle, as the caller promises; LLVM returns its name with its length, and numbers are below the count.
    unsafe {
        let tag = borrowed_text(tag(raw, &mut length), length);
        let values = (0..count(raw)).map(|at: c_uint| Value::at(module, value(raw, at)));
        Ok(Bundle {
            tag: tag.unwrap_or_default(),
            values: values.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;
    use crate::attribute::{Attribute, Place};
    use crate::testing::module;

    fn call<'m>(module: &'m Module, name: &str, at: usize) -> Call<'m> {
        let function = module.function(name).unwrap().unwrap();
        match function.instructions().unwrap()[at].operation().unwrap() {
            Operation::Call(call) => call,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_has_callee_signature_arguments_bundles_and_convention() {
        let module = module(
            "declare i32 @g(ptr, ...)\n\
             define i32 @f(ptr %p) {\n %r = tail call i32 (ptr, ...) @g(ptr nonnull %p, i32 7) nounwind [ \"kcfi\"(i32 5) ]\n %s = notail call fastcc i32 %p()\n ret i32 %r\n}",
        );
        let direct = call(&module, "f", 0);
        assert_eq!(direct.function().unwrap().unwrap().name().unwrap(), "g");
        assert!(direct.signature.is_variadic);
        assert_eq!(direct.arguments.len(), 2);
        assert_eq!((direct.convention, direct.tail), (0, TailCall::Allowed));
        assert_eq!(direct.after, After::Next);
        let [bundle] = &direct.bundles[..] else {
            panic!("{direct:?}")
        };
        let number = bundle.values[0].as_constant().unwrap().unwrap();
        assert_eq!(bundle.tag, "kcfi");
        assert_eq!(number.as_integer().unwrap().unwrap().as_u64(), Some(5));
        let attributes = |place| direct.instruction.attributes(place).unwrap();
        let flag = |name: &str| Attribute::Number(name.to_owned(), 0);
        assert_eq!(attributes(Place::Function), [flag("nounwind")]);
        assert_eq!(attributes(Place::Parameter(0)), [flag("nonnull")]);
        assert!(attributes(Place::Result).is_empty());
        let indirect = call(&module, "f", 1);
        assert_eq!(indirect.function().unwrap(), None);
        assert_eq!(
            (indirect.convention, indirect.tail),
            (8, TailCall::Forbidden)
        );
    }

    #[test]
    fn an_invoke_and_a_callbr_know_where_they_go_on() {
        let module = module(
            "declare void @g()\ndeclare i32 @p(...)\n\
             define void @f() personality ptr @p {\n invoke void @g() to label %ok unwind label %bad\nok:\n ret void\nbad:\n %l = landingpad { ptr, i32 } cleanup\n resume { ptr, i32 } %l\n}\n\
             define void @h() {\n callbr void asm sideeffect \"jmp ${0:l}\", \"!i,!i\"() to label %next [label %a, label %b]\nnext:\n ret void\na:\n ret void\nb:\n ret void\n}",
        );
        let name = |block: &Block<'_>| block.name().unwrap();
        match call(&module, "f", 0).after {
            After::Invoke { normal, unwind } => {
                assert_eq!((name(&normal), name(&unwind)), ("ok".into(), "bad".into()));
            }
            other => panic!("{other:?}"),
        }
        let jump = call(&module, "h", 0);
        assert!(jump.inline_asm().unwrap().is_some());
        match jump.after {
            After::Branch { default, others } => {
                assert_eq!(name(&default), "next");
                assert_eq!(others.iter().map(name).collect::<Vec<_>>(), ["a", "b"]);
            }
            other => panic!("{other:?}"),
        }
    }
}
