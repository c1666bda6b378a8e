//! `-Zgateless-wish=noreturn-list`: beside an object, the functions that don't return which it defines, and those which it calls.
//!
//! objtool follows code across calls, and has to know which of them come back. For C it has a list, for Rust a guess by names
//! (`is_rust_noreturn()`, tools/objtool/check.c); wished for is an `--emit=noreturn`. LLVM IR says it in the attribute `noreturn`, of a function or
//! of one call. `gateless noreturn` compares the lists of a build with what objtool knows.

use std::collections::BTreeSet;

use gateless_llvm::{Attribute, Linkage, Module, Place};
use gateless_model::noreturn::{LISTS, Noreturn};
use gateless_model::{Failure, Result, wish};

use crate::flag::{Flag, Given, Inspected, Spelling};

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoreturnList;

const NORETURN: &str = "noreturn";

impl Flag for NoreturnList {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Listed(wish::OPTION, "noreturn-list")]
    }

    fn parse(_: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self))
    }

    fn inspect(&self, module: &Module) -> Result<Inspected> {
        let list = list(module)?;
        let text = serde_json::to_string_pretty(&list)
            .map_err(|error| Failure::failed("the list can't be written").because(error))?;
        Ok(Inspected {
            lists: vec![(LISTS, text)],
            ..Inspected::default()
        })
    }
}

/// What a module defines and calls.
fn list(module: &Module) -> Result<Noreturn> {
    let (mut defined, mut called) = (BTreeSet::new(), BTreeSet::new());
    for function in module.functions()? {
        if function.is_intrinsic()? {
            continue;
        }
        let is_noreturn = function.attribute(NORETURN)?.is_some();
        if !function.is_declaration()? {
            let is_private = matches!(function.linkage()?, Linkage::Internal | Linkage::Private);
            if is_noreturn && !is_private {
                defined.insert(function.name()?);
            }
            continue;
        }
        for user in function.users()? {
            let Some(call) = user.as_instruction()? else {
                continue;
            };
            let is_called = call.called()? == Some(function.into());
            if is_called && (is_noreturn || has_noreturn(&call.attributes(Place::Function)?)) {
                called.insert(function.name()?);
            }
        }
    }
    Ok(Noreturn {
        defined: defined.into_iter().collect(),
        called: called.into_iter().collect(),
    })
}

fn has_noreturn(attributes: &[Attribute<'_>]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.name() == NORETURN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn what_is_defined_for_others_and_what_is_called_of_others_is_listed() {
        let module = Fixture::x86(
            "define void @public() noreturn { unreachable }\ndefine internal void @own() noreturn { unreachable }\n\
             define void @returns() { call void @other() \n call void @comes_back()\n call void @by_this_call() noreturn\n unreachable }\n\
             declare void @other() noreturn\ndeclare void @comes_back()\ndeclare void @by_this_call()\ndeclare void @not_called() noreturn\n\
             declare void @llvm.trap() noreturn\ndefine void @traps() { call void @llvm.trap()\n unreachable }",
        )
        .module();
        let found = list(&module).unwrap();
        assert_eq!(found.defined, ["public"]);
        assert_eq!(found.called, ["by_this_call", "other"]);
    }
}
