//! Section headers: which sections there are, and their type, flags and alignment.

use std::collections::BTreeMap;

use object::elf;

use crate::difference::{Aspect, Difference, Finding, Side, Subject};
use crate::object::{Object, Role, Section};

/// The sections that are compared: all but symbol and string tables and relocations, whose content is compared through what it is about.
pub fn compared(object: &Object) -> impl Iterator<Item = &Section> {
    object
        .sections
        .iter()
        .filter(|section| section.role != Role::Table)
}

/// Compares the headers by the sections' names; those of the same name in their order.
pub fn compare(gated: &Object, gateless: &Object, differences: &mut Vec<Difference>) {
    let mut named: BTreeMap<&str, [Vec<String>; 2]> = BTreeMap::new();
    for (side, object) in [gated, gateless].into_iter().enumerate() {
        for section in compared(object) {
            named.entry(&section.name).or_default()[side].push(header(section));
        }
    }
    for (name, [a, b]) in named {
        let finding = match (a.as_slice(), b.as_slice()) {
            (a, b) if a == b => continue,
            (_, []) => Finding::Only(Side::Gated),
            ([], _) => Finding::Only(Side::Gateless),
            (a, b) => {
                let at = a.iter().zip(b).take_while(|(a, b)| a == b).count();
                let show = |headers: &[String]| {
                    let header = headers.get(at).map_or("none", String::as_str);
                    if a.len() == 1 && b.len() == 1 {
                        header.to_owned()
                    } else {
                        format!(
                            "{} of this name, number {}: {header}",
                            headers.len(),
                            at + 1
                        )
                    }
                };
                Finding::Changed(vec![Aspect {
                    what: "header".to_owned(),
                    gated: show(a),
                    gateless: show(b),
                }])
            }
        };
        differences.push(Difference::new(Subject::Section, name, finding));
    }
}

fn header(section: &Section) -> String {
    let mut text = format!(
        "type {:#x}, flags {:#x}, entries of {}, aligned to {}",
        section.kind, section.flags, section.entry_size, section.align
    );
    if section.flags & u64::from(elf::SHF_COMPRESSED) != 0 {
        text.push_str(", compressed");
    }
    if let Some(linked) = &section.linked {
        text.push_str(&format!(", linked to {linked}"));
    }
    text
}
