//! `-Zgateless-wish=no-floats`, `no-128-bit` and `no-atomics`: what kernel code must not do is an error that names the function and the line.
//!
//! gcc and clang: `-mgeneral-regs-only` refuses floating point in the source. rustc has no such option: with a soft-float ABI it writes calls of a
//! library (`__addsf3`), and upstream defines those that `core` needs as functions that panic at run time (rust/compiler_builtins.rs). Wished for
//! is a `core` that has none of it. Here the module that the optimiser has left is searched: for floating point values of any kind; for what
//! upstream defines such functions for of 128-bit integers (multiplication, division, remainder, shifts); for atomic instructions other than the
//! kernel's own, which are calls and assembly. What upstream's rules allow is data: `unwanted.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use gateless_llvm::{
    BinaryOperation, Call, Instruction, Module, Operation, Ordering, Scope, Type, TypeKind,
};
use gateless_model::{Result, wish};
use serde::Deserialize;

use crate::flag::{Flag, Given, Inspected, Spelling};
use crate::ir::places;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unwanted(BTreeSet<What>);

/// A kind of unwanted code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum What {
    /// Floating point values.
    #[serde(rename = "floats")]
    Floats,
    /// Operations on 128-bit integers that need a library.
    #[serde(rename = "128-bit")]
    Wide,
    /// Atomic instructions.
    #[serde(rename = "atomics")]
    Atomics,
}

/// Rules that allow it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    allow: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    what: What,
    #[serde(rename = "crate")]
    crate_name: String,
    /// Beginning of the paths of the functions; all functions of the crate if it is empty.
    #[serde(default)]
    function: String,
    #[allow(dead_code, reason = "for people who read the file")]
    why: String,
}

static RULES: LazyLock<Rules> =
    LazyLock::new(|| toml::from_str(include_str!("unwanted.toml")).expect("a test reads it"));

impl Flag for Unwanted {
    fn spellings() -> &'static [Spelling] {
        &[
            Spelling::Listed(wish::OPTION, "no-floats"),
            Spelling::Listed(wish::OPTION, "no-128-bit"),
            Spelling::Listed(wish::OPTION, "no-atomics"),
        ]
    }

    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        let mut all = before.cloned().unwrap_or_default();
        all.0.insert(match given.value {
            Some("no-floats") => What::Floats,
            Some("no-128-bit") => What::Wide,
            _ => What::Atomics,
        });
        Ok(Some(all))
    }

    fn needs_lines(&self) -> bool {
        true
    }

    fn inspect(&self, module: &Module) -> Result<Inspected> {
        self.inspect_by(module, &RULES.allow)
    }
}

impl Unwanted {
    fn inspect_by(&self, module: &Module, rules: &[Rule]) -> Result<Inspected> {
        let source = module.source_name()?;
        let crate_name = source.split('.').next().unwrap_or_default();
        let mut inspected = Inspected::default();
        for function in module.functions()? {
            let path = places::readable(&function.name()?);
            let is_allowed = |what: What| {
                rules.iter().any(|rule| {
                    rule.what == what
                        && rule.crate_name == crate_name
                        && path.starts_with(&rule.function)
                })
            };
            let mut found: BTreeMap<(What, String), Vec<Instruction<'_>>> = BTreeMap::new();
            for instruction in function.instructions()? {
                for (what, name) in unwanted(instruction)? {
                    if self.0.contains(&what) && !is_allowed(what) {
                        found.entry((what, name)).or_default().push(instruction);
                    }
                }
            }
            for ((_, name), places) in found {
                let first = places::chain(places[0])?;
                inspected.refused.push(match places.len() {
                    1 => format!("{path} of the crate {crate_name}: {name} at {first}"),
                    count => format!(
                        "{path} of the crate {crate_name}: {name} in {count} places, the first at {first}"
                    ),
                });
            }
        }
        Ok(inspected)
    }
}

