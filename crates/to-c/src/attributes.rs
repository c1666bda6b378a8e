//! What becomes of attributes: each is translated, is a hint that may be dropped, or is a matter of the C compiler's flags. Others are refused.

use gateless_llvm::{Attribute, Function, Instruction, Place, Type};
use gateless_model::Result;

use crate::refusal::not_known;
use crate::unit::Unit;

/// What they promise can be forgotten: code without them does the same.
const HINTS: [&str; 47] = [
    "align",
    "alwaysinline",
    "allocalign",
    "alloc-family",
    "alloc-variant-zeroed",
    "allockind",
    "allocptr",
    "allocsize",
    "captures",
    "dead_on_return",
    "dead_on_unwind",
    "dereferenceable",
    "dereferenceable_or_null",
    "hot",
    "immarg",
    "initializes",
    "inlinehint",
    "memory",
    "minsize",
    "mustprogress",
    "noalias",
    "nocallback",
    "nocapture",
    "nocreateundeforpoison",
    "nofpclass",
    "nofree",
    "nomerge",
    "nonlazybind",
    "nonnull",
    "norecurse",
    "nosync",
    "noundef",
    "nounwind",
    "optnone",
    "optsize",
    "range",
    "readnone",
    "readonly",
    "returned",
    "speculatable",
    "willreturn",
    "writable",
    "writeonly",
    "zeroext",
    "null_pointer_is_valid",
    "no-builtins",
    "no-trapping-math",
];

/// What the C compiler does for a whole file, as its own flags have it: whoever calls it passes on what rustc was asked for.
const FLAGS: [&str; 30] = [
    "branch-target-enforcement",
    "fn_ret_thunk_extern",
    "frame-pointer",
    "function-instrument",
    "guarded-control-stack",
    "indirect-branch-cs-prefix",
    "indirect-branch-tracking",
    "instrument-function-entry-inlined",
    "instrument-function-exit-inlined",
    "no-jump-tables",
    "nocf_check",
    "noredzone",
    "patchable-function",
    "patchable-function-entry",
    "patchable-function-prefix",
    "patchable-function-entry-section",
    "probe-stack",
    "sanitize_address",
    "shadowcallstack",
    "sign-return-address",
    "sign-return-address-key",
    "ssp",
    "sspreq",
    "sspstrong",
    "target-cpu",
    "tune-cpu",
    "uwtable",
    "use-soft-float",
    "warn-stack-size",
    "zero-call-used-regs",
];

/// What C says of a function in its own attributes.
const TRANSLATED: [&str; 5] = ["noreturn", "cold", "noinline", "signext", "returns_twice"];

/// What is said of a parameter or a result.
#[derive(Default)]
pub(crate) struct OfValue<'m> {
    /// `signext`
    pub is_signed: bool,
    /// `sret`
    pub place: bool,
    /// `byval`, with the alignment.
    pub copy: Option<(Type<'m>, u64)>,
}

pub(crate) fn of_value<'m>(attributes: &[Attribute<'m>]) -> Result<OfValue<'m>> {
    let mut said = OfValue::default();
    let mut alignment = 1;
    for attribute in attributes {
        match attribute {
            Attribute::Number(name, _) if name == "signext" => said.is_signed = true,
            Attribute::Number(name, number) if name == "align" => alignment = *number,
            Attribute::Type(name, _) if name == "sret" => said.place = true,
            Attribute::Type(name, ty) if name == "byval" => said.copy = Some((*ty, 1)),
            // Of the arguments of assembly and of intrinsics, which look at it themselves.
            Attribute::Type(name, _) if name == "elementtype" => {}
            other => known(other)?,
        }
    }
    if let Some((_, of_copy)) = &mut said.copy {
        *of_copy = alignment;
    }
    Ok(said)
}

fn known(attribute: &Attribute<'_>) -> Result<()> {
    let name = attribute.name();
    let known = [&HINTS[..], &FLAGS[..], &TRANSLATED[..]];
    match known.iter().any(|names| names.contains(&name)) {
        true => Ok(()),
        false => Err(not_known(format!("the attribute {name}"))),
    }
}

/// C's attributes for a function.
pub(crate) fn of_function<'m>(unit: &Unit<'m>, function: Function<'m>) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for attribute in function.attributes(Place::Function)? {
        match attribute.name() {
            "target-features" => {
                if let Attribute::Text(_, features) = &attribute
                    && unit.features.as_ref() != Some(features)
                    && !function.is_declaration()?
                {
                    return Err(not_known(format!(
                        "target features of its own ({features})"
                    )));
                }
            }
            name @ ("noreturn" | "cold" | "noinline" | "returns_twice") => {
                all.push(name.to_owned())
            }
            _ => known(&attribute)?,
        }
    }
    Ok(all)
}

/// Whether a call never returns; its other attributes have to be known as well.
pub(crate) fn of_call(call: Instruction<'_>) -> Result<bool> {
    let mut is_last = false;
    for attribute in call.attributes(Place::Function)? {
        is_last |= attribute.name() == "noreturn";
        known(&attribute)?;
    }
    Ok(is_last)
}
