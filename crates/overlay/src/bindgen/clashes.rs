//! A structure's tag and a typedef of the same name, which C keeps apart and Rust does not.
//!
//! bindgen defines both under one name. The typedef keeps it, as C code that writes the bare name means the typedef; the tag gets
//! another. What bindgen wrote elsewhere doesn't show which of the two was meant, so the compiler is made to check that they have the same size
//! and alignment: then no structure is laid out otherwise.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A definition of the file: what it is, and its name.
static DEFINITION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^pub (type|struct|union|enum) (\w+)\b").expect("a constant"));

/// What an implementation is for, at the end of its first line.
static IMPLEMENTATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^((?:unsafe )?impl\b.*?)\b(\w+)( \{)").expect("a constant"));

/// The bindings with every tag renamed that is also the name of a typedef, and what was done.
pub fn fix(text: &str) -> (String, Vec<String>) {
    let names = |is_type: bool| -> BTreeSet<&str> {
        DEFINITION
            .captures_iter(text)
            .filter(|found| (&found[1] == "type") == is_type)
            .filter_map(|found| found.get(2).map(|name| name.as_str()))
            .collect()
    };
    let (types, tags) = (names(true), names(false));
    let both: Vec<&str> = types.intersection(&tags).copied().collect();
    if both.is_empty() {
        return (text.to_owned(), Vec::new());
    }
    let renamed = |name: &str| match both.contains(&name) {
        true => tag(name),
        false => name.to_owned(),
    };
    let fixed = DEFINITION.replace_all(text, |found: &Captures<'_>| match &found[1] {
        "type" => found[0].to_owned(),
        kind => format!("pub {kind} {}", renamed(&found[2])),
    });
    let fixed = IMPLEMENTATION.replace_all(&fixed, |found: &Captures<'_>| {
        format!("{}{}{}", &found[1], renamed(&found[2]), &found[3])
    });
    let mut fixed = fixed.into_owned();
    for name in &both {
        let tag = tag(name);
        fixed += &format!(
            "const _: () = assert!(::core::mem::size_of::<{tag}>() == ::core::mem::size_of::<{name}>() && ::core::mem::align_of::<{tag}>() == ::core::mem::align_of::<{name}>());\n"
        );
    }
    let note = |name: &&str| {
        format!(
            "`{name}` is a tag and a typedef in C: the tag is `{}` here; both have the same size and alignment, which the compiler checks",
            tag(name)
        )
    };
    let notes = both.iter().map(note).collect();
    (fixed, notes)
}

/// The other name of a tag.
fn tag(name: &str) -> String {
    format!("{name}__tag")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
#[repr(C)]
#[derive(Copy, Clone)]
pub union insn {
    pub word: ffi::c_uint,
}
impl Default for insn {
    fn default() -> Self { todo!() }
}
pub struct other {
    pub of: *mut insn,
}
impl other {
}
pub type insn = ffi::c_uint;
pub type alone = insn;
";

    #[test]
    fn a_tag_gives_way_to_a_typedef_of_its_name() {
        let (fixed, notes) = fix(TEXT);
        let expected = TEXT
            .replace("pub union insn", "pub union insn__tag")
            .replace("for insn {", "for insn__tag {");
        assert!(fixed.starts_with(&expected), "{fixed}");
        let check = fixed.strip_prefix(&expected).unwrap();
        assert!(check.contains("size_of::<insn__tag>() == ::core::mem::size_of::<insn>()"));
        assert!(notes.len() == 1 && notes[0].contains("`insn`"), "{notes:?}");
    }

    #[test]
    fn names_that_do_not_clash_stay() {
        let text = TEXT.replace("pub type insn = ffi::c_uint;\n", "");
        assert_eq!(fix(&text), (text.clone(), Vec::new()));
    }
}
