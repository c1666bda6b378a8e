//! Flags of the kernel's C compiler that libclang refuses.
//!
//! `rust/Makefile` takes off those of gcc's that the architectures with Rust have. Of the others libclang itself says which they are: what it
//! names is left out, and bindgen is run again.

use std::ffi::OsString;
use std::sync::LazyLock;

use regex::Regex;

/// What libclang says of a flag that it doesn't know.
static UNKNOWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)error: (?:unknown argument|unsupported option|unsupported argument)[^':]*:? '([^'\n]+)'(?: to option '([^'\n]+)')?")
        .expect("a constant")
});

/// What it says of a processor that it knows by no such name.
static PROCESSOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)error: unknown target CPU '([^'\n]+)'").expect("a constant"));

/// Takes the flags that `said` refuses out of `args`; they are the answer, and nothing if there is none among the arguments.
pub fn drop_unknown(args: &mut Vec<OsString>, said: &str) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for found in UNKNOWN.captures_iter(said) {
        named.push(match found.get(2) {
            Some(option) => format!("{}{}", option.as_str(), &found[1]),
            None => found[1].to_owned(),
        });
    }
    for found in PROCESSOR.captures_iter(said) {
        named.extend(["-mcpu=", "-mtune=", "-march="].map(|flag| format!("{flag}{}", &found[1])));
    }
    let mut dropped: Vec<String> = Vec::new();
    args.retain(|arg| {
        let is_named = arg
            .to_str()
            .filter(|arg| named.iter().any(|name| name == arg));
        if let Some(flag) = is_named
            && !dropped.iter().any(|known| known == flag)
        {
            dropped.push(flag.to_owned());
        }
        is_named.is_none()
    });
    dropped
}

/// What is noted of the flags that were left out.
pub fn note(dropped: &[String]) -> String {
    format!(
        "libclang does not know {}: left out; they are gcc's",
        dropped
            .iter()
            .map(|flag| format!("`{flag}`"))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libclang_names_is_left_out_and_nothing_else() {
        let mut args: Vec<OsString> = [
            "x.h",
            "-fcall-used-g7",
            "-mcpu=ultrasparc",
            "-mno-fpu",
            "-DX",
            "-fcall-used-g7",
        ]
        .map(OsString::from)
        .into();
        let said = "error: unknown argument: '-fcall-used-g7'\nerror: unknown target CPU 'ultrasparc'\nnote: valid target CPU values are: v8\nerror: unsupported option '-mother' for target 'sparc64'\n";
        assert_eq!(
            drop_unknown(&mut args, said),
            ["-fcall-used-g7", "-mcpu=ultrasparc"]
        );
        assert_eq!(args, ["x.h", "-mno-fpu", "-DX"]);
        assert!(drop_unknown(&mut args, "error: unknown type name 'foo'\n").is_empty());
    }
}
