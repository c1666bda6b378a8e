//! `-Zfunction-return=thunk-extern`: functions return through `__x86_return_thunk`, which the kernel patches (Retbleed, SRSO).
//!
//! gcc and clang: `-mfunction-return=thunk-extern`. rustc gives functions the attribute `fn_ret_thunk_extern`
//! (`function_return_attr`, compiler/rustc_codegen_llvm/src/attributes.rs) and sets the module flag
//! `function_return_thunk_extern` for those that LLVM makes up (`create_module` in context.rs).
//! Tracking issue: <https://github.com/rust-lang/rust/issues/116853>.

use gateless_llvm::{CodeModel, FlagBehavior, Module};
use gateless_model::{Failure, Result};

use crate::flag::{Flag, Given, InC, Spelling, X86, of_rustc, only_on};
use crate::target::Target;

/// Returns through the kernel's thunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionReturn;

impl Flag for FunctionReturn {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("function-return")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        match given.value {
            Some("keep") => Ok(None),
            Some("thunk-extern") => Ok(Some(Self)),
            _ => Err(given.bad("keep or thunk-extern")),
        }
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, X86)?;
        if target.code_model == CodeModel::Large {
            return Err(Failure::usage(
                "not for the large code model: a thunk may be too far away",
            )
            .help("rustc refuses it, too"));
        }
        for function in of_rustc(module)? {
            function.set_attribute("fn_ret_thunk_extern", 0)?;
        }
        module.set_flag(FlagBehavior::Override, "function_return_thunk_extern", 1)
    }

    fn in_c(&self) -> InC {
        InC::Arguments(vec!["-mfunction-return=thunk-extern".into()])
    }
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSymbol};

    use super::*;
    use crate::testing::{Fixture, flags};

    const FUNCTION: &str =
        "define void @f() \"target-cpu\"=\"generic\" { ret void }\ndeclare void @llvm.trap()";
    const FLAG: &str = "-Zfunction-return=thunk-extern";

    #[test]
    fn a_function_returns_through_the_thunk_only_if_it_is_on() {
        let fixture = Fixture::x86(FUNCTION);
        let has_thunk = |options: &[&str]| {
            let bytes = fixture.object(options);
            object::File::parse(&bytes[..])
                .unwrap()
                .symbols()
                .any(|symbol| symbol.name() == Ok("__x86_return_thunk"))
        };
        assert!(has_thunk(&[FLAG]));
        assert!(!has_thunk(&[]));
        assert_ne!(fixture.code("f", &[FLAG]), [0xc3]);
        assert_eq!(fixture.code("f", &[]), [0xc3]);
    }

    #[test]
    fn attribute_and_module_flag_are_those_of_rustc() {
        let text = Fixture::x86(FUNCTION).with(FLAG);
        assert_eq!(
            text.matches("fn_ret_thunk_extern").count(),
            2,
            "a comment and the group of @f: {text}"
        );
        assert!(
            text.contains("!{i32 4, !\"function_return_thunk_extern\", i32 1}"),
            "{text}"
        );
    }

    #[test]
    fn the_large_code_model_and_other_architectures_are_refused() {
        let mut fixture = Fixture::x86(FUNCTION);
        fixture.target.code_model = CodeModel::Large;
        assert!(
            flags(&[FLAG])
                .apply(&fixture.module(), &fixture.target)
                .unwrap_err()
                .what
                .contains("large")
        );
        fixture.target.triple = "aarch64-none".into();
        assert!(
            flags(&[FLAG])
                .apply(&fixture.module(), &fixture.target)
                .unwrap_err()
                .what
                .contains("aarch64")
        );
    }
}
