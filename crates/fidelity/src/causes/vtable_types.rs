//! The types by which debug information describes vtables.

use std::collections::BTreeSet;

use gateless_model::added::TRAIT;

use super::{Cause, Evidence};
use crate::difference::{Aspect, Difference, Finding, Subject};
use crate::dwarf::{self, Entry};
use crate::object::Object;

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "vtable-types",
    title: "entries that debug information lists for a vtable",
    words: "Where calls through a trait object are lowered (cause dynamic-calls), the trait's vtables have other entries, and the type by which debug information describes a \
            vtable lists them. Accepted only for a trait that lowering extended, in types of vtables that differ in their size and in members that stand for entries \
            (pointers, named after their places), and only if the sizes differ by as many pointers as the members; and for a number of strings, or of references to strings, that differs by the names of such members only. \
            The vtables themselves are compared as data.",
    explains,
};

/// The end of the names that rustc gives these types (compiler/rustc_codegen_llvm/src/debuginfo/metadata.rs).
const TYPE: &str = "::{vtable_type}";
const MEMBERS: [&str; 2] = ["__method", "__super_trait_ptr"];
const POINTER: u64 = 8;

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    match (difference.subject, &difference.finding) {
        (Subject::DebugEntry, Finding::Entries(entries)) => {
            trait_of(&difference.name)
                .is_some_and(|name| evidence.gateless.declares_trait(name, TRAIT))
                && only_entries_differ(entries)
        }
        (Subject::DebugForm, Finding::Changed(aspects))
            if difference.name.ends_with("from .debug_info to .debug_str") =>
        {
            // Before DWARF 5 each entry refers to its name by itself.
            let (gated, gateless) = evidence.objects;
            let extended = |name: &str| evidence.gateless.declares_trait(name, TRAIT);
            match (slots(gated, &extended), slots(gateless, &extended)) {
                (Some(a), Some(b)) => differs_by(aspects, b - a),
                _ => false,
            }
        }
        (Subject::DebugForm, Finding::Changed(aspects)) => {
            let (gated, gateless) = evidence.objects;
            difference
                .name
                .ends_with("from .debug_str_offsets to .debug_str")
                && only_names_of_members_differ(
                    aspects,
                    &strings(gated),
                    &strings(gateless),
                    &evidence.gateless.roots,
                )
        }
        _ => false,
    }
}

/// The trait whose vtable a type describes: `T` of `<X as path::T<..>>::{vtable_type}`.
fn trait_of(name: &str) -> Option<&str> {
    let (_, path) = name.strip_suffix(TYPE)?.rsplit_once(" as ")?;
    let end = path.find(['<', '>']).unwrap_or(path.len());
    path[..end].rsplit("::").next()
}

/// How many members stand for entries of vtables of the traits that `extended` picks; nothing if the debug information can't be read.
fn slots(object: &Object, extended: &dyn Fn(&str) -> bool) -> Option<i64> {
    let mut number = 0;
    dwarf::entries(object, &mut |entry| {
        number += i64::from(is_slot_of(&entry, extended));
    })
    .ok()?;
    Some(number)
}

/// Whether an entry is a member that stands for an entry of a vtable of one of these traits.
fn is_slot_of(entry: &Entry, extended: &dyn Fn(&str) -> bool) -> bool {
    let owner = entry.owner.strip_prefix("structure_type ");
    owner.and_then(trait_of).is_some_and(extended) && is_slot(entry)
}

/// Whether the one difference is a number that is by so much larger.
fn differs_by(aspects: &[Aspect], more: i64) -> bool {
    match aspects {
        [number] => match (number.gated.parse::<i64>(), number.gateless.parse::<i64>()) {
            (Ok(a), Ok(b)) => b - a == more,
            _ => false,
        },
        _ => false,
    }
}

/// The strings that debug information refers to.
fn strings(object: &Object) -> BTreeSet<&[u8]> {
    let mut strings = BTreeSet::new();
    for section in &object.sections {
        if section.name == ".debug_str" {
            strings.extend(section.bytes.split(|byte| *byte == 0));
        }
    }
    strings
}

