//! `-Zgateless-wish=build-assert`: an assertion that the optimiser was to remove, and did not, is an error that says where it stands.
//!
//! gcc and clang: `__attribute__((error("...")))`, which the kernel's `BUILD_BUG_ON()` is made of. The kernel's `build_assert!` calls
//! `rust_build_error`, for which there is a definition only with RUST_BUILD_ASSERT_ALLOW: a call that is left is an undefined symbol, which the
//! linker reports much later, without line and without the calls by which the code was inlined. Here the optimised module is searched for what would
//! be that undefined symbol: nothing else is refused.

use gateless_llvm::{ConstantKind, Instruction, Module, Value};
use gateless_model::{Result, wish};

use crate::flag::{Flag, Given, Inspected, Spelling};
use crate::ir::places;

/// The check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildAssert;

/// What an assertion calls (rust/build_error.rs).
const ERROR: &str = "rust_build_error";

impl Flag for BuildAssert {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Listed(wish::OPTION, "build-assert")]
    }

    fn parse(_: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self))
    }

    fn needs_lines(&self) -> bool {
        true
    }

    /// With the first the symbol is defined, and what is left is a panic at run time. With the second the linker drops functions that nothing
    /// reaches, and the calls in them.
    fn tolerated_with(&self) -> &'static [&'static str] {
        &[
            "CONFIG_RUST_BUILD_ASSERT_ALLOW",
            "CONFIG_LD_DEAD_CODE_DATA_ELIMINATION",
        ]
    }

    fn inspect(&self, module: &Module) -> Result<Inspected> {
        let mut inspected = Inspected::default();
        let Some(error) = module.function(ERROR)? else {
            return Ok(inspected);
        };
        if !error.is_declaration()? {
            return Ok(inspected);
        }
        for user in error.users()? {
            let refused = match user.as_instruction()? {
                Some(instruction) => format!(
                    "the optimiser left {} at {}",
                    assertion(instruction)?,
                    places::chain(instruction)?
                ),
                None => format!("the address of {ERROR} is in a constant: {user:?}"),
            };
            if !inspected.refused.contains(&refused) {
                inspected.refused.push(refused);
            }
        }
        inspected.refused.sort();
        Ok(inspected)
    }
}

/// The assertion that calls the error, with its message if that is known.
fn assertion(call: Instruction<'_>) -> Result<String> {
    let message = match call.operands()?.first() {
        Some(message) => text(*message)?,
        None => None,
    };
    Ok(match message {
        Some(message) if !message.is_empty() => format!("the assertion `{message}`"),
        _ => "an assertion".to_owned(),
    })
}

/// The text that a constant points to.
fn text(value: Value<'_>) -> Result<Option<String>> {
    let Some(global) = value.as_global()? else {
        return Ok(None);
    };
    let Some(initializer) = global.initializer()? else {
        return Ok(None);
    };
    // rustc wraps what a constant holds into a structure, where it is not an array of bytes by itself.
    let data = match initializer.kind()? {
        ConstantKind::Struct(elements) => match elements.first() {
            Some(element) => element.kind()?,
            None => return Ok(None),
        },
        kind => kind,
    };
    Ok(match data {
        ConstantKind::DataArray(data) => data
            .bytes()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, flags};

    const LEFT: &str = "declare void @rust_build_error(ptr, i64, ptr)\n\
        define void @_RNvCs1_6driver5probe() { call void @rust_build_error(ptr @text, i64 12, ptr null)\n unreachable }";

    fn fixture(body: &str) -> Fixture {
        Fixture::x86(&format!(
            "@text = private constant [12 x i8] c\"out of range\"\n{body}"
        ))
    }

    fn refused(body: &str) -> Vec<String> {
        let fixture = fixture(body);
        BuildAssert.inspect(&fixture.module()).unwrap().refused
    }

    #[test]
    fn what_a_kernel_links_all_the_same_is_a_warning_there() {
        let fixture = fixture(LEFT);
        for (cfg, links) in [
            ("CONFIG_RUST_BUILD_ASSERT_ALLOW", true),
            ("CONFIG_LD_DEAD_CODE_DATA_ELIMINATION", true),
            ("CONFIG_RUST", false),
        ] {
            let mut flags = flags(&["-Zgateless-wish=build-assert"]);
            flags.tolerate(|name| name == cfg);
            let inspected = flags.inspect(&fixture.module());
            let warnings = inspected.map(|(warnings, _)| warnings.len());
            assert_eq!(warnings.ok(), links.then_some(1), "{cfg}");
        }
    }

    #[test]
    fn a_call_that_is_left_is_refused_with_its_message() {
        assert_eq!(
            refused(LEFT),
            ["the optimiser left the assertion `out of range` at an unknown line of driver::probe"]
        );
    }

    #[test]
    fn an_address_that_is_left_is_refused_as_the_linker_would() {
        let left = refused(
            "declare void @rust_build_error(ptr, i64, ptr)\n@table = constant [1 x ptr] [ptr @rust_build_error]",
        );
        assert!(
            matches!(&left[..], [one] if one.contains("in a constant")),
            "{left:?}"
        );
    }

    #[test]
    fn a_declaration_alone_and_the_definition_are_fine() {
        assert!(refused("declare void @rust_build_error(ptr, i64, ptr)").is_empty());
        assert!(
            refused(
                "define void @rust_build_error() { ret void }\ndefine void @f() { call void @rust_build_error()\n ret void }"
            )
            .is_empty()
        );
    }
}
