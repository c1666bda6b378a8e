//! Target modifiers: flags that change the ABI, or how well a mitigation works, so that rustc does not let a crate use another one that was
//! compiled with a different value (`report_incompatible_target_modifiers` in `compiler/rustc_metadata/src/creader.rs`).
//!
//! The flags themselves go to the code generation stage, and stable rustc never hears of them: nothing of them is in a crate's metadata. So
//! they stand in the notes beside each library (`libraries.rs`), and are compared here. Which flags they are is in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use gateless_model::{Failure, Result};

use crate::invocation::{Invocation, Kind};

/// The values of the target modifiers that are set, by name with `-`.
pub type Modifiers = BTreeMap<String, String>;

/// Adds `-ZNAME=VALUE` to those that are set. A switch that is off is not set, and sanitizers add up.
pub fn set(modifiers: &mut Modifiers, name: &str, value: &str) {
    let name = name.replace('_', "-");
    let value = match value {
        "n" | "no" | "off" | "false" => {
            modifiers.remove(&name);
            return;
        }
        "y" | "yes" | "on" | "true" => "",
        value => value,
    };
    let all = modifiers.entry(name).or_default();
    let parts: BTreeSet<&str> = all.split(',').chain(value.split(',')).collect();
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    *all = parts.join(",");
}

/// Compares what a call sets with what a library was compiled with that it loads.
///
/// # Errors
/// [`gateless_model::Exit::No`] where they differ, in rustc's words, unless `-Cunsafe-allow-abi-mismatch` of the call names the flag.
pub fn check(call: &Invocation, own: &Modifiers, library: &str, its: &Modifiers) -> Result<()> {
    let names: BTreeSet<&String> = own.keys().chain(its.keys()).collect();
    let differs = |name: &&&String| own.get(**name) != its.get(**name) && !is_allowed(call, name);
    let Some(name) = names.iter().find(differs) else {
        return Ok(());
    };
    let said = |modifiers: &Modifiers| match modifiers.get(*name) {
        Some(value) => format!("`-Z{name}={value}`"),
        None => format!("unset `-Z{name}`"),
    };
    Err(Failure::no(format!(
        "mixing `-Z{name}` will cause an ABI mismatch in crate `{}`: {} in this crate is incompatible with {} in dependency `{library}`",
        call.crate_name(),
        said(own),
        said(its)
    ))
    .help(format!(
        "compile both with the same value; if you are sure this will not cause problems, you may use `-Cunsafe-allow-abi-mismatch={name}` to silence this error"
    )))
}

fn is_allowed(call: &Invocation, name: &str) -> bool {
    call.args.iter().any(|arg| match &arg.kind {
        Kind::Codegen(option, Some(names)) => {
            option.replace('_', "-") == "unsafe-allow-abi-mismatch"
                && names.split(',').any(|allowed| allowed == name)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::Tool;

    fn modifiers(flags: &[(&str, &str)]) -> Modifiers {
        let mut modifiers = Modifiers::new();
        for (name, value) in flags {
            set(&mut modifiers, name, value);
        }
        modifiers
    }

    fn checked(args: &str, own: &Modifiers, its: &Modifiers) -> Result<()> {
        let args = args.split_whitespace().map(str::to_owned).collect();
        let call = Invocation::parse(Tool::Rustc, args, &|_| unreachable!()).unwrap();
        check(&call, own, "core", its)
    }

    #[test]
    fn one_crate_with_a_modifier_and_one_without_are_refused_in_both_directions() {
        let (with, without) = (
            modifiers(&[("sanitizer", "kernel-address")]),
            modifiers(&[]),
        );
        for (own, its) in [(&with, &without), (&without, &with)] {
            let refused = checked("--crate-name=kernel k.rs", own, its).unwrap_err();
            for part in [
                "-Zsanitizer=kernel-address",
                "unset `-Zsanitizer`",
                "`kernel`",
                "`core`",
            ] {
                assert!(refused.what.contains(part), "{}", refused.what);
            }
        }
    }

    #[test]
    fn a_mismatch_is_allowed_by_the_name_of_its_flag_and_by_no_other() {
        let (own, its) = (modifiers(&[("fixed_x18", "")]), modifiers(&[]));
        let allowed = |name: &str| {
            checked(
                &format!("-Cunsafe-allow-abi-mismatch={name} k.rs"),
                &own,
                &its,
            )
        };
        assert!(allowed("fixed-x18").is_ok() && allowed("regparm,fixed-x18").is_ok());
        assert!(allowed("regparm").is_err());
    }

    #[test]
    fn spellings_of_one_value_are_the_same_value() {
        assert_eq!(
            modifiers(&[("fixed_x18", "yes")]),
            modifiers(&[("fixed-x18", "")])
        );
        assert!(modifiers(&[("fixed-x18", "y"), ("fixed-x18", "n")]).is_empty());
        let both = [
            ("sanitizer", "shadow-call-stack"),
            ("sanitizer", "kernel-address"),
        ];
        assert_eq!(
            modifiers(&both),
            modifiers(&[("sanitizer", "kernel-address,shadow-call-stack")])
        );
    }
}