/// What an instruction is of each kind, in words.
fn unwanted(instruction: Instruction<'_>) -> Result<Vec<(What, String)>> {
    let mut found = Vec::new();
    let mut types = vec![instruction.ty()?];
    for operand in instruction.operands()? {
        types.push(operand.ty()?);
    }
    for ty in types {
        if let Some(float) = float(ty)? {
            found.push((What::Floats, float.to_text()?));
            break;
        }
    }
    let operation = instruction.operation()?;
    if let Some(name) = wide(&operation)? {
        found.push((What::Wide, name.to_owned()));
    }
    if let Some(name) = atomic(&operation) {
        found.push((What::Atomics, name.to_owned()));
    }
    Ok(found)
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

/// The atomic instruction that an operation is; a barrier for the compiler alone is none.
fn atomic(operation: &Operation<'_>) -> Option<&'static str> {
    match operation {
        Operation::Load { access, .. } if access.ordering != Ordering::NotAtomic => {
            Some("an atomic load")
        }
        Operation::Store { access, .. } if access.ordering != Ordering::NotAtomic => {
            Some("an atomic store")
        }
        Operation::CompareExchange { .. } => Some("an atomic compare and exchange"),
        Operation::AtomicUpdate { .. } => Some("an atomic update"),
        Operation::Fence(_, scope) if *scope != Scope::SingleThread => Some("a fence"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, flags};

    const CODE: &str = "source_filename = \"driver.0-cgu.0\"\n\
        define float @_RNvCs1_6driver3add(float %a) { %r = fadd float %a, %a\n ret float %r }\n\
        define i128 @_RNvCs1_6driver3mul(i128 %a) { %r = mul i128 %a, %a\n ret i128 %r }\n\
        define i128 @_RNvCs1_6driver3sum(i128 %a) { %r = add i128 %a, %a\n ret i128 %r }\n\
        define i32 @_RNvCs1_6driver4swap(ptr %p) { %r = atomicrmw xchg ptr %p, i32 0 seq_cst\n fence syncscope(\"singlethread\") seq_cst\n ret i32 %r }\n\
        define i32 @_RNvCs1_6driver4read(ptr %p) { %r = load volatile i32, ptr %p\n ret i32 %r }";

    fn refused(what: &[What], rules: &str) -> String {
        let rules: Rules = toml::from_str(rules).unwrap();
        let all = Unwanted(what.iter().copied().collect());
        let module = Fixture::x86(CODE).module();
        let inspected = all.inspect_by(&module, &rules.allow).unwrap();
        inspected.refused.join("\n")
    }

    #[test]
    fn each_kind_is_refused_where_it_is_and_nothing_else() {
        let at = |function: &str, what: &str| {
            format!(
                "driver::{function} of the crate driver: {what} at an unknown line of driver::{function}"
            )
        };
        assert_eq!(
            refused(&[What::Floats], ""),
            "driver::add of the crate driver: float in 2 places, the first at an unknown line of driver::add"
        );
        assert_eq!(
            refused(&[What::Wide], ""),
            at("mul", "a 128-bit multiplication")
        );
        assert_eq!(
            refused(&[What::Atomics], ""),
            at("swap", "an atomic update")
        );
        assert_eq!(refused(&[], ""), "");
    }

    #[test]
    fn a_rule_allows_one_kind_in_the_functions_of_one_crate() {
        let rule = |text: &str| format!("[[allow]]\nwhy = \"\"\n{text}");
        let all = [What::Floats, What::Wide];
        let left = |text: &str| refused(&all, &rule(text)).lines().count();
        assert_eq!(left("what = \"floats\"\ncrate = \"driver\""), 1);
        assert_eq!(left("what = \"floats\"\ncrate = \"other\""), 2);
        let function = "what = \"128-bit\"\ncrate = \"driver\"\nfunction = ";
        assert_eq!(left(&format!("{function}\"driver::mul\"")), 1);
        assert_eq!(left(&format!("{function}\"driver::div\"")), 2);
    }

    #[test]
    fn the_rules_can_be_read_and_each_says_why() {
        assert!(RULES.allow.iter().all(|rule| rule.why.len() > 20));
    }

    #[test]
    fn several_kinds_are_one_flag() {
        let both = flags(&["-Zgateless-wish=no-floats", "-Zgateless-wish=no-atomics"]);
        assert_eq!(both, flags(&["-Zgateless-wish=no-atomics,no-floats"]));
    }
}
