//! What each instruction does, as a value that holds all that belongs to it.
//!
//! `read.rs` makes them from instructions.

use crate::bits::Bits;
use crate::call::Call;
use crate::opcode::{
    AddressAssumed, Assumed, BinaryOperation, CastOperation, FastMath, FloatPredicate,
    IntegerPredicate, Opcode, Ordering, Scope, UpdateOperation,
};
use crate::{Block, Type, Value};

/// What an instruction does. Its result, where it has one, is of the instruction's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation<'m> {
    /// `ret`
    Return(Option<Value<'m>>),
    /// `br` to one block
    Branch(Block<'m>),
    /// `br` to one of two
    ConditionalBranch {
        /// An `i1`.
        condition: Value<'m>,
        /// Where to go if it is 1.
        then: Block<'m>,
        /// Where to go if it is 0.
        otherwise: Block<'m>,
    },
    /// `switch`
    Switch {
        /// The number that decides.
        value: Value<'m>,
        /// Where to go if it is none of the cases.
        default: Block<'m>,
        /// Numbers, and where to go for them.
        cases: Vec<(Bits, Block<'m>)>,
    },
    /// `indirectbr`
    IndirectBranch {
        /// The address of a block.
        address: Value<'m>,
        /// The blocks of which it can be the address.
        targets: Vec<Block<'m>>,
    },
    /// `unreachable`
    Unreachable,
    /// `call`, `invoke`, `callbr`
    Call(Call<'m>),
    /// An operation on two values.
    Binary {
        /// Which.
        operation: BinaryOperation,
        /// The first operand.
        left: Value<'m>,
        /// The second operand.
        right: Value<'m>,
        /// What may be assumed of integers.
        assumed: Assumed,
        /// What may be assumed of floating point numbers.
        fast_math: FastMath,
    },
    /// `fneg`
    FloatNegate {
        /// What is negated.
        value: Value<'m>,
        /// What may be assumed of it.
        fast_math: FastMath,
    },
    /// A conversion.
    Cast {
        /// Which.
        operation: CastOperation,
        /// What is converted to the instruction's type.
        value: Value<'m>,
        /// What may be assumed of integers.
        assumed: Assumed,
        /// What may be assumed of floating point numbers.
        fast_math: FastMath,
    },
    /// `icmp`
    IntegerCompare {
        /// How.
        predicate: IntegerPredicate,
        /// `samesign`: both have the same sign, else the result is poison.
        same_sign: bool,
        /// The first operand.
        left: Value<'m>,
        /// The second operand.
        right: Value<'m>,
    },
    /// `fcmp`
    FloatCompare {
        /// How.
        predicate: FloatPredicate,
        /// The first operand.
        left: Value<'m>,
        /// The second operand.
        right: Value<'m>,
        /// What may be assumed of them.
        fast_math: FastMath,
    },
    /// `alloca`; LLVM's C API doesn't show `inalloca` and `swifterror`, which Rust has no way to ask for.
    Alloca {
        /// The type of each element.
        ty: Type<'m>,
        /// How many elements.
        count: Value<'m>,
        /// In bytes.
        alignment: u32,
    },
    /// `load`
    Load {
        /// From where.
        address: Value<'m>,
        /// How.
        access: Access,
    },
    /// `store`
    Store {
        /// What.
        value: Value<'m>,
        /// To where.
        address: Value<'m>,
        /// How.
        access: Access,
    },
    /// `getelementptr`
    GetElementPtr {
        /// The type by which the indices count.
        source: Type<'m>,
        /// The address to count from.
        base: Value<'m>,
        /// The numbers of elements, from the outside to the inside.
        indices: Vec<Value<'m>>,
        /// What may be assumed of the result.
        assumed: AddressAssumed,
    },
    /// `fence`
    Fence(Ordering, Scope),
    /// `cmpxchg`
    CompareExchange {
        /// Where.
        address: Value<'m>,
        /// What has to be there.
        expected: Value<'m>,
        /// What to store then.
        new: Value<'m>,
        /// How; the ordering is that of success.
        access: Access,
        /// The ordering if something else is there.
        failure: Ordering,
        /// Whether it may fail without a reason.
        is_weak: bool,
    },
    /// `atomicrmw`
    AtomicUpdate {
        /// What is done.
        operation: UpdateOperation,
        /// Where.
        address: Value<'m>,
        /// With what.
        value: Value<'m>,
        /// How.
        access: Access,
    },
    /// `phi`
    Phi {
        /// The value for each block that control comes from.
        incoming: Vec<(Value<'m>, Block<'m>)>,
        /// What may be assumed of it, if it is a floating point number.
        fast_math: FastMath,
    },
    /// `select`
    Select {
        /// An `i1`, or a vector of them.
        condition: Value<'m>,
        /// The result for 1.
        then: Value<'m>,
        /// The result for 0.
        otherwise: Value<'m>,
        /// What may be assumed of it, if it is a floating point number.
        fast_math: FastMath,
    },
    /// `freeze`
    Freeze(Value<'m>),
    /// `va_arg`: the next argument of the list at this address.
    VaArg(Value<'m>),
    /// `extractvalue`
    ExtractValue {
        /// The aggregate.
        aggregate: Value<'m>,
        /// The numbers of elements, from the outside to the inside.
        indices: Vec<u32>,
    },
    /// `insertvalue`
    InsertValue {
        /// The aggregate.
        aggregate: Value<'m>,
        /// What to put into a copy of it.
        value: Value<'m>,
        /// The numbers of elements, from the outside to the inside.
        indices: Vec<u32>,
    },
    /// `extractelement`
    ExtractElement {
        /// The vector.
        vector: Value<'m>,
        /// The element's number.
        index: Value<'m>,
    },
    /// `insertelement`
    InsertElement {
        /// The vector.
        vector: Value<'m>,
        /// What to put into a copy of it.
        value: Value<'m>,
        /// The element's number.
        index: Value<'m>,
    },
    /// `shufflevector`
    ShuffleVector {
        /// The first vector.
        left: Value<'m>,
        /// The second vector.
        right: Value<'m>,
        /// For each element of the result its number in both vectors in a row; nothing where it is poison.
        mask: Vec<Option<u32>>,
    },
    /// `landingpad`
    LandingPad {
        /// Whether it is entered even if no clause fits.
        is_cleanup: bool,
        /// What it catches (no array) or filters (an array).
        clauses: Vec<Value<'m>>,
    },
    /// `resume`
    Resume(Value<'m>),
    /// An instruction of exception handling as Windows has it, see [`crate::Instruction::operands`].
    Funclet(Opcode),
}

/// How memory is accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access {
    /// The alignment that the address is known to have, in bytes.
    pub alignment: u32,
    /// Whether the access has to be made as it is written.
    pub is_volatile: bool,
    /// How it is ordered among others.
    pub ordering: Ordering,
    /// Among whom.
    pub scope: Scope,
}

mod read;
#[cfg(test)]
mod tests;
