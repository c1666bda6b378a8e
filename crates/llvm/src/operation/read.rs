//! An instruction read as an [`Operation`]: by its opcode, so that each accessor of LLVM's is called only for the instructions that have what it reads.

use gateless_model::{Failure, Result};

use super::{Access, Operation};
use crate::bits::Bits;
use crate::call::Call;
use crate::opcode::{
    AddressAssumed, Assumed, BinaryOperation, CastOperation, FloatPredicate, IntegerPredicate,
    Opcode, Ordering, Scope, UpdateOperation,
};
use crate::{Block, Instruction, Type, Value, text};

impl<'m> Operation<'m> {
    pub(crate) fn of(instruction: Instruction<'m>) -> Result<Self> {
        let opcode = instruction.opcode()?;
        if let Some(callee) = instruction.called()? {
            return Call::of(instruction, callee).map(Self::Call);
        }
        if let Ok(operation) = BinaryOperation::from_raw(opcode as i32) {
            let [left, right] = operands(instruction)?;
            return Ok(Self::Binary {
                operation,
                left,
                right,
                assumed: assumed(instruction, opcode)?,
                fast_math: instruction.fast_math()?,
            });
        }
        if let Ok(operation) = CastOperation::from_raw(opcode as i32) {
            let [value] = operands(instruction)?;
            return Ok(Self::Cast {
                operation,
                value,
                assumed: assumed(instruction, opcode)?,
                fast_math: instruction.fast_math()?,
            });
        }
        match opcode {
            Opcode::Return
            | Opcode::Branch
            | Opcode::Switch
            | Opcode::IndirectBranch
            | Opcode::Unreachable
            | Opcode::Resume => Self::of_terminator(instruction, opcode),
            Opcode::Alloca
            | Opcode::Load
            | Opcode::Store
            | Opcode::GetElementPtr
            | Opcode::Fence
            | Opcode::CompareExchange
            | Opcode::AtomicUpdate => Self::of_memory(instruction, opcode),
            Opcode::CleanupReturn
            | Opcode::CatchReturn
            | Opcode::CatchPad
            | Opcode::CleanupPad
            | Opcode::CatchSwitch => Ok(Self::Funclet(opcode)),
            _ => Self::of_value(instruction, opcode),
        }
    }

    fn of_terminator(instruction: Instruction<'m>, opcode: Opcode) -> Result<Self> {
        let successors = instruction.successors()?;
        Ok(match opcode {
            Opcode::Return => Self::Return(instruction.operands()?.first().copied()),
            Opcode::Branch => match successors[..] {
                [to] => Self::Branch(to),
                [then, otherwise] => Self::ConditionalBranch {
                    condition: instruction.operands()?[0],
                    then,
                    otherwise,
                },
                _ => return Err(odd(instruction)),
            },
            Opcode::Switch => {
                let Some((default, others)) = successors.split_first() else {
                    return Err(odd(instruction));
                };
                let cases = others.iter().enumerate();
                Self::Switch {
                    value: instruction.operands()?[0],
                    default: *default,
                    cases: cases
                        .map(|(at, block)| Ok((case(instruction, at as u32 + 1)?, *block)))
                        .collect::<Result<_>>()?,
                }
            }
            Opcode::IndirectBranch => Self::IndirectBranch {
                address: instruction.operands()?[0],
                targets: successors,
            },
            Opcode::Resume => {
                let [value] = operands(instruction)?;
                Self::Resume(value)
            }
            _ => Self::Unreachable,
        })
    }

