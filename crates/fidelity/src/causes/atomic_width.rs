//! A built-in target with wider atomic types than the specification that it stands for.

use super::{Cause, Evidence};
use crate::difference::{Difference, Finding, Side, Subject};
use crate::directory::Directory;
use crate::object::{ItemKind, Object};

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "atomic-width",
    title: "the built-in target has wider atomic types",
    words: "The target specification says how wide atomic types may be (`max-atomic-width`); the built-in target that stands for it may have wider ones, which no stable \
            option takes away. Then `core` has types more, with their methods, and the implementations after them are numbered otherwise in mangled names. \
            Accepted only where the object has such types and the gated build's has none: functions of these types that nothing else in the object refers to, and functions that both \
            builds have under the same name apart from that number, with the same code and references.",
    explains,
};

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    let (gated, gateless) = evidence.objects;
    let (Subject::Function, Finding::Only(side)) = (difference.subject, &difference.finding) else {
        return false;
    };
    let Some(width) = allowed(evidence.gateless) else {
        return false;
    };
    let has_wider = |object: &Object| {
        (0..object.items.len()).any(|index| is_wider(&object.show_item(index), width))
    };
    if !has_wider(gateless) || has_wider(gated) {
        return false;
    }
    let (own, other) = match side {
        Side::Gated => (gated, gateless),
        Side::Gateless => (gateless, gated),
    };
    let mut named = functions(own, &difference.name).peekable();
    named.peek().is_some()
        && named.all(|index| {
            let wider = *side == Side::Gateless && is_wider(&difference.name, width);
            match wider {
                true => is_alone(own, index, width),
                false => functions(other, &difference.name)
                    .any(|twin| is_same((own, index), (other, twin))),
            }
        })
}

/// How many bits an atomic type may have at most: what the specification that Kbuild made says, or else a pointer's
/// (`TargetOptions::max_atomic_width`, compiler/rustc_target/src/spec/mod.rs).
fn allowed(directory: &Directory) -> Option<u64> {
    let text = fs_err::read(directory.path.join("scripts/target.json")).ok()?;
    let spec: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let number = |field: &str| {
        let value = spec.get(field)?;
        // A text in the specifications of older releases.
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    number("max-atomic-width").or_else(|| number("target-pointer-width"))
}

/// Whether a name has an atomic type of more bits in it, as `core` calls them: `AtomicU64`, or `Atomic<u64>`.
fn is_wider(name: &str, width: u64) -> bool {
    name.match_indices("Atomic").any(|(at, word)| {
        let rest = name[at + word.len()..].trim_start_matches('<');
        let Some(rest) = rest.strip_prefix(['I', 'U', 'i', 'u']) else {
            return false;
        };
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse().is_ok_and(|bits: u64| bits > width)
    })
}

fn functions<'a>(object: &'a Object, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    (0..object.items.len()).filter(move |index| {
        object.items[*index].kind == ItemKind::Function && object.show_item(*index) == name
    })
}

/// Whether only functions of wider types refer to this one.
fn is_alone(object: &Object, index: usize, width: u64) -> bool {
    let name = object.show_item(index);
    (0..object.items.len()).all(|other| {
        is_wider(&object.show_item(other), width)
            || object.items[other]
                .references
                .iter()
                .all(|reference| !object.show_target(&reference.target).contains(&name))
    })
}

/// Whether two functions are the same in everything but their symbols.
fn is_same(a: (&Object, usize), b: (&Object, usize)) -> bool {
    let about = |(object, index): (&Object, usize)| {
        let item = &object.items[index];
        let section = &object.sections[item.section];
        let references: Vec<(i64, String)> = item
            .references
            .iter()
            .map(|reference| (reference.offset, object.show_reference(reference)))
            .collect();
        (
            object.content(item),
            item.entry - item.start,
            item.binding,
            (section.name.clone(), section.flags),
            references,
        )
    };
    about(a) == about(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Name;

    /// An object with these functions of two bytes each.
    fn object(functions: &[(&str, [u8; 2])]) -> Object {
        let mut object = crate::object::tests_object();
        let bytes: Vec<u8> = functions.iter().flat_map(|(_, code)| *code).collect();
        let ranges: Vec<(u64, u64)> = (0..functions.len() as u64)
            .map(|i| (i * 2, i * 2 + 2))
            .collect();
        object.add_section(".text", object::elf::SHF_EXECINSTR, &bytes, &ranges);
        for (i, (name, _)) in functions.iter().enumerate() {
            object.items[i].kind = ItemKind::Function;
            object.items[i].name = Some(Name {
                shown: (*name).to_owned(),
                key: format!("{name}{i}"),
            });
        }
        object
    }

    fn explained(spec: &str, side: Side, name: &str, gated: &Object, gateless: &Object) -> bool {
        let (_keep, directory) = crate::directory::tests_directory();
        fs_err::create_dir_all(directory.path.join("scripts")).unwrap();
        fs_err::write(directory.path.join("scripts/target.json"), spec).unwrap();
        let difference = Difference::new(Subject::Function, name, Finding::Only(side));
        explains(
            &difference,
            &Evidence {
                gateless: &directory,
                objects: (gated, gateless),
                renamed: None,
            },
        )
    }

    const NARROW: &str = r#"{"target-pointer-width": "32"}"#;

    #[test]
    fn only_wider_types_and_the_same_functions_renumbered_are_explained() {
        let gated = object(&[("<AtomicU32 as Debug>::fmt", [1, 2])]);
        let gateless = object(&[
            ("<AtomicU64 as Debug>::fmt", [3, 4]),
            ("<AtomicU32 as Debug>::fmt", [1, 2]),
        ]);
        let of = |spec, side, name| explained(spec, side, name, &gated, &gateless);
        assert!(of(NARROW, Side::Gateless, "<AtomicU64 as Debug>::fmt"));
        assert!(of(NARROW, Side::Gateless, "<AtomicU32 as Debug>::fmt"));
        assert!(of(NARROW, Side::Gated, "<AtomicU32 as Debug>::fmt"));
        let wide = r#"{"target-pointer-width": 32, "max-atomic-width": 64}"#;
        assert!(!of(wide, Side::Gateless, "<AtomicU64 as Debug>::fmt"));
        let other = object(&[
            ("<AtomicU64 as Debug>::fmt", [3, 4]),
            ("<AtomicU32 as Debug>::fmt", [1, 3]),
        ]);
        assert!(
            !explained(
                NARROW,
                Side::Gated,
                "<AtomicU32 as Debug>::fmt",
                &gated,
                &other
            ),
            "other code"
        );
        assert!(
            !explained(
                NARROW,
                Side::Gated,
                "<AtomicU32 as Debug>::fmt",
                &gated,
                &gated
            ),
            "no wider type is there"
        );
        assert!(
            !explained(
                NARROW,
                Side::Gated,
                "<AtomicU32 as Debug>::fmt",
                &gated,
                &object(&[("<AtomicU64 as Debug>::fmt", [3, 4])])
            ),
            "it is missing"
        );
    }

    #[test]
    fn a_type_is_wider_by_its_bits_alone() {
        assert!(is_wider("core::sync::atomic::AtomicI64::load", 32));
        assert!(is_wider("<Atomic<u64> as Debug>::fmt", 32));
        for name in ["AtomicU32", "Atomic<u32>", "AtomicUsize", "AtomicPtr<u64>"] {
            assert!(!is_wider(name, 32), "{name}");
        }
    }
}
