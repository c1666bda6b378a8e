//! The enumerations of instructions: opcodes, predicates, atomic orderings and flags.

use crate::numbered::{numbered, part_of};

numbered! {
    /// What an instruction or a constant expression does (llvm-c/Core.h, LLVMOpcode).
    Opcode("an instruction with opcode") {
        /// `ret`
        Return = 1,
        /// `br`
        Branch = 2,
        /// `switch`
        Switch = 3,
        /// `indirectbr`
        IndirectBranch = 4,
        /// `invoke`
        Invoke = 5,
        /// `unreachable`
        Unreachable = 7,
        /// `add`
        Add = 8,
        /// `fadd`
        FloatAdd = 9,
        /// `sub`
        Subtract = 10,
        /// `fsub`
        FloatSubtract = 11,
        /// `mul`
        Multiply = 12,
        /// `fmul`
        FloatMultiply = 13,
        /// `udiv`
        UnsignedDivide = 14,
        /// `sdiv`
        SignedDivide = 15,
        /// `fdiv`
        FloatDivide = 16,
        /// `urem`
        UnsignedRemainder = 17,
        /// `srem`
        SignedRemainder = 18,
        /// `frem`
        FloatRemainder = 19,
        /// `shl`
        ShiftLeft = 20,
        /// `lshr`
        LogicalShiftRight = 21,
        /// `ashr`
        ArithmeticShiftRight = 22,
        /// `and`
        And = 23,
        /// `or`
        Or = 24,
        /// `xor`
        Xor = 25,
        /// `alloca`
        Alloca = 26,
        /// `load`
        Load = 27,
        /// `store`
        Store = 28,
        /// `getelementptr`
        GetElementPtr = 29,
        /// `trunc`
        Truncate = 30,
        /// `zext`
        ZeroExtend = 31,
        /// `sext`
        SignExtend = 32,
        /// `fptoui`
        FloatToUnsigned = 33,
        /// `fptosi`
        FloatToSigned = 34,
        /// `uitofp`
        UnsignedToFloat = 35,
        /// `sitofp`
        SignedToFloat = 36,
        /// `fptrunc`
        FloatTruncate = 37,
        /// `fpext`
        FloatExtend = 38,
        /// `ptrtoint`
        PointerToInteger = 39,
        /// `inttoptr`
        IntegerToPointer = 40,
        /// `bitcast`
        BitCast = 41,
        /// `icmp`
        IntegerCompare = 42,
        /// `fcmp`
        FloatCompare = 43,
        /// `phi`
        Phi = 44,
        /// `call`
        Call = 45,
        /// `select`
        Select = 46,
        /// Not used by LLVM itself.
        UserOperation1 = 47,
        /// Not used by LLVM itself.
        UserOperation2 = 48,
        /// `va_arg`
        VaArg = 49,
        /// `extractelement`
        ExtractElement = 50,
        /// `insertelement`
        InsertElement = 51,
        /// `shufflevector`
        ShuffleVector = 52,
        /// `extractvalue`
        ExtractValue = 53,
        /// `insertvalue`
        InsertValue = 54,
        /// `fence`
        Fence = 55,
        /// `cmpxchg`
        CompareExchange = 56,
        /// `atomicrmw`
        AtomicUpdate = 57,
        /// `resume`
        Resume = 58,
        /// `landingpad`
        LandingPad = 59,
        /// `addrspacecast`
        AddressSpaceCast = 60,
        /// `cleanupret`
        CleanupReturn = 61,
        /// `catchret`
        CatchReturn = 62,
        /// `catchpad`
        CatchPad = 63,
        /// `cleanuppad`
        CleanupPad = 64,
        /// `catchswitch`
        CatchSwitch = 65,
        /// `fneg`
        FloatNegate = 66,
        /// `callbr`
        CallBranch = 67,
        /// `freeze`
        Freeze = 68,
        /// `ptrtoaddr`
        PointerToAddress = 69,
    }
}

part_of! {
    /// The operations on two numbers (or vectors of them).
    BinaryOperation("a binary operation with opcode") of Opcode {
        Add,
        FloatAdd,
        Subtract,
        FloatSubtract,
        Multiply,
        FloatMultiply,
        UnsignedDivide,
        SignedDivide,
        FloatDivide,
        UnsignedRemainder,
        SignedRemainder,
        FloatRemainder,
        ShiftLeft,
        LogicalShiftRight,
        ArithmeticShiftRight,
        And,
        Or,
        Xor,
    }
}

part_of! {
    /// The conversions of one value to another type.
    CastOperation("a conversion with opcode") of Opcode {
        Truncate,
        ZeroExtend,
        SignExtend,
        FloatToUnsigned,
        FloatToSigned,
        UnsignedToFloat,
        SignedToFloat,
        FloatTruncate,
        FloatExtend,
        PointerToInteger,
        IntegerToPointer,
        BitCast,
        AddressSpaceCast,
        PointerToAddress,
    }
}

numbered! {
    /// How `icmp` compares (llvm-c/Core.h, LLVMIntPredicate).
    IntegerPredicate("an icmp with predicate") {
        /// `eq`
        Equal = 32,
        /// `ne`
        NotEqual = 33,
        /// `ugt`
        UnsignedGreater = 34,
        /// `uge`
        UnsignedGreaterOrEqual = 35,
        /// `ult`
        UnsignedLess = 36,
        /// `ule`
        UnsignedLessOrEqual = 37,
        /// `sgt`
        SignedGreater = 38,
        /// `sge`
        SignedGreaterOrEqual = 39,
        /// `slt`
        SignedLess = 40,
        /// `sle`
        SignedLessOrEqual = 41,
    }
}

