//! rustc's stable `-C` options in calls whose code is generated outside of rustc: each has its effect in the bitcode, or is dealt with by the code
//! generation stage, or concerns linking only; all others are refused, so that none is lost.

use gateless_model::{Failure, Result};

use crate::invocation::{Invocation, Kind};

/// Options with any value.
const KNOWN: &[&str] = &[
    // In the bitcode or the symbols' names already.
    "codegen-units",
    "collapse-macro-debuginfo",
    "debug-assertions",
    "debuginfo",
    "dwarf-version",
    "extra-filename",
    "force-frame-pointers",
    "force-unwind-tables",
    "jump-tables",
    "metadata",
    "overflow-checks",
    "panic",
    "symbol-mangling-version",
    "target-feature",
    // Dealt with by the stage.
    "code-model",
    "llvm-args",
    "no-redzone",
    "opt-level",
    "passes",
    "relocation-model",
    "target-cpu",
    "unsafe-allow-abi-mismatch",
    // For linking.
    "ar",
    "default-linker-libraries",
    "dlltool",
    "link-arg",
    "link-args",
    "link-dead-code",
    "link-self-contained",
    "linker",
    "linker-features",
    "linker-flavor",
    "prefer-dynamic",
    "relro-level",
    "rpath",
    "strip",
    // Without effect in rustc, too.
    "inline-threshold",
    "no-stack-check",
];

/// Options of the optimiser and of code generation that the stage does not have: they may be off.
const OFF_ONLY: &[&str] = &[
    "control-flow-guard",
    "embed-bitcode",
    "instrument-coverage",
    "linker-plugin-lto",
    "lto",
    "no-prepopulate-passes",
    "no-vectorize-loops",
    "no-vectorize-slp",
    "save-temps",
    "soft-float",
    "split-debuginfo",
];

/// Fails for the first option that would be lost, and names it.
pub fn check(call: &Invocation) -> Result<()> {
    for arg in &call.args {
        let Kind::Codegen(name, value) = &arg.kind else {
            continue;
        };
        let known = name.replace('_', "-");
        let off = matches!(value.as_deref(), Some("n" | "no" | "off" | "false"));
        let taken = KNOWN.contains(&known.as_str()) || (off && OFF_ONLY.contains(&known.as_str()));
        if !taken {
            return Err(Failure::no(format!(
                "`{}` is not known to the code generation stage",
                arg.tokens().join(" ")
            ))
            .help("its effect would be missing from the object; leave it out"));
        }
    }
    Ok(())
}

/// What the call passes to LLVM itself in all `-Cllvm-args`. rustc gets it as well, and checks it.
pub fn llvm_args(call: &Invocation) -> Vec<String> {
    let lists = call.args.iter().filter_map(|arg| match &arg.kind {
        Kind::Codegen(name, Some(list)) if name.replace('_', "-") == "llvm-args" => Some(list),
        _ => None,
    });
    let words = lists.flat_map(|list| list.split_whitespace());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::Tool;

    fn call(options: &[&str]) -> Invocation {
        let arguments = options.iter().map(|option| (*option).to_owned()).collect();
        Invocation::parse(Tool::Rustc, arguments, &|path| panic!("{path} was read")).unwrap()
    }

    #[test]
    fn an_option_that_the_stage_does_not_have_is_refused_unless_it_is_off() {
        for good in [
            "-Copt-level=2",
            "-Clto=n",
            "-Cembed_bitcode=no",
            "-Cllvm-args=-x",
        ] {
            check(&call(&[good])).unwrap();
        }
        for bad in [
            "-Clto=thin",
            "-Cno-vectorize-loops",
            "-Cprofile-use=p",
            "-Cnot-yet-there=1",
        ] {
            let failure = check(&call(&[bad])).unwrap_err();
            assert!(failure.what.contains(bad), "{failure}");
        }
    }
}
