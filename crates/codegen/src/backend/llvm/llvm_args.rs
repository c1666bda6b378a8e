//! `-Cllvm-args`: options of LLVM itself, which is stable.
//!
//! Most of them are global variables of libLLVM. Those in llvm/lib/CodeGen/CommandFlags.cpp are not: they are there in a program that asks for them,
//! as rustc does (RegisterCodeGenFlags in compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which makes its target options from them
//! (InitTargetOptionsFromCodeGenFlags in LLVMRustCreateTargetMachine). LLVM's C API has neither, and would pass over such an option in silence.

use gateless_model::{Failure, Result};

/// The options of CommandFlags.cpp in LLVM 22; an alias there has its own name.
const OF_PROGRAMS: &[&str] = &[
    "addrsig",
    "align-loops",
    "basic-block-address-map",
    "basic-block-sections",
    "call-graph-section",
    "code-model",
    "data-sections",
    "debug-entry-values",
    "debugger-tune",
    "denormal-fp-math",
    "denormal-fp-math-f32",
    "disable-tail-calls",
    "emit-call-site-info",
    "emulated-tls",
    "enable-jmc-instrument",
    "enable-no-infs-fp-math",
    "enable-no-nans-fp-math",
    "enable-no-signed-zeros-fp-math",
    "enable-no-trapping-fp-math",
    "enable-sign-dependent-rounding-fp-math",
    "enable-tlsdesc",
    "exception-model",
    "filetype",
    "float-abi",
    "force-dwarf-frame-section",
    "fp-contract",
    "frame-pointer",
    "function-sections",
    "ignore-xcoff-visibility",
    "large-data-threshold",
    "march",
    "mattr",
    "mcpu",
    "meabi",
    "mxcoff-roptr",
    "no-integrated-as",
    "nozero-initialized-in-bss",
    "partition-static-data-sections",
    "relocation-model",
    "separate-named-sections",
    "split-machine-functions",
    "stack-size-section",
    "stack-symbol-ordering",
    "stackrealign",
    "strict-dwarf",
    "swift-async-fp",
    "tailcallopt",
    "thread-model",
    "tls-size",
    "trap-func",
    "unique-basic-block-section-names",
    "unique-section-names",
    "use-ctors",
    "vec-extabi",
    "vector-library",
    "xcoff-traceback-table",
    "xray-function-index",
];

/// Options of programs that libLLVM has under another name, with the same effect.
const ALSO: &[(&str, &str)] = &[
    // Either makes TargetPassConfig::addMachinePasses split functions (llvm/lib/CodeGen/TargetPassConfig.cpp).
    ("split-machine-functions", "enable-split-machine-functions"),
];

/// The options as libLLVM has them.
///
/// Fails for one that only a program has and that has no counterpart.
pub fn of_library(options: &[String]) -> Result<Vec<String>> {
    options.iter().map(|option| one(option)).collect()
}

fn one(option: &str) -> Result<String> {
    let bare = option.trim_start_matches('-');
    let name = bare.split('=').next().unwrap_or(bare);
    if !OF_PROGRAMS.contains(&name) || bare.len() == option.len() {
        return Ok(option.to_owned());
    }
    let also = ALSO.iter().find(|(of_program, _)| *of_program == name);
    let (_, of_library) = also.ok_or_else(|| {
        Failure::no(format!(
            "`-Cllvm-args={option}`: rustc sets LLVM's target options from it, which LLVM's C API has no setter for"
        ))
        .help("leave it out, or ask for the effect by an option of rustc")
    })?;
    Ok(option.replacen(name, of_library, 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use super::*;

    fn translated(option: &str) -> Result<String> {
        Ok(of_library(&[option.to_owned()])?.remove(0))
    }

    #[test]
    fn an_option_that_the_library_would_pass_over_is_translated_or_refused() {
        for (given, wanted) in [
            (
                "-split-machine-functions",
                "-enable-split-machine-functions",
            ),
            (
                "--split-machine-functions=false",
                "--enable-split-machine-functions=false",
            ),
            ("-asan-stack=1", "-asan-stack=1"),
            ("mcpu", "mcpu"),
        ] {
            assert_eq!(translated(given).unwrap(), wanted);
        }
        let failure = translated("-basic-block-sections=all").unwrap_err();
        assert!(
            failure.what.contains("-basic-block-sections=all"),
            "{failure}"
        );
    }

    /// Names of options in what `-help-list-hidden` prints: those that take a line of their own.
    fn listed(text: &str) -> BTreeSet<&str> {
        text.lines()
            .filter_map(|line| line.strip_prefix("  -"))
            .filter_map(|line| line.trim_start_matches('-').split([' ', '=', '[']).next())
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// In a process of its own: LLVM prints the list and exits.
    #[test]
    fn the_list_is_what_this_compiler_knows_and_its_library_does_not() {
        const MARK: &str = "GATELESS_TEST_PRINTS_LLVM_OPTIONS";
        if std::env::var_os(MARK).is_some() {
            crate::testing::print_llvm_options();
        }
        let (_, module) = module_path!().split_once("::").unwrap();
        let this =
            format!("{module}::the_list_is_what_this_compiler_knows_and_its_library_does_not");
        let library = Command::new(std::env::current_exe().unwrap())
            .args([this.as_str(), "--exact", "--nocapture"])
            .env(MARK, "1")
            .output()
            .unwrap();
        let rustc = Command::new("rustc")
            .args(["-Cllvm-args=-help-list-hidden", "-"])
            .output()
            .unwrap();
        let (library, rustc) = (
            String::from_utf8(library.stdout).unwrap(),
            String::from_utf8(rustc.stdout).unwrap(),
        );
        let (library, rustc) = (listed(&library), listed(&rustc));
        assert!(
            library.contains("asan-stack"),
            "no list was printed: {library:?}"
        );
        let lost: Vec<_> = rustc.difference(&library).copied().collect();
        assert_eq!(lost, OF_PROGRAMS);
    }
}
