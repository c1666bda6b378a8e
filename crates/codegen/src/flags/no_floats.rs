//! `-Zgateless-wish=no-floats`: a floating point value in the code is an error that names the function and the line.
//!
//! gcc and clang: `-mgeneral-regs-only` refuses floating point in the source. rustc has no such option: with a soft-float ABI it writes calls of a
//! library (`__addsf3`), and upstream defines those that `core` needs as functions that panic at run time (rust/compiler_builtins.rs). Wished for
//! is a `core` that has none of it. What is allowed is data: `unwanted.toml` beside the crate's `unwanted.rs`.

use gateless_llvm::{Instruction, Module, Type, TypeKind};
use gateless_model::{Result, wish};

use crate::flag::{Flag, Given, Inspected, Spelling};
use crate::unwanted;

/// The check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoFloats;

/// How it is asked for.
const NAME: &str = "no-floats";

impl Flag for NoFloats {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Listed(wish::OPTION, NAME)]
    }

    fn parse(_: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self))
    }

    fn needs_lines(&self) -> bool {
        true
    }

    fn inspect(&self, module: &Module) -> Result<Inspected> {
        unwanted::inspect(module, NAME, search)
    }
}

/// The first floating point type among an instruction's result and operands.
fn search(instruction: Instruction<'_>) -> Result<Option<String>> {
    let operands = instruction.operands()?.into_iter();
    for value in std::iter::once(*instruction).chain(operands) {
        if let Some(float) = float(value.ty()?)? {
            return Ok(Some(float.to_text()?));
        }
    }
    Ok(None)
}

/// The floating point type that a type is or holds, if any.
fn float(ty: Type<'_>) -> Result<Option<Type<'_>>> {
    let parts = match ty.kind()? {
        TypeKind::Half
        | TypeKind::BFloat
        | TypeKind::Float
        | TypeKind::Double
        | TypeKind::X86Fp80
        | TypeKind::Fp128
        | TypeKind::PpcFp128 => return Ok(Some(ty)),
        TypeKind::Struct(structure) => structure.elements.unwrap_or_default(),
        TypeKind::Array(element, _)
        | TypeKind::Vector(element, _)
        | TypeKind::ScalableVector(element, _) => vec![element],
        _ => Vec::new(),
    };
    for part in parts {
        if let Some(found) = float(part)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    fn refused(body: &str) -> String {
        let head = "source_filename = \"driver.0-cgu.0\"\n";
        let module = Fixture::x86(&format!("{head}{body}")).module();
        let refused = NoFloats.inspect(&module).unwrap().refused;
        refused.join("\n")
    }

    #[test]
    fn values_in_registers_and_in_what_is_handed_on_are_found() {
        let found = refused(
            "define float @_RNvCs1_6driver3add(float %a) { %r = fadd float %a, %a\n ret float %r }\n\
             define void @_RNvCs1_6driver4call() { call void @f({ i8, [2 x double] } zeroinitializer)\n ret void }\n\
             declare void @f({ i8, [2 x double] })",
        );
        let mut lines = found.lines();
        assert!(
            lines
                .next()
                .unwrap()
                .starts_with("driver::add of the crate driver: float in 2 places")
        );
        assert!(
            lines
                .next()
                .unwrap()
                .starts_with("driver::call of the crate driver: double at ")
        );
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn integers_pointers_and_what_is_only_declared_are_fine() {
        assert_eq!(
            refused(
                "define i64 @f(i64 %a, ptr %p) { %r = add i64 %a, 1\n store i64 %r, ptr %p\n ret i64 %r }\ndeclare float @g(double)"
            ),
            ""
        );
    }
}
