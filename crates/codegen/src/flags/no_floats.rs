//! `-Zgateless-wish=no-floats`: what may need instructions or a library for floats is an error that names the function and the line.
//!
//! gcc and clang: `-mgeneral-regs-only` refuses floating point in the source. rustc has no such option: with a soft-float ABI it writes calls of a
//! library (`__addsf3`), and upstream defines those that `core` needs as functions that panic at run time (rust/compiler_builtins.rs). Wished for
//! is a `core` that has none of it. Bits of a float that are only moved need neither, since a kernel's code has floats in general registers: core's
//! `classify` and zerocopy's conversions of byte order, which stay in their crates with CONFIG_CC_OPTIMIZE_FOR_SIZE, are such code. What is allowed is data: `unwanted.toml` beside the crate's `unwanted.rs`.
//!
//! A `core` that is compiled has none with `--cfg no_fp_fmt_parse`, which leaves parsing out and lets formatting panic (core/src/fmt/nofloat.rs). Of a
//! prebuilt one the same functions are taken, listed in `unwanted.toml` too: in their place is what panics with upstream's words. That they exist
//! can't be changed, since the library's metadata says so: what upstream's compiler refuses to parse panics here.

use gateless_llvm::{
    Builder, CastOperation, Function, Instruction, Module, Operation, Type, TypeKind,
};
use gateless_model::{Failure, Result, wish};

use crate::flag::Spelling;
use crate::ir::{places, replace};
use crate::unwanted::{self, Unwanted};

/// The check.
pub struct NoFloats;

impl Unwanted for NoFloats {
    const NAME: &'static str = "no-floats";
    const SPELLING: &'static [Spelling] = &[Spelling::Listed(wish::OPTION, Self::NAME)];

    /// The first floating point type among an instruction's result and operands.
    fn search(instruction: Instruction<'_>) -> Result<Option<String>> {
        if moves(&instruction.operation()?) {
            return Ok(None);
        }
        let operands = instruction.operands()?.into_iter();
        for value in std::iter::once(*instruction).chain(operands) {
            if let Some(float) = float(value.ty()?)? {
                return Ok(Some(float.to_text()?));
            }
        }
        Ok(None)
    }

