//! kCFI's numbers put where LLVM looks for them: `!kcfi_type` of functions, the operand bundle `"kcfi"` of indirect calls, and module flags.
//!
//! rustc does this in `set_kcfi_type_metadata` and `kcfi_operand_bundle` (compiler/rustc_codegen_llvm/src/type_.rs, builder.rs) and in
//! `create_module` (context.rs). The numbers are `gateless-kcfi`'s.

use gateless_kcfi::Numbers;
use gateless_llvm::{FlagBehavior, Module};
use gateless_model::{Failure, Result};

/// What functions say of the nops before them, see `flags/patchable_function_entry.rs`.
const PREFIX: &str = "patchable-function-prefix";

/// Gives functions and calls their numbers, before anything else is changed: calls are known by their places.
pub fn annotate(module: &mut Module, numbers: &Numbers) -> Result<()> {
    for (place, number) in &numbers.calls {
        module.add_bundle(place.clone(), "kcfi", *number)?;
    }
    let kind = module.metadata_kind("kcfi_type")?;
    for (name, number) in &numbers.functions {
        let function = module
            .function(name)?
            .ok_or_else(|| Failure::failed(format!("the module has no function {name}")))?;
        function.set_metadata(kind, &module.number_node(*number)?)?;
    }
    for (old, new) in &numbers.names {
        if let Some(function) = module.function(old)? {
            function.set_name(new)?;
            if let Some(subprogram) = function.subprogram()? {
                subprogram.set_linkage_name(new)?;
            }
        }
    }
    Ok(())
}

/// Says that there are numbers, after the flags, of which one moves them away from their functions.
pub fn flag(module: &Module, numbers: &Numbers) -> Result<()> {
    module.set_flag(FlagBehavior::Override, "kcfi", 1)?;
    if numbers.normalized {
        module.set_flag(FlagBehavior::Override, "cfi-normalize-integers", 1)?;
    }
    if let Some(offset) = prefix(module)? {
        module.set_flag(FlagBehavior::Override, "kcfi-offset", offset)?;
    }
    Ok(())
}

/// The number of nops before functions, if there are any.
fn prefix(module: &Module) -> Result<Option<u32>> {
    for function in module.functions()? {
        if let Some(text) = function.text_attribute(PREFIX)? {
            let number = text.parse().map_err(|error| {
                Failure::failed(format!("{PREFIX}={text} is no number")).because(error)
            })?;
            return Ok(Some(number));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use gateless_llvm::CallPlace;

    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn functions_calls_and_module_have_what_llvm_looks_for() {
        let text = "define void @f(ptr %p) \"patchable-function-prefix\"=\"11\" { call void %p()\n ret void }\ndefine void @g() { ret void }";
        let mut module = Fixture::x86(text).module();
        let place = CallPlace {
            function: "f".into(),
            instruction: 0,
        };
        let numbers = Numbers {
            functions: BTreeMap::from([("f".into(), 7)]),
            calls: vec![(place, 5)],
            names: BTreeMap::from([("g".into(), "h".into())]),
            normalized: true,
            ..Numbers::default()
        };
        annotate(&mut module, &numbers).unwrap();
        flag(&module, &numbers).unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        for wanted in [
            "call void %p() [ \"kcfi\"(i32 5) ]",
            "define void @h()",
            "!{i32 4, !\"kcfi\", i32 1}",
            "!{i32 4, !\"cfi-normalize-integers\", i32 1}",
            "!{i32 4, !\"kcfi-offset\", i32 11}",
            "!{i32 7}",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert_eq!(text.matches("!kcfi_type").count(), 1, "{text}");
    }
}
