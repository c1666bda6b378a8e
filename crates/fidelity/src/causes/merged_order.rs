//! The order of strings and constants in a section that the linker merges.

use object::elf;

use super::{Cause, Evidence};
use crate::difference::{Difference, Subject};
use crate::object::Object;

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "merged-order",
    title: "order of strings and constants that the linker merges",
    words: "The compiler writes strings and constants in the order in which it comes across them, which lowering may change. The linker throws equal ones \
            together and puts them in an order of its own, and nothing but relocations refers to them. Accepted only for a section that is marked as \
            mergeable in both builds, has no relocations, and holds the same strings or constants in both, each as often.",
    explains,
};

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    let (gated, gateless) = evidence.objects;
    difference.subject == Subject::Layout
        && match (
            elements(gated, &difference.name),
            elements(gateless, &difference.name),
        ) {
            (Some(gated), Some(gateless)) => !gated.is_empty() && gated == gateless,
            _ => false,
        }
}

/// What the mergeable sections of this name hold, sorted; nothing if they are not all mergeable, or hold anything else.
fn elements(object: &Object, name: &str) -> Option<Vec<Vec<u8>>> {
    let mut elements = Vec::new();
    for item in object
        .items
        .iter()
        .filter(|item| object.sections[item.section].name == name)
    {
        let section = &object.sections[item.section];
        if section.flags & u64::from(elf::SHF_MERGE) == 0 || !section.relocations.is_empty() {
            return None;
        }
        elements.push(object.content(item));
    }
    elements.sort();
    Some(elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::Finding;

    #[test]
    fn only_the_same_strings_in_a_mergeable_section_are_explained() {
        let (_keep, directory) = crate::directory::tests_directory();
        let difference = Difference::new(Subject::Layout, "s", Finding::Changed(Vec::new()));
        let strings = |bytes: &[u8], flags: u32| {
            let mut object = crate::object::tests_object();
            object.add_section("s", flags, bytes, &[(0, 2), (2, 4)]);
            object
        };
        let merge = elf::SHF_MERGE | elf::SHF_STRINGS;
        let explained = |a: &Object, b: &Object| {
            explains(
                &difference,
                &Evidence {
                    gateless: &directory,
                    objects: (a, b),
                    renamed: None,
                },
            )
        };
        assert!(explained(
            &strings(b"a\0b\0", merge),
            &strings(b"b\0a\0", merge)
        ));
        assert!(
            !explained(&strings(b"a\0b\0", merge), &strings(b"b\0c\0", merge)),
            "another string"
        );
        assert!(
            !explained(&strings(b"a\0b\0", 0), &strings(b"b\0a\0", merge)),
            "not mergeable"
        );
        assert!(
            !explained(
                &crate::object::tests_object(),
                &crate::object::tests_object()
            ),
            "no such section"
        );
    }
}
