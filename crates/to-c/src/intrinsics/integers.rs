//! Intrinsics on integers.

use gateless_llvm::{BinaryOperation as B, Call, IntegerPredicate as I};
use gateless_model::Result;

use crate::body::Body;
use crate::integer::{binary, compare, masked, number_literal, signed};
use crate::refusal::not_known;
use crate::types::container;

impl<'m> Body<'_, 'm> {
    /// Whether the intrinsic is known, and written.
    pub(super) fn integer_intrinsic(&mut self, call: &Call<'m>, base: &str) -> Result<bool> {
        let width = self.ty(call.arguments[0])?.width()?;
        let (mut values, mut is_known) = (Vec::new(), true);
        for argument in &call.arguments {
            values.push(self.value(*argument)?);
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if let Some(operation) = base.strip_suffix(".with.overflow") {
            return self.overflow(call, operation, width, [values[0], values[1]]);
        }
        let result = self.ty(call.instruction.into())?.width()?;
        let expression = match (base, &values[..]) {
            ("llvm.umax", [x, y]) => choose(I::UnsignedGreater, width, x, y)?,
            ("llvm.umin", [x, y]) => choose(I::UnsignedLess, width, x, y)?,
            ("llvm.smax", [x, y]) => choose(I::SignedGreater, width, x, y)?,
            ("llvm.smin", [x, y]) => choose(I::SignedLess, width, x, y)?,
            ("llvm.abs", [x, _]) => {
                let zero = number_literal(width, 0)?;
                let test = compare(I::SignedLess, width, x, &zero)?;
                format!("{test} ? {} : {x}", binary(B::Subtract, width, &zero, x)?)
            }
            ("llvm.ucmp", [x, y]) => three_way(result, width, [x, y], false)?,
            ("llvm.scmp", [x, y]) => three_way(result, width, [x, y], true)?,
            ("llvm.ctpop" | "llvm.ctlz" | "llvm.cttz", [x, ..]) => count(base, width, x)?,
            ("llvm.bswap", [x]) => swapped(width, x)?,
            ("llvm.bitreverse", [x]) => match width {
                128 => format!("gl_reverse128({x})"),
                _ => masked(width, &format!("gl_reverse64({x}) >> {}", 64 - width))?,
            },
            ("llvm.fshl", [x, y, amount]) => funnel(width, [x, y, amount], true)?,
            ("llvm.fshr", [x, y, amount]) => funnel(width, [x, y, amount], false)?,
            ("llvm.uadd.sat", [x, y]) => {
                let sum = binary(B::Add, width, x, y)?;
                let greatest = number_literal(width, u128::MAX)?;
                format!("{sum} < {x} ? {greatest} : {sum}")
            }
            ("llvm.usub.sat", [x, y]) => {
                let difference = binary(B::Subtract, width, x, y)?;
                format!("{x} < {y} ? {} : {difference}", number_literal(width, 0)?)
            }
            ("llvm.sadd.sat", [x, y]) => saturated(B::Add, width, x, y)?,
            ("llvm.ssub.sat", [x, y]) => saturated(B::Subtract, width, x, y)?,
            _ => {
                is_known = false;
                String::new()
            }
        };
        if is_known {
            self.assign(call.instruction, &expression)?;
        }
        Ok(is_known)
    }

    /// GCC's functions say whether the result of unlimited width is the one of the type that they store to.
    fn overflow(
        &mut self,
        call: &Call<'m>,
        operation: &str,
        width: u32,
        [left, right]: [&str; 2],
    ) -> Result<bool> {
        let (sign, function) = match operation {
            "llvm.uadd" => ("u", "add"),
            "llvm.usub" => ("u", "sub"),
            "llvm.umul" => ("u", "mul"),
            "llvm.sadd" => ("i", "add"),
            "llvm.ssub" => ("i", "sub"),
            "llvm.smul" => ("i", "mul"),
            _ => return Ok(false),
        };
        if container(width)? != width {
            return Err(not_known(format!(
                "{operation}.with.overflow of {width} bits"
            )));
        }
        let stored = self.temporary(&format!("{sign}{width}"));
        let name = self.variable_of(call.instruction.into())?;
        let operand = |value: &str| format!("({sign}{width}){value}");
        let (left, right) = (operand(left), operand(right));
        self.say(&format!(
            "{name}.f1 = __builtin_{function}_overflow({left}, {right}, &{stored});"
        ));
        self.say(&format!("{name}.f0 = (u{width}){stored};"));
        Ok(true)
    }
}

