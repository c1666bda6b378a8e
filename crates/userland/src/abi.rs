//! A module that checks the ABI between C and Rust on the machine itself: C calls Rust and Rust calls C.
//!
//! Both halves are generated here: signatures of every scalar type, of enumerations, of structures of 1 to 32 bytes by value, and mixtures of them, each with
//! values that a wrong register, a wrong extension or a wrong place shows. The halves agree by a sum over all values, computed on both sides.
//! The C half is compiled by the kernel's own compiler and is a KUnit suite; it also compares sizes and alignments, and has one signature that
//! Rust declares wrong on purpose: the suite fails unless that is noticed.

mod signature;
mod text;

use signature::{Facts, Signature, signatures};

/// The module's name, and the suite's.
pub const NAME: &str = "gateless_abi";

/// The module's sources, each with its name, for a kernel in whose configuration `is_on` tells whether a symbol is on.
pub fn sources(is_on: &dyn Fn(&str) -> bool) -> Vec<(&'static str, String)> {
    let facts = Facts {
        is_64_bit: is_on("64BIT"),
        // Structures that clang passes in registers are refused there where Rust code calls such a function.
        has_structures: !is_on("X86_32"),
    };
    let all: Vec<Signature> = signatures(facts);
    vec![
        (
            "Kbuild",
            format!("obj-m := {NAME}.o\n{NAME}-y := abi_c.o abi_rust.o\n"),
        ),
        ("abi_c.c", text::c(&all, facts)),
        ("abi_rust.rs", text::rust(&all, facts)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, on: &[&str]) -> String {
        let sources = sources(&|symbol| on.contains(&symbol));
        let found = sources.into_iter().find(|(file, _)| *file == name);
        found.unwrap().1
    }

    #[test]
    fn each_function_of_one_half_is_declared_in_the_other() {
        let (c, rust) = (text("abi_c.c", &["64BIT"]), text("abi_rust.rs", &["64BIT"]));
        for index in 0..signatures(Facts {
            is_64_bit: true,
            has_structures: true,
        })
        .len()
        {
            for name in [
                format!(" c_take_{index}("),
                format!(" rust_take_{index}("),
                format!(" rust_call_{index}("),
            ] {
                assert!(c.contains(&name) && rust.contains(&name), "{name}");
            }
        }
    }

    #[test]
    fn structures_of_1_to_32_bytes_are_passed_where_the_binding_allows_it() {
        let c = text("abi_c.c", &[]);
        for size in 1..=32 {
            assert!(c.contains(&format!("struct bytes{size} ")), "{size}");
        }
        assert!(!text("abi_c.c", &["X86_32"]).contains("struct bytes"));
        assert!(!c.contains("__int128") && text("abi_c.c", &["64BIT"]).contains("__int128"));
    }
}
