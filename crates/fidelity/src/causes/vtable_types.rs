//! The types by which debug information describes vtables.

use super::{Cause, Evidence, dynamic_calls};
use crate::difference::{Difference, Finding, Subject};
use crate::dwarf::Entry;

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "vtable-types",
    title: "entries that debug information lists for a vtable",
    words: "Where calls through a trait object are lowered (cause dynamic-calls), the trait's vtables have other entries, and the type by which debug information describes a \
            vtable lists them. Accepted only in an object to which lowering added such functions, for types of vtables that differ in their size and in members that stand for entries \
            (pointers, named after their places), and only if the sizes differ by as many pointers as the members. The vtables themselves are compared as data.",
    explains,
};

/// The end of the names that rustc gives these types (compiler/rustc_codegen_llvm/src/debuginfo/metadata.rs).
const TYPE: &str = "::{vtable_type}";
const MEMBERS: [&str; 2] = ["__method", "__super_trait_ptr"];
const POINTER: u64 = 8;

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    match (difference.subject, &difference.finding) {
        (Subject::DebugEntry, Finding::Entries(entries)) => {
            difference.name.ends_with(TYPE)
                && only_entries_differ(entries)
                && dynamic_calls::are_lowered(evidence.objects.1)
        }
        _ => false,
    }
}

fn only_entries_differ(entries: &[(Option<Entry>, Option<Entry>)]) -> bool {
    let (mut more, mut larger) = (0i128, 0i128);
    for pair in entries {
        match pair {
            (Some(gated), Some(gateless)) => match grown(gated, gateless) {
                Some(by) => larger += by,
                None => return false,
            },
            (Some(gated), None) if is_slot(gated) => more -= 1,
            (None, Some(gateless)) if is_slot(gateless) => more += 1,
            _ => return false,
        }
    }
    larger == more * i128::from(POINTER)
}

/// By how much the type has grown, if that is all, and it is no member.
fn grown(gated: &Entry, gateless: &Entry) -> Option<i128> {
    const SIZE: &str = "DW_AT_byte_size";
    let size = |entry: &Entry| -> Option<i128> {
        let mut sizes = entry.attributes.iter().filter(|(name, _)| name == SIZE);
        sizes.next()?.1.parse().ok()
    };
    let others = |entry: &Entry| -> Vec<(String, String)> {
        let mut others = entry.attributes.clone();
        others.retain(|(name, _)| name != SIZE);
        others
    };
    (gated.tag == gateless.tag
        && gated.tag == "structure_type"
        && others(gated) == others(gateless))
    .then(|| Some(size(gateless)? - size(gated)?))?
}

/// Whether an entry is a member that stands for an entry of a vtable.
fn is_slot(entry: &Entry) -> bool {
    let value = |attribute: &str| {
        let mut found = entry
            .attributes
            .iter()
            .filter(|(name, _)| name == attribute);
        found.next().map(|(_, value)| value.as_str())
    };
    let is_named = value("DW_AT_name").is_some_and(|name| {
        MEMBERS.iter().any(|prefix| {
            name.strip_prefix(prefix)
                .is_some_and(|number| number.parse::<u32>().is_ok())
        })
    });
    entry.tag == "member"
        && is_named
        && value("DW_AT_type").is_some_and(|of| of.starts_with("pointer_type "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(tag: &str, attributes: &[(&str, &str)]) -> Option<Entry> {
        Some(Entry {
            tag: tag.to_owned(),
            owner: String::new(),
            path: String::new(),
            attributes: attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        })
    }

    #[test]
    fn only_members_for_entries_and_their_size_are_explained() {
        let sized = |size| {
            entry(
                "structure_type",
                &[("DW_AT_name", "t"), ("DW_AT_byte_size", size)],
            )
        };
        let member = |name, of| entry("member", &[("DW_AT_name", name), ("DW_AT_type", of)]);
        let slot = || member("__super_trait_ptr5", "pointer_type *const ()");
        assert!(only_entries_differ(&[
            (sized("40"), sized("48")),
            (None, slot())
        ]));
        assert!(
            !only_entries_differ(&[(sized("40"), sized("56")), (None, slot())]),
            "another size"
        );
        assert!(
            !only_entries_differ(&[
                (sized("40"), sized("48")),
                (None, member("field", "pointer_type *const ()"))
            ]),
            "another member"
        );
        assert!(
            !only_entries_differ(&[
                (sized("40"), sized("48")),
                (None, member("__method5", "base_type u64"))
            ]),
            "no pointer"
        );
        assert!(
            !only_entries_differ(&[(
                sized("40"),
                entry(
                    "structure_type",
                    &[("DW_AT_name", "u"), ("DW_AT_byte_size", "40")]
                )
            )]),
            "another name"
        );
    }
}
