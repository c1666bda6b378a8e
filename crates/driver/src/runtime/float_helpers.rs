//! Floating-point helpers that a prebuilt `core` calls and the kernel has not.
//!
//! Kbuild compiles `core` with `--cfg no_fp_fmt_parse`, without formatting and parsing of floating-point numbers; a prebuilt one has
//! them, and without floating-point registers its arithmetic becomes calls of the compiler's runtime library (compiler-rt,
//! lib/builtins). The kernel's file of panicking intrinsics defines those that upstream's `core` calls. More of its kind are added
//! for what is still undefined.

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use object::{Object, ObjectSymbol};

/// Operations in the names of compiler-rt's floating-point helpers.
const OPERATIONS: &[&str] = &[
    "add", "sub", "mul", "div", "neg", "cmp", "eq", "ne", "lt", "le", "gt", "ge", "unord", "powi",
    "extend", "trunc", "fixuns", "fix", "floatun", "float",
];
/// Operand types in the same names: floating-point ones (half, brain, single, double, extended, quad) and integers.
const FLOATS: &[&str] = &["hf", "bf", "sf", "df", "xf", "tf"];
const INTEGERS: &[&str] = &["si", "di", "ti"];

/// The source of panicking stubs for the helpers that `object` calls and nobody defines, on one line.
///
/// # Errors
/// When the object can't be read: it is made before the crate of the intrinsics (rust/Makefile).
pub fn source(object: &Utf8Path) -> Result<String> {
    let bytes = fs_err::read(object)?;
    let file = object::File::parse(&*bytes).map_err(|error| {
        Failure::failed(format!("{object} is not an object file")).because(error)
    })?;
    let mut names: Vec<&str> = file
        .symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| symbol.name().ok())
        .filter(|name| is_helper(name))
        .collect();
    names.sort_unstable();
    Ok(names
        .iter()
        .map(|name| format!(" #[doc(hidden)] #[unsafe(no_mangle)] pub extern \"C\" fn {name}() {{ panic!(\"floating point should not be used\") }}"))
        .collect())
}

/// Whether a symbol is a floating-point helper of compiler-rt, such as `__divdf3`.
fn is_helper(name: &str) -> bool {
    let Some(name) = name.strip_prefix("__") else {
        return false;
    };
    OPERATIONS
        .iter()
        .filter_map(|operation| name.strip_prefix(operation))
        .any(|types| {
            let mut types = types.trim_end_matches(|c: char| c.is_ascii_digit());
            let mut float = false;
            while types.len() >= 2 && types.is_char_boundary(2) {
                let (first, rest) = types.split_at(2);
                float |= FLOATS.contains(&first);
                if !FLOATS.contains(&first) && !INTEGERS.contains(&first) {
                    return false;
                }
                types = rest;
            }
            float && types.is_empty()
        })
}

#[cfg(test)]
mod tests {
    use super::is_helper;

    #[test]
    fn only_floating_point_helpers_are_stood_in_for() {
        for name in [
            "__divdf3",
            "__floatdisf",
            "__nedf2",
            "__extendhfsf2",
            "__truncsfhf2",
            "__fixunsdfti",
            "__powisf2",
        ] {
            assert!(is_helper(name), "{name}");
        }
        for name in [
            "__udivti3",
            "__multi3",
            "__rust__divdf3",
            "memcpy",
            "__addvsi3",
            "__divdf",
            "__fix",
            "__é",
            "__divsfx",
        ] {
            assert_eq!(is_helper(name), name == "__divdf", "{name}");
        }
    }
}
