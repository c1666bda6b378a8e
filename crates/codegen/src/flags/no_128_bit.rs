//! `-Zgateless-wish=no-128-bit`: what may need a library of 128-bit integers is an error that names the function and the line.
//!
//! Upstream defines the functions of such a library that `core` needs as functions that panic at run time (rust/compiler_builtins.rs): for
//! multiplication, division, remainder and shifts. Which of these operations a back end does by itself differs by architecture; here all are found.
//! What is allowed is data: `unwanted.toml` beside the crate's `unwanted.rs`.

use gateless_llvm::{BinaryOperation, Call, Instruction, Operation, Type, TypeKind};
use gateless_model::{Result, wish};

use crate::flag::Spelling;
use crate::unwanted::Unwanted;

/// The check.
pub struct No128Bit;

impl Unwanted for No128Bit {
    const NAME: &'static str = "no-128-bit";
    const SPELLING: &'static [Spelling] = &[Spelling::Listed(wish::OPTION, Self::NAME)];

    fn search(instruction: Instruction<'_>) -> Result<Option<String>> {
        Ok(wide(&instruction.operation()?)?.map(str::to_owned))
    }
}

/// The operation on 128-bit integers that upstream has a panicking function for.
fn wide(operation: &Operation<'_>) -> Result<Option<&'static str>> {
    let is_wide = |ty: Type<'_>| -> Result<bool> { Ok(ty.kind()? == TypeKind::Integer(128)) };
    Ok(match operation {
        Operation::Binary {
            operation, left, ..
        } if is_wide(left.ty()?)? => match operation {
            BinaryOperation::Multiply => Some("a 128-bit multiplication"),
            BinaryOperation::UnsignedDivide | BinaryOperation::SignedDivide => {
                Some("a 128-bit division")
            }
            BinaryOperation::UnsignedRemainder | BinaryOperation::SignedRemainder => {
                Some("a 128-bit remainder")
            }
            BinaryOperation::ShiftLeft
            | BinaryOperation::LogicalShiftRight
            | BinaryOperation::ArithmeticShiftRight => Some("a 128-bit shift"),
            _ => None,
        },
        Operation::Call(call) => {
            is_wide_multiplication(call)?.then_some("a 128-bit multiplication")
        }
        _ => None,
    })
}

/// Whether a call is LLVM's own checked multiplication of 128 bits.
fn is_wide_multiplication(call: &Call<'_>) -> Result<bool> {
    Ok(match call.function()? {
        Some(function) => [
            "llvm.smul.with.overflow.i128",
            "llvm.umul.with.overflow.i128",
        ]
        .contains(&function.name()?.as_str()),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flag::Flag;
    use crate::testing::Fixture;
    use crate::unwanted::Check;

    fn refused(body: &str) -> String {
        let head = "source_filename = \"driver.0-cgu.0\"\n";
        let module = Fixture::x86(&format!("{head}{body}")).module();
        let refused = Check::<No128Bit>::default()
            .inspect(&module)
            .unwrap()
            .refused;
        refused.join("\n")
    }

    #[test]
    fn what_upstream_has_panicking_functions_for_is_found() {
        let operation = |name: &str| {
            refused(&format!(
                "define i128 @f(i128 %a, i128 %b) {{ %r = {name} i128 %a, %b\n ret i128 %r }}"
            ))
        };
        for (name, words) in [
            ("mul", "a 128-bit multiplication"),
            ("udiv", "a 128-bit division"),
            ("srem", "a 128-bit remainder"),
            ("ashr", "a 128-bit shift"),
        ] {
            assert!(
                operation(name).contains(words),
                "{name}: {}",
                operation(name)
            );
        }
        for name in ["add", "sub", "xor"] {
            assert_eq!(operation(name), "", "{name}");
        }
        let checked = "define i1 @f(i128 %a) {\n %r = call { i128, i1 } @llvm.smul.with.overflow.i128(i128 %a, i128 %a)\n\
            %o = extractvalue { i128, i1 } %r, 1\n ret i1 %o\n}\ndeclare { i128, i1 } @llvm.smul.with.overflow.i128(i128, i128)";
        assert!(refused(checked).contains("a 128-bit multiplication"));
    }

    #[test]
    fn narrower_operations_are_fine() {
        assert_eq!(
            refused(
                "define i64 @f(i64 %a) { %r = mul i64 %a, %a\n %s = udiv i64 %r, 3\n ret i64 %s }"
            ),
            ""
        );
    }
}
