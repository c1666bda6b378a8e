//! `-Zreg-struct-return`: small structures are returned in registers (32-bit x86).
//!
//! gcc and clang: `-freg-struct-return`, with which the kernel's C is compiled. rustc decides it while it makes LLVM IR, so stable rustc compiles for a
//! built-in target that does so (`abi-return-struct-as-int`, see the driver's `target.rs`). All that is left here is to check that: a module in which a
//! function that C knows by name returns a structure of 1, 2, 4 or 8 bytes by way of a pointer was compiled for another target, and is refused.

use gateless_llvm::{Attribute, Module, Place};
use gateless_model::{Failure, Result};

use crate::flag::{Flag, Given, Spelling, X86_32, only_on};
use crate::target::Target;

/// How the names begin that rustc gives to what C doesn't know by name (`-Csymbol-mangling-version=v0`).
const MANGLED: &str = "_R";

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegStructReturn;

impl Flag for RegStructReturn {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("reg-struct-return")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(given.yes()?.then_some(Self))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, X86_32)?;
        let layout = module.layout()?;
        for function in module.functions()? {
            // Rust's own convention returns other things this way, by other rules.
            if function.name()?.starts_with(MANGLED) {
                continue;
            }
            for attribute in function.attributes(Place::Parameter(0))? {
                let Attribute::Type(name, ty) = attribute else {
                    continue;
                };
                if name == "sret" && matches!(layout.size(ty)?, 1 | 2 | 4 | 8) {
                    return Err(Failure::failed(format!(
                        "{} returns {} by way of a pointer",
                        function.name()?,
                        ty.to_text()?
                    ))
                    .help("the bitcode has to be made for a target that returns small structures in registers"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags};

    fn apply(body: &str) -> gateless_model::Result<()> {
        let mut fixture = Fixture::whole(&format!(
            "target triple = \"i386-unknown-linux-gnu\"\n{body}"
        ));
        fixture.target.triple = "i386-unknown-linux-gnu".into();
        flags(&["-Zreg-struct-return"]).apply(&fixture.module(), &fixture.target)
    }

    #[test]
    fn bitcode_for_another_abi_is_refused() {
        let failure = apply("declare void @small(ptr sret([8 x i8]))").unwrap_err();
        assert!(failure.what.contains("small returns [8 x i8]"), "{failure}");
        apply("declare void @large(ptr sret([12 x i8]))\ndeclare i64 @small()").unwrap();
        apply("declare void @_RNvC1x1f(ptr sret([8 x i8]))").unwrap();
    }

    #[test]
    fn it_is_for_32_bit_x86_only() {
        let fixture = Fixture::x86("");
        let flags = flags(&["-Zreg-struct-return"]);
        assert!(flags.apply(&fixture.module(), &fixture.target).is_err());
    }
}
