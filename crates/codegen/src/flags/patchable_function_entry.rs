//! `-Zpatchable-function-entry=TOTAL[,PREFIX]`: room for patches at the beginning of each function.
//!
//! gcc and clang: `-fpatchable-function-entry`. rustc writes the number of nops after the symbol as
//! `"patchable-function-entry"` and of those before it as `"patchable-function-prefix"`, each only if it is not 0
//! (`patchable_function_entry_attrs`, compiler/rustc_codegen_llvm/src/attributes.rs).
//! Tracking issue: <https://github.com/rust-lang/rust/issues/123115>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling, of_rustc};
use crate::target::Target;

/// Numbers of nops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatchableFunctionEntry {
    /// Of all.
    total: u8,
    /// Of those before the function's symbol.
    prefix: u8,
}

impl Flag for PatchableFunctionEntry {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("patchable-function-entry")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        let bad = |why: &str| {
            given
                .refused(why)
                .help("the form is TOTAL or TOTAL,PREFIX, both below 256")
        };
        let text = given.needed("TOTAL or TOTAL,PREFIX")?;
        let (total, prefix) = text.split_once(',').unwrap_or((text, "0"));
        let number = |text: &str| -> Result<u8> {
            text.parse()
                .map_err(|error| bad("not two small numbers").because(error))
        };
        let (total, prefix) = (number(total)?, number(prefix)?);
        if prefix > total {
            return Err(bad("more before the symbol than in all"));
        }
        Ok((total > 0).then_some(Self { total, prefix }))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        let after = self.total - self.prefix;
        for function in of_rustc(module)? {
            if after > 0 {
                function.set_text_attribute("patchable-function-entry", &after.to_string())?;
            }
            if self.prefix > 0 {
                let before = self.prefix.to_string();
                function.set_text_attribute("patchable-function-prefix", &before)?;
            }
        }
        Ok(())
    }

    fn in_c(&self) -> InC {
        let Self { total, prefix } = self;
        InC::Arguments(vec![format!("-fpatchable-function-entry={total},{prefix}")])
    }
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSymbol};

    use crate::testing::Fixture;

    const FUNCTION: &str = "define void @f() \"target-cpu\"=\"generic\" { ret void }";

    fn flag(total: u8, prefix: u8) -> String {
        format!("-Zpatchable-function-entry={total},{prefix}")
    }

    #[test]
    fn nops_before_the_symbol_move_it_and_are_listed_in_their_section() {
        let bytes = Fixture::x86(FUNCTION).object(&[&flag(16, 16)]);
        let file = object::File::parse(&bytes[..]).unwrap();
        assert_eq!(file.symbol_by_name("f").unwrap().address(), 16);
        assert!(
            file.section_by_name("__patchable_function_entries")
                .is_some()
        );
        let bytes = Fixture::x86(FUNCTION).object(&[]);
        assert!(
            object::File::parse(&bytes[..])
                .unwrap()
                .section_by_name("__patchable_function_entries")
                .is_none()
        );
    }

    #[test]
    fn the_rest_comes_after_the_symbol() {
        let text = Fixture::x86(FUNCTION).with(&flag(16, 5));
        assert!(
            text.contains(
                "\"patchable-function-entry\"=\"11\" \"patchable-function-prefix\"=\"5\""
            ),
            "{text}"
        );
        assert_eq!(Fixture::x86(FUNCTION).code("f", &[&flag(4, 0)]).len(), 5);
    }
}
