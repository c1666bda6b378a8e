//! `.debug_aranges`: which addresses the debug information is about (DWARF 5, section 6.1.2).
//!
//! A range goes from the first to the last of what is described in a section, so it is told by the items that it covers.

use std::collections::BTreeMap;

use gimli::DebugAranges;

use super::relocate::Addresses;
use super::{Covered, Slice};
use crate::object::{ItemKind, Object};

/// Adds what the section covers of each item to `covered`; what it covers besides goes to none. Its headers go to `counts`; `units` are the
/// offsets of the units that they are about.
pub fn collect(
    section: &DebugAranges<Slice<'_>>,
    addresses: &Addresses,
    object: &Object,
    units: &[usize],
    covered: &mut BTreeMap<Option<usize>, Vec<Covered>>,
    counts: &mut BTreeMap<String, usize>,
) -> gimli::Result<()> {
    let mut headers = section.headers();
    while let Some(header) = headers.next()? {
        let of = header.debug_info_offset().0;
        let unit = match units.iter().position(|offset| *offset == of) {
            Some(number) => format!("unit {number}"),
            None => "no unit".to_owned(),
        };
        let encoding = header.encoding();
        *counts
            .entry(format!(
                "address ranges of {unit}, version {}, {} bytes each",
                encoding.version, encoding.address_size
            ))
            .or_default() += 1;
        let mut entries = header.entries();
        while let Some(entry) = entries.next()? {
            let besides = Covered::Besides(entry.address(), entry.length());
            match addresses.place(entry.address()) {
                Some((section, start)) => {
                    range(object, section, start, entry.length(), covered, besides);
                }
                None => covered.entry(None).or_default().push(besides),
            }
        }
    }
    for list in covered.values_mut() {
        list.sort();
    }
    Ok(())
}

fn range(
    object: &Object,
    section: usize,
    start: u64,
    length: u64,
    covered: &mut BTreeMap<Option<usize>, Vec<Covered>>,
    besides: Covered,
) {
    let end = start.saturating_add(length);
    let (mut first, mut last) = (u64::MAX, 0);
    for (index, item) in object.items.iter().enumerate() {
        if item.section != section
            || item.kind == ItemKind::Whole
            || item.start >= end
            || item.end <= start
        {
            continue;
        }
        (first, last) = (first.min(item.start), last.max(item.end));
        let (from, to) = (item.start.max(start), item.end.min(end));
        let part = match (from, to) == (item.start, item.end) {
            true => Covered::Whole,
            false => Covered::Part(
                from as i64 - item.entry as i64,
                to as i64 - item.entry as i64,
            ),
        };
        covered.entry(Some(index)).or_default().push(part);
    }
    // It begins and ends with an item.
    if start < first || end > last {
        let name = &object.sections[section].name;
        let more = (first.saturating_sub(start), end.saturating_sub(last));
        let outside = match first == u64::MAX {
            true => besides,
            false => Covered::Around(name.clone(), more.0, more.1),
        };
        covered.entry(None).or_default().push(outside);
    }
}
