//! Operations on integers, as C expressions.
//!
//! Operands are what `Body::value` gives: a name or something in parentheses, of an unsigned type, the bits above the width being 0. Results are in
//! the same form but for the outer parentheses.

use gateless_llvm::{BinaryOperation, Bits, CastOperation, IntegerPredicate};
use gateless_model::Result;

use crate::refusal::not_known;
use crate::types::{WIDEST, container};
use crate::wide;

/// A number as C writes it.
pub(crate) fn literal(bits: &Bits) -> Result<String> {
    if bits.width() == WIDEST {
        return Ok(wide::literal(bits));
    }
    let number = bits
        .as_u128()
        .ok_or_else(|| not_known(format!("a number of {} bits", bits.width())))?;
    number_literal(bits.width(), number)
}

/// The low bits of a number as C writes them.
pub(crate) fn number_literal(width: u32, number: u128) -> Result<String> {
    let number = match width {
        128.. => number,
        _ => number & ((1 << width) - 1),
    };
    Ok(match container(width)? {
        128 => format!("GL_WIDE({}ull, {}ull)", number >> 64, number as u64),
        64 => format!("{number}ull"),
        32 => format!("{number}u"),
        bits => format!("(u{bits}){number}u"),
    })
}

/// The bits in which C computes: never less than those of an int, to which it would extend with a sign.
fn computed(width: u32) -> Result<u32> {
    Ok(container(width)?.max(32))
}

/// An expression cut to the width.
pub(crate) fn masked(width: u32, expression: &str) -> Result<String> {
    let bits = container(width)?;
    if bits == width {
        return Ok(format!("(u{bits})({expression})"));
    }
    let computed = computed(width)?;
    let mask = number_literal(computed, (1u128 << width) - 1)?;
    Ok(format!("(u{bits})((u{computed})({expression}) & {mask})"))
}

/// A value as a signed one, in parentheses, of the signed type that C computes in.
pub(crate) fn signed(width: u32, value: &str) -> Result<String> {
    let (bits, computed) = (container(width)?, computed(width)?);
    if bits == width {
        return Ok(match bits == computed {
            true => format!("((i{bits}){value})"),
            false => format!("((i{computed})(i{bits}){value})"),
        });
    }
    let above = computed - width;
    Ok(format!(
        "((i{computed})((u{computed}){value} << {above}) >> {above})"
    ))
}

pub(crate) fn binary(
    operation: BinaryOperation,
    width: u32,
    left: &str,
    right: &str,
) -> Result<String> {
    use BinaryOperation as B;
    if width == WIDEST {
        return wide::binary(operation, left, right);
    }
    let (bits, computed) = (container(width)?, computed(width)?);
    let plain = |sign: &str| format!("(u{computed}){left} {sign} (u{computed}){right}");
    let amount = || format!("((u32){right} & {}u)", computed - 1);
    match operation {
        B::Add => masked(width, &plain("+")),
        B::Subtract => masked(width, &plain("-")),
        B::Multiply => masked(width, &plain("*")),
        B::UnsignedDivide => Ok(format!("(u{bits})({})", plain("/"))),
        B::UnsignedRemainder => Ok(format!("(u{bits})({})", plain("%"))),
        B::SignedDivide | B::SignedRemainder => {
            let sign = if operation == B::SignedDivide {
                "/"
            } else {
                "%"
            };
            let (left, right) = (signed(width, left)?, signed(width, right)?);
            masked(width, &format!("{left} {sign} {right}"))
        }
        B::And => Ok(format!("(u{bits})({left} & {right})")),
        B::Or => Ok(format!("(u{bits})({left} | {right})")),
        B::Xor => Ok(format!("(u{bits})({left} ^ {right})")),
        B::ShiftLeft => masked(width, &format!("(u{computed}){left} << {}", amount())),
        B::LogicalShiftRight => Ok(format!("(u{bits})((u{computed}){left} >> {})", amount())),
        B::ArithmeticShiftRight => {
            masked(width, &format!("{} >> {}", signed(width, left)?, amount()))
        }
        _ => Err(not_known(format!("{operation:?} of integers"))),
    }
}

/// How C writes a comparison, and whether it is of signed numbers.
pub(crate) fn comparison(predicate: IntegerPredicate) -> (&'static str, bool) {
    use IntegerPredicate as I;
    match predicate {
        I::Equal => ("==", false),
        I::NotEqual => ("!=", false),
        I::UnsignedGreater => (">", false),
        I::UnsignedGreaterOrEqual => (">=", false),
        I::UnsignedLess => ("<", false),
        I::UnsignedLessOrEqual => ("<=", false),
        I::SignedGreater => (">", true),
        I::SignedGreaterOrEqual => (">=", true),
        I::SignedLess => ("<", true),
        I::SignedLessOrEqual => ("<=", true),
    }
}

pub(crate) fn compare(
    predicate: IntegerPredicate,
    width: u32,
    left: &str,
    right: &str,
) -> Result<String> {
    // Not a structure.
    container(width)?;
    let (sign, is_signed) = comparison(predicate);
    match is_signed {
        false => Ok(format!("(u8)({left} {sign} {right})")),
        true => {
            let (left, right) = (signed(width, left)?, signed(width, right)?);
            Ok(format!("(u8)({left} {sign} {right})"))
        }
    }
}

/// A conversion of an integer to one of another width.
pub(crate) fn convert(operation: CastOperation, from: u32, to: u32, value: &str) -> Result<String> {
    if from.max(to) == WIDEST {
        return wide::convert(operation, from, to, value);
    }
    match operation {
        CastOperation::Truncate => masked(to, value),
        CastOperation::ZeroExtend => Ok(format!("(u{}){value}", container(to)?)),
        CastOperation::SignExtend => {
            let signed = signed(from, value)?;
            masked(to, &format!("(i{}){signed}", computed(to)?))
        }
        _ => Err(not_known(format!("{operation:?} of an integer"))),
    }
}