    fn of_memory(instruction: Instruction<'m>, opcode: Opcode) -> Result<Self> {
        let (table, raw) = (instruction.table(), instruction.raw);
        Ok(match opcode {
            Opcode::Alloca => {
                let [count] = operands(instruction)?;
                // SAFETY: an alloca.
                let ty = unsafe { (table.LLVMGetAllocatedType()?)(raw) };
                Self::Alloca {
                    ty: Type::at(instruction.module(), ty),
                    count,
                    alignment: alignment(instruction)?,
                }
            }
            Opcode::Load => {
                let [address] = operands(instruction)?;
                let access = access(instruction, ordering(instruction)?)?;
                Self::Load { address, access }
            }
            Opcode::Store => {
                let [value, address] = operands(instruction)?;
                Self::Store {
                    value,
                    address,
                    access: access(instruction, ordering(instruction)?)?,
                }
            }
            Opcode::GetElementPtr => {
                let operands = instruction.operands()?;
                let Some((base, indices)) = operands.split_first() else {
                    return Err(odd(instruction));
                };
                // SAFETY: a getelementptr.
                let source = unsafe { (table.LLVMGetGEPSourceElementType()?)(raw) };
                // SAFETY: as above.
                let assumed = unsafe { (table.LLVMGEPGetNoWrapFlags()?)(raw) };
                Self::GetElementPtr {
                    source: Type::at(instruction.module(), source),
                    base: *base,
                    indices: indices.to_vec(),
                    assumed: AddressAssumed::from_raw(assumed),
                }
            }
            Opcode::Fence => Self::Fence(ordering(instruction)?, scope(instruction)?),
            Opcode::CompareExchange => {
                let [address, expected, new] = operands(instruction)?;
                let (success, failure, is_weak) = (
                    table.LLVMGetCmpXchgSuccessOrdering()?,
                    table.LLVMGetCmpXchgFailureOrdering()?,
                    table.LLVMGetWeak()?,
                );
                // SAFETY: a cmpxchg.
                let (success, failure, is_weak) =
                    unsafe { (success(raw), failure(raw), is_weak(raw)) };
                Self::CompareExchange {
                    address,
                    expected,
                    new,
                    access: access(instruction, Ordering::from_raw(success)?)?,
                    failure: Ordering::from_raw(failure)?,
                    is_weak: is_weak != 0,
                }
            }
            _ => {
                let [address, value] = operands(instruction)?;
                // SAFETY: an atomicrmw, the only one that is left of the opcodes that lead here.
                let operation = unsafe { (table.LLVMGetAtomicRMWBinOp()?)(raw) };
                Self::AtomicUpdate {
                    operation: UpdateOperation::from_raw(operation)?,
                    address,
                    value,
                    access: access(instruction, ordering(instruction)?)?,
                }
            }
        })
    }

    fn of_value(instruction: Instruction<'m>, opcode: Opcode) -> Result<Self> {
        let (table, raw) = (instruction.table(), instruction.raw);
        Ok(match opcode {
            Opcode::FloatNegate => {
                let [value] = operands(instruction)?;
                let fast_math = instruction.fast_math()?;
                Self::FloatNegate { value, fast_math }
            }
            Opcode::IntegerCompare => {
                let [left, right] = operands(instruction)?;
                // SAFETY: an icmp.
                let predicate = unsafe { (table.LLVMGetICmpPredicate()?)(raw) };
                let same_sign = match instruction.module().llvm().version().0 {
                    // There is no such thing yet.
                    ..20 => false,
                    // SAFETY: an icmp.
                    _ => unsafe { (table.LLVMGetICmpSameSign()?)(raw) != 0 },
                };
                Self::IntegerCompare {
                    predicate: IntegerPredicate::from_raw(predicate)?,
                    same_sign,
                    left,
                    right,
                }
            }
            Opcode::FloatCompare => {
                let [left, right] = operands(instruction)?;
                // SAFETY: an fcmp.
                let predicate = unsafe { (table.LLVMGetFCmpPredicate()?)(raw) };
                Self::FloatCompare {
                    predicate: FloatPredicate::from_raw(predicate)?,
                    left,
                    right,
                    fast_math: instruction.fast_math()?,
                }
            }
            Opcode::Phi => Self::Phi {
                incoming: incoming(instruction)?,
                fast_math: instruction.fast_math()?,
            },
            Opcode::Select => {
                let [condition, then, otherwise] = operands(instruction)?;
                Self::Select {
                    condition,
                    then,
                    otherwise,
                    fast_math: instruction.fast_math()?,
                }
            }
            Opcode::Freeze => {
                let [value] = operands(instruction)?;
                Self::Freeze(value)
            }
            Opcode::VaArg => {
                let [list] = operands(instruction)?;
                Self::VaArg(list)
            }
            Opcode::ExtractValue => {
                let [aggregate] = operands(instruction)?;
                let indices = indices(instruction)?;
                Self::ExtractValue { aggregate, indices }
            }
            Opcode::InsertValue => {
                let [aggregate, value] = operands(instruction)?;
                Self::InsertValue {
                    aggregate,
                    value,
                    indices: indices(instruction)?,
                }
            }
            Opcode::ExtractElement => {
                let [vector, index] = operands(instruction)?;
                Self::ExtractElement { vector, index }
            }
            Opcode::InsertElement => {
                let [vector, value, index] = operands(instruction)?;
                Self::InsertElement {
                    vector,
                    value,
                    index,
                }
            }
            Opcode::ShuffleVector => {
                let [left, right] = operands(instruction)?;
                let mask = mask(instruction)?;
                Self::ShuffleVector { left, right, mask }
            }
            Opcode::LandingPad => {
                let (count, get) = (table.LLVMGetNumClauses()?, table.LLVMGetClause()?);
                // SAFETY: a landing pad; numbers are below the count.
                let (is_cleanup, clauses) = unsafe {
                    let clauses = (0..count(raw)).map(|at| get(raw, at));
                    ((table.LLVMIsCleanup()?)(raw), clauses)
                };
                Self::LandingPad {
                    is_cleanup: is_cleanup != 0,
                    clauses: clauses
                        .map(|raw| Value::at(instruction.module(), raw))
                        .collect(),
                }
            }
            _ => return Err(odd(instruction)),
        })
    }
}

