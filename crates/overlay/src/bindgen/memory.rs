//! `memcpy` and its like, which an architecture's headers may have as macros alone, so that bindgen sees no function.
//!
//! Compilers call these four wherever they like, so every kernel has them as functions of this type.

use std::sync::LazyLock;

use regex::Regex;

/// Each with its declaration, as bindgen writes it for other architectures.
const FUNCTIONS: [(&str, &str); 4] = [
    (
        "memcmp",
        "(a: *const ffi::c_void, b: *const ffi::c_void, count: usize) -> ffi::c_int",
    ),
    (
        "memcpy",
        "(to: *mut ffi::c_void, from: *const ffi::c_void, count: usize) -> *mut ffi::c_void",
    ),
    (
        "memmove",
        "(to: *mut ffi::c_void, from: *const ffi::c_void, count: usize) -> *mut ffi::c_void",
    ),
    (
        "memset",
        "(to: *mut ffi::c_void, byte: ffi::c_int, count: usize) -> *mut ffi::c_void",
    ),
];

static FUNCTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)\bpub fn (mem\w+)\(").expect("a constant"));

/// The bindings with those of the four that are missing where others of them are declared, and what was done.
pub fn fix(text: &str) -> (String, Vec<String>) {
    let declared: Vec<&str> = FUNCTION
        .captures_iter(text)
        .filter_map(|found| found.get(1).map(|name| name.as_str()))
        .collect();
    let is_declared = |name: &str| declared.contains(&name);
    let (mut fixed, mut notes) = (text.to_owned(), Vec::new());
    if FUNCTIONS.iter().any(|(name, _)| is_declared(name)) {
        for (name, signature) in FUNCTIONS.iter().filter(|(name, _)| !is_declared(name)) {
            fixed += &format!("unsafe extern \"C\" {{\n    pub fn {name}{signature};\n}}\n");
            notes.push(format!(
                "`{name}` is a macro alone in C: the function is declared here, which the compiler may call anyway"
            ));
        }
    }
    (fixed, notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: &str = "unsafe extern \"C\" {\n    pub fn memcmp(a: u8);\n}\nunsafe extern \"C\" {\n    pub fn memset(a: u8);\n    pub fn memmove(a: u8);\n}\n";

    #[test]
    fn a_function_that_is_a_macro_is_declared_where_its_like_are() {
        let (fixed, notes) = fix(OTHERS);
        let added = fixed.strip_prefix(OTHERS).unwrap();
        assert!(
            added.contains("pub fn memcpy(to: *mut ffi::c_void, "),
            "{added}"
        );
        assert_eq!((added.matches("pub fn").count(), notes.len()), (1, 1));
    }

    #[test]
    fn bindings_without_any_of_them_get_none() {
        let text = "unsafe extern \"C\" {\n    pub fn memblock(a: u8);\n}\n";
        assert_eq!(fix(text), (text.to_owned(), Vec::new()));
    }
}