fn choose(predicate: I, width: u32, left: &str, right: &str) -> Result<String> {
    let test = compare(predicate, width, left, right)?;
    Ok(format!("{test} ? {left} : {right}"))
}

/// -1, 0 or 1.
fn three_way(result: u32, width: u32, [x, y]: [&str; 2], is_signed: bool) -> Result<String> {
    let (greater, less) = match is_signed {
        true => (I::SignedGreater, I::SignedLess),
        false => (I::UnsignedGreater, I::UnsignedLess),
    };
    let (greater, less) = (compare(greater, width, x, y)?, compare(less, width, x, y)?);
    masked(result, &format!("(u64){greater} - (u64){less}"))
}

fn count(base: &str, width: u32, value: &str) -> Result<String> {
    let computed = container(width)?.max(32);
    let counted = match base {
        "llvm.ctpop" => format!("gl_popcount{computed}({value})"),
        "llvm.ctlz" => format!("gl_leading{computed}({value}) - {}u", computed - width),
        _ if computed == width => format!("gl_trailing{computed}({value})"),
        // A bit above the number ends the zeros.
        _ => {
            let above = number_literal(computed, 1 << width)?;
            format!("gl_trailing{computed}((u{computed}){value} | {above})")
        }
    };
    Ok(format!("(u{})({counted})", container(width)?))
}

fn swapped(width: u32, value: &str) -> Result<String> {
    match width {
        128 => Ok(format!("gl_bswap128({value})")),
        16 | 32 | 64 => Ok(format!("__builtin_bswap{width}({value})")),
        24 | 40 | 48 | 56 => masked(
            width,
            &format!("__builtin_bswap64({value}) >> {}", 64 - width),
        ),
        _ => Err(not_known(format!("bswap of {width} bits"))),
    }
}

/// Of two numbers in a row, shifted left the upper one, shifted right the lower one.
fn funnel(width: u32, [high, low, amount]: [&str; 3], is_left: bool) -> Result<String> {
    if container(width)? != width {
        return Err(not_known(format!("a funnel shift of {width} bits")));
    }
    let computed = width.max(32);
    let by = format!("((u32){amount} & {}u)", width - 1);
    let (high, low) = (
        format!("(u{computed}){high}"),
        format!("(u{computed}){low}"),
    );
    // One step apart, since C doesn't shift by the whole width.
    let last = width - 1;
    Ok(match is_left {
        true => format!("(u{width})(({high} << {by}) | (({low} >> 1) >> ({last}u - {by})))"),
        false => format!("(u{width})((({high} << 1) << ({last}u - {by})) | ({low} >> {by}))"),
    })
}

/// Overflow has the sign that both operands (the second one negated, for a difference) have, and the result doesn't.
fn saturated(operation: B, width: u32, x: &str, y: &str) -> Result<String> {
    let result = binary(operation, width, x, y)?;
    let other = match operation {
        B::Add => format!("({y} ^ {result})"),
        _ => format!("({x} ^ {y})"),
    };
    let overflow = masked(width, &format!("({x} ^ {result}) & {other}"))?;
    let is_over = format!("{} < 0", signed(width, &format!("({overflow})"))?);
    let is_negative = format!("{} < 0", signed(width, x)?);
    let least = number_literal(width, 1 << (width - 1))?;
    let greatest = number_literal(width, (1 << (width - 1)) - 1)?;
    Ok(format!(
        "{is_over} ? ({is_negative} ? {least} : {greatest}) : {result}"
    ))
}