/// The operands of an instruction that has this many.
fn operands<'m, const COUNT: usize>(instruction: Instruction<'m>) -> Result<[Value<'m>; COUNT]> {
    let operands = instruction.operands()?;
    operands.try_into().map_err(|_| odd(instruction))
}

fn odd(instruction: Instruction<'_>) -> Failure {
    Failure::failed(format!(
        "an instruction that is not as LLVM's reference has it: {instruction:?}"
    ))
}

/// The number of a `switch` for which it goes to the successor of this number, 0 being the default.
fn case(switch: Instruction<'_>, successor: u32) -> Result<Bits> {
    let table = switch.table();
    // SAFETY: a switch, and the number of one of its successors that is not the default. LLVM 22 is the first to have a function for it, which takes
    // the successor's number and not that of the case; before, numbers and successors are operands in turn, the value and the default first.
    let raw = unsafe {
        match switch.module().llvm().version().0 {
            ..22 => (table.LLVMGetOperand()?)(switch.raw, 2 * successor),
            _ => (table.LLVMGetSwitchCaseValue()?)(switch.raw, successor),
        }
    };
    let constant = Value::at(switch.module(), raw).as_constant()?;
    let number = constant
        .map(|constant| constant.as_integer())
        .transpose()?
        .flatten();
    number.ok_or_else(|| odd(switch))
}

fn assumed(instruction: Instruction<'_>, opcode: Opcode) -> Result<Assumed> {
    let (table, raw) = (instruction.table(), instruction.raw);
    let mut assumed = Assumed::default();
    match opcode {
        Opcode::Add
        | Opcode::Subtract
        | Opcode::Multiply
        | Opcode::ShiftLeft
        | Opcode::Truncate => {
            let (unsigned, signed) = (table.LLVMGetNUW()?, table.LLVMGetNSW()?);
            // SAFETY: an instruction that can have both flags.
            let (unsigned, signed) = unsafe { (unsigned(raw), signed(raw)) };
            assumed.no_unsigned_wrap = unsigned != 0;
            assumed.no_signed_wrap = signed != 0;
        }
        Opcode::UnsignedDivide
        | Opcode::SignedDivide
        | Opcode::LogicalShiftRight
        | Opcode::ArithmeticShiftRight => {
            // SAFETY: an instruction that can have the flag.
            assumed.exact = unsafe { (table.LLVMGetExact()?)(raw) } != 0;
        }
        Opcode::Or => {
            // SAFETY: an instruction that can have the flag.
            assumed.disjoint = unsafe { (table.LLVMGetIsDisjoint()?)(raw) } != 0;
        }
        Opcode::ZeroExtend | Opcode::UnsignedToFloat => {
            // SAFETY: an instruction that can have the flag.
            assumed.non_negative = unsafe { (table.LLVMGetNNeg()?)(raw) } != 0;
        }
        _ => {}
    }
    Ok(assumed)
}

