//! `-Zregparm=N`: the first words of a function's arguments in registers (32-bit x86).
//!
//! gcc and clang: `-mregparm=N`, with which the kernel's C is compiled. rustc has an option of that name, but it leaves 64-bit numbers, the hidden pointer
//! to a result and structures out of registers, so its code and C's don't fit. Here the rule is clang's (`X86_32ABIInfo` in
//! clang/lib/CodeGen/Targets/X86.cpp), for all functions of C's convention, which are Rust's own as well, and for calls of such: an argument of as
//! many words as are left goes to registers (`inreg`); the first that doesn't fit ends it. A function with a variable number of arguments has all of
//! them on the stack. LLVM's own calls of `memcpy` and the like go by a flag of the module.
//!
//! rustc puts structures by value on the stack (`byval`). Where C has one in registers, the module is refused.

use gateless_llvm::{
    Attribute, DataLayout, FlagBehavior, FunctionType, Module, Operation, Place, TypeKind,
};
use gateless_model::{Failure, Result};

use crate::flag::{Flag, Given, Spelling, X86_32, only_on};
use crate::target::Target;

/// Bytes of a word: of a register, and of a place on the stack.
const WORD: u64 = 4;

/// C's convention (llvm/IR/CallingConv.h).
const C: u32 = 0;

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regparm {
    /// How many words.
    words: u32,
}

impl Flag for Regparm {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("regparm")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        let wanted = "a number from 0 to 3";
        match given.needed(wanted)? {
            "0" => Ok(None),
            words @ ("1" | "2" | "3") => Ok(Some(Self {
                words: words.parse().map_err(|_| given.bad(wanted))?,
            })),
            _ => Err(given.bad(wanted)),
        }
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, X86_32)?;
        let layout = module.layout()?;
        for function in module.functions()? {
            if function.is_intrinsic()? {
                continue;
            }
            if function.convention()? == C {
                let name = function.name()?;
                let attributes = |at| function.attributes(Place::Parameter(at));
                let signature = function.signature()?;
                for at in self.in_registers(&name, &signature, layout, &attributes)? {
                    function.set_parameter_attribute(at, "inreg")?;
                }
            }
            for instruction in function.instructions()? {
                let Operation::Call(call) = instruction.operation()? else {
                    continue;
                };
                let called = call.function()?;
                let is_intrinsic = match called {
                    Some(called) => called.is_intrinsic()?,
                    None => false,
                };
                if call.convention != C || is_intrinsic || call.inline_asm()?.is_some() {
                    continue;
                }
                let name = match called {
                    Some(called) => called.name()?,
                    None => format!("what {} calls", function.name()?),
                };
                let attributes = |at| instruction.attributes(Place::Parameter(at));
                for at in self.in_registers(&name, &call.signature, layout, &attributes)? {
                    instruction.set_argument_attribute(at, "inreg")?;
                }
            }
        }
        module.set_flag(FlagBehavior::Error, "NumRegisterParameters", self.words)
    }
}

impl Regparm {
    /// The parameters that are in registers, by number.
    fn in_registers<'m>(
        &self,
        name: &str,
        signature: &FunctionType<'m>,
        layout: DataLayout<'m>,
        attributes: &dyn Fn(u32) -> Result<Vec<Attribute<'m>>>,
    ) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        if signature.is_variadic {
            return Ok(found);
        }
        let mut left = u64::from(self.words);
        for (at, ty) in (0..).zip(&signature.parameters) {
            let attributes = attributes(at)?;
            let by_value = attributes
                .into_iter()
                .find_map(|attribute| match attribute {
                    Attribute::Type(name, ty) if name == "byval" => Some(ty),
                    _ => None,
                });
            let size = match (by_value, ty.kind()?) {
                (Some(structure), _) => layout.size(structure)?,
                (None, TypeKind::Integer(bits)) => u64::from(bits).div_ceil(8),
                (None, TypeKind::Pointer(_)) => WORD,
                // Floating point numbers are on the stack, and take no register from others.
                (None, _) => continue,
            };
            let words = size.div_ceil(WORD);
            match words {
                0 => {}
                words if words > left => left = 0,
                words if by_value.is_some() => {
                    return Err(Failure::no(format!(
                        "{name} has a structure of {words} words by value, which C passes in registers and rustc on the stack"
                    ))
                    .help("pass a pointer to it, through a helper in C"));
                }
                words => {
                    left -= words;
                    found.push(at);
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags, refused};

    const I386: &str = "target datalayout = \"e-m:e-p:32:32-p270:32:32-p271:32:32-p272:64:64-i128:128-f64:32:64-f80:32-n8:16:32-S128\"\n\
        target triple = \"i386-unknown-linux-gnu\"\n";

    fn fixture(body: &str) -> Fixture {
        let mut fixture = Fixture::whole(&format!("{I386}{body}"));
        fixture.target.triple = "i386-unknown-linux-gnu".into();
        fixture
    }

    #[test]
    fn words_go_to_registers_until_one_does_not_fit_in_functions_and_in_calls() {
        let text = fixture(
            "declare i64 @callee(ptr, i64, i32)\ndeclare i32 @print(ptr, ...)\ndeclare void @large(ptr sret([12 x i8]), i32, i64, i8)\n\
             define void @f(ptr %p, i8 %c, ptr %to) {\n call i64 @callee(ptr %p, i64 1, i32 2)\n call i32 (ptr, ...) @print(ptr %p, i32 1)\n call void %to(i16 1, i32 2)\n ret void }",
        )
        .after(&["-Zregparm=3"]);
        for line in [
            "declare i64 @callee(ptr inreg, i64 inreg, i32)",
            "declare i32 @print(ptr, ...)",
            "declare void @large(ptr inreg sret([12 x i8]), i32 inreg, i64, i8)",
            "define void @f(ptr inreg %p, i8 inreg %c, ptr inreg %to)",
            "call i64 @callee(ptr inreg %p, i64 inreg 1, i32 2)",
            "@print(ptr %p, i32 1)",
            "call void %to(i16 inreg 1, i32 inreg 2)",
            "!{i32 1, !\"NumRegisterParameters\", i32 3}",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn a_structure_that_c_has_in_registers_is_refused_and_one_on_the_stack_is_not() {
        let fixture = |size| {
            fixture(&format!(
                "declare void @take(i32, ptr byval([{size} x i8]))"
            ))
        };
        let apply = |size: u32| {
            let fixture = fixture(size);
            flags(&["-Zregparm=3"]).apply(&fixture.module(), &fixture.target)
        };
        let failure = apply(8).unwrap_err();
        assert!(
            failure.what.contains("take has a structure of 2 words"),
            "{failure}"
        );
        apply(12).unwrap();
    }

    #[test]
    fn it_is_for_32_bit_x86_and_up_to_three_words() {
        let fixture = Fixture::x86("");
        let flags = flags(&["-Zregparm=3"]);
        assert!(flags.apply(&fixture.module(), &fixture.target).is_err());
        refused("-Zregparm=4");
        refused("-Zregparm");
    }
}
