//! Operations on floating point numbers, which are held as their bits.

use gateless_llvm::{BinaryOperation, CastOperation, FloatPredicate};
use gateless_model::Result;

use crate::integer::{masked, number_literal, signed};
use crate::refusal::not_known;
use crate::types::{CType, Format, container};
use crate::unit::Unit;

/// What the compiler's runtime calls a format.
fn suffix(format: Format) -> &'static str {
    match format {
        Format::Half => "hf",
        Format::Single => "sf",
        Format::Double => "df",
        Format::Quad => "tf",
    }
}

/// Whether the machine computes in the format.
fn is_machine(unit: &Unit<'_>, format: Format) -> Result<bool> {
    match (unit.is_soft(), format) {
        (true, _) => Ok(false),
        (false, Format::Single | Format::Double) => Ok(true),
        (false, other) => Err(not_known(format!(
            "a floating point operation of {} bits",
            other.bits()
        ))),
    }
}

/// A number of this format, of its bits.
fn number(format: Format, bits: &str) -> String {
    format!("gl_f{}({bits})", format.bits())
}

/// The bits of a number of this format.
fn bits(format: Format, number: &str) -> String {
    format!("gl_bits_f{}({number})", format.bits())
}

/// Halves are computed as singles, as LLVM does where there are no instructions for them.
fn widened(unit: &Unit<'_>, format: Format, value: &str) -> (Format, String) {
    match format {
        Format::Half => (
            Format::Single,
            unit.runtime_call("__extendhfsf2", "u32", &[("u16", value)]),
        ),
        other => (other, value.to_owned()),
    }
}

fn narrowed(unit: &Unit<'_>, format: Format, value: String) -> String {
    match format {
        Format::Half => unit.runtime_call("__truncsfhf2", "u16", &[("u32", &value)]),
        _ => value,
    }
}

pub(crate) fn binary(
    unit: &Unit<'_>,
    operation: BinaryOperation,
    format: Format,
    left: &str,
    right: &str,
) -> Result<String> {
    use BinaryOperation as B;
    let (sign, name) = match operation {
        B::FloatAdd => ("+", "add"),
        B::FloatSubtract => ("-", "sub"),
        B::FloatMultiply => ("*", "mul"),
        B::FloatDivide => ("/", "div"),
        B::FloatRemainder => ("", "fmod"),
        _ => return Err(not_known(format!("{operation:?} of floats"))),
    };
    if is_machine(unit, format)? {
        let (left, right) = (number(format, left), number(format, right));
        return Ok(bits(
            format,
            &match operation {
                B::FloatRemainder => format!("__builtin_fmod{}({left}, {right})", library(format)),
                _ => format!("{left} {sign} {right}"),
            },
        ));
    }
    let ((wide, left), (_, right)) = (widened(unit, format, left), widened(unit, format, right));
    let name = match operation {
        B::FloatRemainder => format!("fmod{}", library(wide)),
        _ => format!("__{name}{}3", suffix(wide)),
    };
    let ty = format!("u{}", wide.bits());
    let value = unit.runtime_call(&name, &ty, &[(&ty, &left), (&ty, &right)]);
    Ok(narrowed(unit, format, value))
}

/// What the mathematical library calls a format.
pub(crate) fn library(format: Format) -> &'static str {
    match format {
        Format::Single => "f",
        Format::Quad => "l",
        _ => "",
    }
}

pub(crate) fn negate(format: Format, value: &str) -> Result<String> {
    let sign = number_literal(format.bits(), 1 << (format.bits() - 1))?;
    Ok(format!("(u{})({value} ^ {sign})", format.bits()))
}

pub(crate) fn compare(
    unit: &Unit<'_>,
    predicate: FloatPredicate,
    format: Format,
    left: &str,
    right: &str,
) -> Result<String> {
    let code = predicate as u32;
    match code {
        0 => return Ok("(u8)0".into()),
        15 => return Ok("(u8)1".into()),
        _ => {}
    }
    // The numbers are made of four bits: unordered, less, greater, equal.
    let (unordered, less, greater, equal) = (code & 8, code & 4, code & 2, code & 1);
    let mut tests = Vec::new();
    if is_machine(unit, format)? {
        let (left, right) = (number(format, left), number(format, right));
        let mut test = |wanted: u32, sign: &str| {
            if wanted != 0 {
                tests.push(format!("{left} {sign} {right}"));
            }
        };
        test(less, "<");
        test(greater, ">");
        test(equal, "==");
        if unordered != 0 {
            tests.push(format!("__builtin_isunordered({left}, {right})"));
        }
    } else {
        let ((wide, left), (_, right)) =
            (widened(unit, format, left), widened(unit, format, right));
        let ty = format!("u{}", wide.bits());
        let mut test = |wanted: u32, name: &str, sign: &str| {
            if wanted != 0 {
                let name = format!("__{name}{}2", suffix(wide));
                let call = unit.runtime_call(&name, "int", &[(&ty, &left), (&ty, &right)]);
                tests.push(format!("{call} {sign} 0"));
            }
        };
        test(less, "lt", "<");
        test(greater, "gt", ">");
        test(equal, "eq", "==");
        test(unordered, "unord", "!=");
    }
    Ok(format!("(u8)({})", tests.join(" || ")))
}