/// Of an instruction that accesses memory, or of an `alloca`.
fn alignment(instruction: Instruction<'_>) -> Result<u32> {
    // SAFETY: an instruction that has an alignment.
    Ok(unsafe { (instruction.table().LLVMGetAlignment()?)(instruction.raw) })
}

/// Of a load, store, fence or atomicrmw.
fn ordering(instruction: Instruction<'_>) -> Result<Ordering> {
    // SAFETY: an instruction that has one ordering.
    Ordering::from_raw(unsafe { (instruction.table().LLVMGetOrdering()?)(instruction.raw) })
}

fn scope(instruction: Instruction<'_>) -> Result<Scope> {
    if instruction.module().llvm().version().0 < 22 {
        return match text::scope(*instruction)?.as_deref() {
            None => Ok(Scope::System),
            Some("singlethread") => Ok(Scope::SingleThread),
            Some(other) => Err(Failure::failed(format!(
                "an atomic access in the scope {other:?}: LLVM before 22 does not say its number"
            ))),
        };
    }
    let (is_atomic, get) = (
        instruction.table().LLVMIsAtomic()?,
        instruction.table().LLVMGetAtomicSyncScopeID()?,
    );
    // SAFETY: an instruction, which is asked for its scope only if it is atomic.
    let scope = unsafe {
        match is_atomic(instruction.raw) {
            0 => return Ok(Scope::System),
            _ => get(instruction.raw),
        }
    };
    Ok(match scope {
        0 => Scope::SingleThread,
        1 => Scope::System,
        other => Scope::Target(other),
    })
}

/// Of a load, store, cmpxchg or atomicrmw.
fn access(instruction: Instruction<'_>, ordering: Ordering) -> Result<Access> {
    // SAFETY: an instruction that can be volatile.
    let is_volatile = unsafe { (instruction.table().LLVMGetVolatile()?)(instruction.raw) };
    Ok(Access {
        alignment: alignment(instruction)?,
        is_volatile: is_volatile != 0,
        ordering,
        scope: scope(instruction)?,
    })
}

fn incoming<'m>(phi: Instruction<'m>) -> Result<Vec<(Value<'m>, Block<'m>)>> {
    let table = phi.table();
    let (count, value, block) = (
        table.LLVMCountIncoming()?,
        table.LLVMGetIncomingValue()?,
        table.LLVMGetIncomingBlock()?,
    );
    // SAFETY: a phi; numbers are below the count.
    let pairs = unsafe { (0..count(phi.raw)).map(|at| (value(phi.raw, at), block(phi.raw, at))) };
    let module = phi.module();
    Ok(pairs
        .map(|(value, block)| (Value::at(module, value), Block::at(module, block)))
        .collect())
}

/// Of an extractvalue or insertvalue.
fn indices(instruction: Instruction<'_>) -> Result<Vec<u32>> {
    let table = instruction.table();
    let (count, get) = (table.LLVMGetNumIndices()?, table.LLVMGetIndices()?);
    // SAFETY: an instruction that has indices, at least one, with their count.
    Ok(unsafe {
        std::slice::from_raw_parts(get(instruction.raw), count(instruction.raw) as usize).to_vec()
    })
}

fn mask(shuffle: Instruction<'_>) -> Result<Vec<Option<u32>>> {
    let table = shuffle.table();
    let (count, get) = (table.LLVMGetNumMaskElements()?, table.LLVMGetMaskValue()?);
    // SAFETY: a shufflevector; numbers are below the count.
    let elements = unsafe { (0..count(shuffle.raw)).map(|at| get(shuffle.raw, at)) };
    // A negative one stands for poison.
    Ok(elements
        .map(|element| u32::try_from(element).ok())
        .collect())
}