numbered! {
    /// How `fcmp` compares (llvm-c/Core.h, LLVMRealPredicate): ordered ones are false if an operand is not a number, unordered ones true.
    FloatPredicate("an fcmp with predicate") {
        /// `false`
        False = 0,
        /// `oeq`
        OrderedEqual = 1,
        /// `ogt`
        OrderedGreater = 2,
        /// `oge`
        OrderedGreaterOrEqual = 3,
        /// `olt`
        OrderedLess = 4,
        /// `ole`
        OrderedLessOrEqual = 5,
        /// `one`
        OrderedNotEqual = 6,
        /// `ord`
        Ordered = 7,
        /// `uno`
        Unordered = 8,
        /// `ueq`
        UnorderedEqual = 9,
        /// `ugt`
        UnorderedGreater = 10,
        /// `uge`
        UnorderedGreaterOrEqual = 11,
        /// `ult`
        UnorderedLess = 12,
        /// `ule`
        UnorderedLessOrEqual = 13,
        /// `une`
        UnorderedNotEqual = 14,
        /// `true`
        True = 15,
    }
}

numbered! {
    /// How an access to memory is ordered among others (llvm-c/Core.h, LLVMAtomicOrdering).
    Ordering("an atomic ordering") {
        /// Not atomic at all.
        NotAtomic = 0,
        /// `unordered`
        Unordered = 1,
        /// `monotonic`: C's and Rust's relaxed.
        Monotonic = 2,
        /// `acquire`
        Acquire = 4,
        /// `release`
        Release = 5,
        /// `acq_rel`
        AcquireRelease = 6,
        /// `seq_cst`
        SequentiallyConsistent = 7,
    }
}

numbered! {
    /// What `atomicrmw` makes of the old value and its operand (llvm-c/Core.h, LLVMAtomicRMWBinOp).
    UpdateOperation("an atomicrmw operation") {
        /// `xchg`
        Exchange = 0,
        /// `add`
        Add = 1,
        /// `sub`
        Subtract = 2,
        /// `and`
        And = 3,
        /// `nand`
        NotAnd = 4,
        /// `or`
        Or = 5,
        /// `xor`
        Xor = 6,
        /// `max`
        SignedMaximum = 7,
        /// `min`
        SignedMinimum = 8,
        /// `umax`
        UnsignedMaximum = 9,
        /// `umin`
        UnsignedMinimum = 10,
        /// `fadd`
        FloatAdd = 11,
        /// `fsub`
        FloatSubtract = 12,
        /// `fmax`
        FloatMax = 13,
        /// `fmin`
        FloatMin = 14,
        /// `uinc_wrap`
        IncrementWrapping = 15,
        /// `udec_wrap`
        DecrementWrapping = 16,
        /// `usub_cond`
        SubtractConditionally = 17,
        /// `usub_sat`
        SubtractSaturating = 18,
        /// `fmaximum`
        FloatMaximum = 19,
        /// `fminimum`
        FloatMinimum = 20,
    }
}

/// Among whom an atomic access is ordered (llvm/IR/LLVMContext.h, SyncScope).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Code of the same thread, as a signal or interrupt handler is.
    SingleThread,
    /// All threads.
    System,
    /// One that a target has for itself.
    Target(u32),
}

/// What may be assumed of a floating point operation (llvm-c/Core.h, LLVMFastMathFlags).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FastMath {
    /// `reassoc`
    pub reassociate: bool,
    /// `nnan`
    pub no_nans: bool,
    /// `ninf`
    pub no_infinities: bool,
    /// `nsz`
    pub no_signed_zeros: bool,
    /// `arcp`
    pub reciprocal: bool,
    /// `contract`
    pub contract: bool,
    /// `afn`
    pub approximate: bool,
}

impl FastMath {
    pub(crate) fn from_raw(bits: u32) -> Self {
        let has = |bit: u32| bits & (1 << bit) != 0;
        Self {
            reassociate: has(0),
            no_nans: has(1),
            no_infinities: has(2),
            no_signed_zeros: has(3),
            reciprocal: has(4),
            contract: has(5),
            approximate: has(6),
        }
    }
}

/// What may be assumed of an integer operation; where it doesn't hold, the result is poison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Assumed {
    /// `nuw`: no unsigned overflow.
    pub no_unsigned_wrap: bool,
    /// `nsw`: no signed overflow.
    pub no_signed_wrap: bool,
    /// `exact`: nothing is lost by the division or the shift.
    pub exact: bool,
    /// `disjoint`: no bit is set in both operands of an `or`.
    pub disjoint: bool,
    /// `nneg`: what is extended or converted is not negative.
    pub non_negative: bool,
}

/// What may be assumed of the address that a `getelementptr` computes (llvm-c/Core.h, LLVMGEPNoWrapFlags).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AddressAssumed {
    /// `inbounds`: it lies in the object that the base points into.
    pub in_bounds: bool,
    /// `nusw`: no overflow, the base taken as unsigned and offsets as signed.
    pub no_unsigned_signed_wrap: bool,
    /// `nuw`: no unsigned overflow.
    pub no_unsigned_wrap: bool,
}

impl AddressAssumed {
    pub(crate) fn from_raw(bits: u32) -> Self {
        Self {
            in_bounds: bits & 1 != 0,
            no_unsigned_signed_wrap: bits & 2 != 0,
            no_unsigned_wrap: bits & 4 != 0,
        }
    }
}