/// Whether, apart from the name of the output directory (`roots` in the gateless build), only names of vtables' entries differ, and so many strings.
fn only_names_of_members_differ(
    aspects: &[Aspect],
    gated: &BTreeSet<&[u8]>,
    gateless: &BTreeSet<&[u8]>,
    roots: &[String],
) -> bool {
    let others = |a: &BTreeSet<&[u8]>, b: &BTreeSet<&[u8]>| -> Vec<String> {
        let only = a.difference(b).map(|text| String::from_utf8_lossy(text));
        only.filter(|name| !is_slot_name(name))
            .map(String::from)
            .collect()
    };
    let (lost, added) = (others(gated, gateless), others(gateless, gated));
    differs_by(aspects, gateless.len() as i64 - gated.len() as i64)
        && lost.len() == added.len()
        && lost.iter().all(|name| name.starts_with('/'))
        && added.iter().all(|name| roots.contains(name))
}

fn is_slot_name(name: &str) -> bool {
    MEMBERS.iter().any(|prefix| {
        name.strip_prefix(prefix)
            .is_some_and(|number| number.parse::<u32>().is_ok())
    })
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
    entry.tag == "member"
        && value("DW_AT_name").is_some_and(is_slot_name)
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

    #[test]
    fn only_a_number_that_differs_by_names_of_entries_is_explained() {
        let number = |gated: &str, gateless: &str| {
            vec![Aspect {
                what: "number".to_owned(),
                gated: gated.to_owned(),
                gateless: gateless.to_owned(),
            }]
        };
        let set = |names: &[&'static str]| names.iter().map(|name| name.as_bytes()).collect();
        let (a, b) = (set(&["/a", "x"]), set(&["/b", "x", "__method7"]));
        let (another_name, another_path) = (set(&["/b", "x", "y"]), set(&["/c", "x", "__method7"]));
        let roots = ["/b".to_owned()];
        let explained =
            |aspects: Vec<Aspect>, b| only_names_of_members_differ(&aspects, &a, b, &roots);
        assert!(explained(number("2", "3"), &b));
        assert!(!explained(number("2", "4"), &b), "another number");
        assert!(!explained(number("2", "3"), &another_name), "another name");
        assert!(!explained(number("2", "3"), &another_path), "another path");
    }

    #[test]
    fn the_trait_is_read_from_the_name_of_a_vtables_type() {
        let of = |name| trait_of(name);
        assert_eq!(of("<a::X<u8> as b::T>::{vtable_type}"), Some("T"));
        assert_eq!(of("<a::X as b::T<u8, c::D>>::{vtable_type}"), Some("T"));
        assert_eq!(of("<a::X as b::T>::{vtable}"), None);
    }

    #[test]
    fn references_to_names_count_only_for_entries_of_vtables_of_extended_traits() {
        let slot = |owner: &str, name, of| {
            let member = entry("member", &[("DW_AT_name", name), ("DW_AT_type", of)]);
            let owner = owner.to_owned();
            is_slot_of(
                &Entry {
                    owner,
                    ..member.unwrap()
                },
                &|name| name == "T",
            )
        };
        let pointer = "pointer_type *const ()";
        let owner = "structure_type <a::X as b::T>::{vtable_type}";
        assert!(slot(owner, "__method4", pointer));
        assert!(!slot(owner, "field", pointer), "another member");
        assert!(!slot(owner, "__method4", "base_type u64"), "no pointer");
        let other = "structure_type <a::X as b::U>::{vtable_type}";
        assert!(!slot(other, "__method4", pointer), "another trait");
        assert!(
            !slot("structure_type b::T", "__method4", pointer),
            "no vtable"
        );
    }

    #[test]
    fn only_one_number_that_is_by_so_much_larger_is_explained() {
        let number = |gated: &str, gateless: &str| Aspect {
            what: "number".to_owned(),
            gated: gated.to_owned(),
            gateless: gateless.to_owned(),
        };
        assert!(differs_by(&[number("7", "9")], 2));
        assert!(!differs_by(&[number("7", "9")], 1) && !differs_by(&[number("9", "7")], 2));
        assert!(!differs_by(&[number("7", "none")], 2) && !differs_by(&[], 0));
    }
}