pub(crate) fn convert(
    unit: &Unit<'_>,
    operation: CastOperation,
    from: &CType,
    to: &CType,
    value: &str,
) -> Result<String> {
    match operation {
        CastOperation::FloatToUnsigned => {
            to_integer(unit, false, from.format()?, to.width()?, value)
        }
        CastOperation::FloatToSigned => to_integer(unit, true, from.format()?, to.width()?, value),
        CastOperation::UnsignedToFloat => {
            of_integer(unit, false, from.width()?, to.format()?, value)
        }
        CastOperation::SignedToFloat => of_integer(unit, true, from.width()?, to.format()?, value),
        CastOperation::FloatTruncate | CastOperation::FloatExtend => {
            let (from, to) = (from.format()?, to.format()?);
            if !unit.is_soft() && is_machine(unit, from)? && is_machine(unit, to)? {
                let ty = if to == Format::Single {
                    "float"
                } else {
                    "double"
                };
                return Ok(bits(to, &format!("({ty}){}", number(from, value))));
            }
            let name = match operation {
                CastOperation::FloatTruncate => "trunc",
                _ => "extend",
            };
            let name = format!("__{name}{}{}2", suffix(from), suffix(to));
            let (given, result) = (format!("u{}", from.bits()), format!("u{}", to.bits()));
            Ok(unit.runtime_call(&name, &result, &[(&given, value)]))
        }
        _ => Err(not_known(format!("{operation:?} of a float"))),
    }
}

/// To an integer: what is out of range becomes the nearest, what is no number 0. Where the IR doesn't ask for that, the result doesn't matter.
pub(crate) fn to_integer(
    unit: &Unit<'_>,
    is_signed: bool,
    from: Format,
    width: u32,
    value: &str,
) -> Result<String> {
    let (least, greatest) = match (is_signed, width) {
        (true, 128) => (1u128 << 127, u128::MAX >> 1),
        (true, width) => ((!0u128) << (width - 1), (1u128 << (width - 1)) - 1),
        (false, 128) => (0, u128::MAX),
        (false, width) => (0, (1u128 << width) - 1),
    };
    let (least, greatest) = (
        number_literal(width, least)?,
        number_literal(width, greatest)?,
    );
    let zero = number_literal(width, 0)?;
    let computed = container(width)?.max(32);
    let sign = if is_signed { "i" } else { "u" };
    if is_machine(unit, from)? {
        let number = number(from, value);
        // Both are powers of two, which every format has.
        let exponent = if is_signed { width - 1 } else { width };
        let (low, high) = match is_signed {
            true => (format!("-0x1p{exponent}"), format!("0x1p{exponent}")),
            false => ("0.0".into(), format!("0x1p{exponent}")),
        };
        let converted = masked(width, &format!("({sign}{computed}){number}"))?;
        return Ok(format!(
            "{number} != {number} ? {zero} : {number} <= {low} ? {least} : {number} >= {high} ? {greatest} : {converted}"
        ));
    }
    let (from, value) = widened(unit, from, value);
    let exponent = if is_signed { width - 1 } else { width };
    let high = power_of_two(from, exponent);
    let low = match is_signed {
        true => high | 1 << (from.bits() - 1),
        false => 0,
    };
    let ty = format!("u{}", from.bits());
    let test = |name: &str, with: &str| {
        let name = format!("__{name}{}2", suffix(from));
        unit.runtime_call(&name, "int", &[(&ty, &value), (&ty, with)])
    };
    let mode = match computed {
        32 => "si",
        64 => "di",
        _ => "ti",
    };
    let uns = if is_signed { "" } else { "uns" };
    let name = format!("__fix{uns}{}{mode}", suffix(from));
    let result = format!("u{computed}");
    let converted = unit.runtime_call(&name, &result, &[(&ty, &value)]);
    Ok(format!(
        "{} != 0 ? {zero} : {} <= 0 ? {least} : {} >= 0 ? {greatest} : {}",
        test("unord", &value),
        test("le", &number_literal(from.bits(), low)?),
        test("ge", &number_literal(from.bits(), high)?),
        masked(width, &converted)?
    ))
}

/// The bits of a power of two, or of infinity where the format ends below it.
fn power_of_two(format: Format, exponent: u32) -> u128 {
    let (bias, fraction) = match format {
        Format::Half => (15, 10),
        Format::Single => (127, 23),
        Format::Double => (1023, 52),
        Format::Quad => (16383, 112),
    };
    u128::from((bias + exponent).min(2 * bias + 1)) << fraction
}

fn of_integer(
    unit: &Unit<'_>,
    is_signed: bool,
    width: u32,
    to: Format,
    value: &str,
) -> Result<String> {
    let value = match is_signed {
        true => signed(width, value)?,
        false => value.to_owned(),
    };
    if is_machine(unit, to)? {
        let ty = if to == Format::Single {
            "float"
        } else {
            "double"
        };
        return Ok(bits(to, &format!("({ty}){value}")));
    }
    let computed = container(width)?.max(32);
    let mode = match computed {
        32 => "si",
        64 => "di",
        _ => "ti",
    };
    let wide = if to == Format::Half {
        Format::Single
    } else {
        to
    };
    let un = if is_signed { "" } else { "un" };
    let name = format!("__float{un}{mode}{}", suffix(wide));
    let (given, result) = (format!("u{computed}"), format!("u{}", wide.bits()));
    let value = unit.runtime_call(&name, &result, &[(&given, &value)]);
    Ok(narrowed(unit, to, value))
}