    fn leave_out(module: &mut Module) -> Result<()> {
        let mut names = Vec::new();
        for function in module.functions()? {
            let name = function.name()?;
            if unwanted::is_left_out(Self::NAME, &places::readable(&name)) && has_any(function)? {
                names.push(name);
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        let panic = panicking(module)?;
        let word = 8 * module.layout()?.pointer_size(0)?;
        let text = PANIC.replace("iWORD", &format!("i{word}"));
        module.add_text(&text.replace("PANIC", &panic))?;
        for name in &names {
            module.replace_function(name, |module, old| {
                let panic = module.function(OWN)?.ok_or_else(gone)?;
                let new = module.add_function("", old.value_type()?)?;
                new.set_linkage(old.linkage()?)?;
                new.set_visibility(old.visibility()?)?;
                new.set_convention(old.convention()?)?;
                replace::generate_like(new, old)?;
                let builder = Builder::at_end(new.append_block("start")?)?;
                builder.call(panic, &[])?;
                builder.unreachable()?;
                Ok(new)
            })?;
        }
        let like = module.function(&names[0])?.ok_or_else(gone)?;
        let own = module.function(OWN)?.ok_or_else(gone)?;
        replace::generate_like(own, like)?;
        own.make_internal()
    }
}

/// What panics; `PANIC` stands for core's function, `WORD` for the bits of an address.
const PANIC: &str = include_str!("no_floats.ll");

/// Its name.
const OWN: &str = "gateless_no_floats";

fn gone() -> Failure {
    Failure::failed(format!("{OWN} is gone from the module"))
}

/// The symbol of core's function that panics with a text.
fn panicking(module: &Module) -> Result<String> {
    for function in module.functions()? {
        let name = function.name()?;
        if places::readable(&name) == "core::panicking::panic" {
            return Ok(name);
        }
    }
    Err(Failure::no(
        "floats can't be left out of a library that has no core::panicking::panic",
    ))
}

/// Whether a function has floating point in its code.
fn has_any(function: Function<'_>) -> Result<bool> {
    for instruction in function.instructions()? {
        if NoFloats::search(instruction)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an operation moves the bits of a value, whatever they mean. A call is none: it shows that functions agree on floats.
fn moves(operation: &Operation<'_>) -> bool {
    matches!(
        operation,
        Operation::Return(_)
            | Operation::Alloca { .. }
            | Operation::Load { .. }
            | Operation::Store { .. }
            | Operation::Phi { .. }
            | Operation::Select { .. }
            | Operation::Freeze(_)
            | Operation::ExtractValue { .. }
            | Operation::InsertValue { .. }
            | Operation::Cast {
                operation: CastOperation::BitCast,
                ..
            }
    )
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
    use crate::flag::Flag;
    use crate::testing::Fixture;
    use crate::unwanted::Check;

    fn refused(body: &str) -> String {
        let head = "source_filename = \"driver.0-cgu.0\"\n";
        let module = Fixture::x86(&format!("{head}{body}")).module();
        let refused = Check::<NoFloats>::default()
            .inspect(&module)
            .unwrap()
            .refused;
        refused.join("\n")
    }

    #[test]
    fn operations_and_calls_with_floats_are_found() {
        let found = refused(
            "define float @_RNvCs1_6driver3add(float %a) { %r = fadd float %a, %a\n %s = fneg float %r\n ret float %s }\n\
             define i1 @_RNvCs1_6driver4less(float %a) { %r = fcmp olt float %a, 1.0\n ret i1 %r }\n\
             define i32 @_RNvCs1_6driver3int(half %a) { %r = fptoui half %a to i32\n ret i32 %r }\n\
             define float @_RNvCs1_6driver3abs(float %a) { %r = call float @llvm.fabs.f32(float %a)\n ret float %r }\n\
             declare float @llvm.fabs.f32(float)\n\
             define void @_RNvCs1_6driver4call() { call void @f({ i8, [2 x double] } zeroinitializer)\n ret void }\n\
             declare void @f({ i8, [2 x double] })",
        );
        for (number, begin) in [
            "add of the crate driver: float in 2 places",
            "less of the crate driver: float at ",
            "int of the crate driver: half at ",
            "abs of the crate driver: float at ",
            "call of the crate driver: double at ",
        ]
        .iter()
        .enumerate()
        {
            let line = found.lines().nth(number).unwrap_or_default();
            assert!(line.starts_with(&format!("driver::{begin}")), "{found}");
        }
        assert_eq!(found.lines().count(), 5, "{found}");
    }

    #[test]
    fn bits_that_are_only_moved_are_fine() {
        assert_eq!(
            refused(
                "define i32 @f(float %a, ptr %p, i1 %c) { %b = load float, ptr %p\n %s = select i1 %c, float %a, float %b\n\
                 store float %s, ptr %p\n %i = bitcast float %s to i32\n ret i32 %i }"
            ),
            ""
        );
    }

    #[test]
    fn of_a_prebuilt_core_what_formats_and_parses_panics_and_the_rest_stays() {
        let mut module = Fixture::x86(
            "source_filename = \"core.0-cgu.0\"\ndefine void @_RNvNtCs1_4core9panicking5panic(ptr %a, i64 %b, ptr %c) noreturn { unreachable }\n\
             define i1 @_RNvXs1_NtNtCs1_4core3fmt5floatfNtB5_7Display3fmt(ptr %a) memory(read) willreturn noredzone { %x = load float, ptr %a\n\
             %r = fcmp olt float %x, 0.0\n ret i1 %r }\n\
             define float @_RNvMNtCs1_4core3num3f32f3abs(float %x) { %r = fneg float %x\n ret float %r }",
        )
        .module();
        Check::<NoFloats>::default()
            .rewrite_prebuilt(&mut module)
            .unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        let new = "floatfNtB5_7Display3fmt(ptr %0) #2 {\nstart:\n  call void @gateless_no_floats()\n  unreachable";
        assert!(text.contains(new), "{text}");
        assert!(text.contains("attributes #2 = { noredzone }"), "{text}");
        assert!(
            text.contains("define internal void @gateless_no_floats()"),
            "{text}"
        );
        assert!(text.contains("fneg float %x"), "{text}");
        let refused = Check::<NoFloats>::default()
            .inspect(&module)
            .unwrap()
            .refused;
        assert_eq!(refused.len(), 1, "{refused:?}");
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
