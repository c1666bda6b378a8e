//! Numbers of 256 bits, which rustc computes products of 128 bits in: by functions (`wide.h`), as far as products need them.

use gateless_llvm::{BinaryOperation, Bits, CastOperation};
use gateless_model::Result;

use crate::integer::masked;
use crate::refusal::not_known;

/// The functions that are there.
pub(crate) fn binary(operation: BinaryOperation, left: &str, right: &str) -> Result<String> {
    use BinaryOperation as B;
    let name = match operation {
        B::Add => "add",
        B::Subtract => "sub",
        B::Multiply => "mul",
        B::And => "and",
        B::Or => "or",
        B::Xor => "xor",
        B::ShiftLeft => "shl",
        B::LogicalShiftRight => "lshr",
        _ => return Err(not_known(format!("{operation:?} of 256 bits"))),
    };
    Ok(format!("gl_{name}256({left}, {right})"))
}

/// From or to a number of at most 128 bits.
pub(crate) fn convert(operation: CastOperation, from: u32, to: u32, value: &str) -> Result<String> {
    match operation {
        CastOperation::ZeroExtend if from <= 128 => Ok(format!("gl_make256(0, {value})")),
        CastOperation::Truncate if to <= 128 => masked(to, &format!("{value}.low")),
        _ => Err(not_known(format!("{operation:?} of {from} to {to} bits"))),
    }
}

pub(crate) fn literal(bits: &Bits) -> String {
    let words = bits.words();
    let word = |at: usize| words.get(at).copied().unwrap_or(0);
    format!(
        "gl_make256(GL_WIDE({}ull, {}ull), GL_WIDE({}ull, {}ull))",
        word(3),
        word(2),
        word(1),
        word(0)
    )
}
