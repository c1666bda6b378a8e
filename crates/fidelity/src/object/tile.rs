//! Cutting a section into items.

use std::collections::BTreeSet;

use object::elf;

use super::{Binding, Item, ItemKind, Role, Section};
use crate::names::Name;

/// A symbol that is defined in the section.
#[derive(Debug, Clone)]
pub struct Defined {
    /// Nothing where the name is a hash.
    pub name: Option<Name>,
    /// Offset in the section.
    pub start: u64,
    /// Its size; 0 for a label.
    pub size: u64,
    /// How it is bound.
    pub binding: Binding,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Tiles {
    /// The items, by their entry.
    pub items: Vec<Item>,
    /// Indices of the symbols that became no item, because another one covers their place.
    pub labels: Vec<usize>,
}

/// Longest padding between functions and between data, if the section's own alignment is no larger, in bytes.
const PADDING: u64 = 64;

/// Cuts `section` (its index is `index`) at the symbols that are defined in it and, where no symbol has an extent, at the places that
/// relocations refer to (`referenced`).
///
/// What nothing refers to between two items is padding, if it is short, and zero where it is data. A piece of code that is referred to and ends
/// where a function begins belongs to this function: it is what may be patched before its entry.
pub fn tile(
    index: usize,
    section: &Section,
    defined: &[Defined],
    referenced: &BTreeSet<u64>,
) -> Tiles {
    let mut tiles = Tiles::default();
    let named_kind = if section.role == Role::Code {
        ItemKind::Function
    } else {
        ItemKind::Datum
    };
    let mut covered: Vec<(u64, u64)> = Vec::new();
    for symbol in defined.iter().filter(|symbol| symbol.size > 0) {
        let end = symbol.start + symbol.size;
        tiles.items.push(Item {
            kind: if symbol.name.is_some() {
                named_kind
            } else {
                ItemKind::Nameless
            },
            name: symbol.name.clone(),
            section: index,
            start: symbol.start,
            entry: symbol.start,
            end,
            binding: symbol.name.is_some().then_some(symbol.binding),
            references: Vec::new(),
        });
        covered.push((symbol.start, end));
    }
    covered.sort_unstable();
    let mut gaps = Vec::new();
    let mut at = 0;
    for (start, end) in covered {
        if start > at {
            gaps.push((at, start));
        }
        at = at.max(end);
    }
    if section.size > at {
        gaps.push((at, section.size));
    }
    let mut used = BTreeSet::new();
    for (start, end) in gaps {
        if section.flags & u64::from(elf::SHF_MERGE) != 0
            && section.entry_size > 0
            && !section.bytes.is_empty()
        {
            for (start, end) in elements(section, start, end) {
                tiles.items.push(nameless(index, start, end));
            }
        } else {
            fill(
                index,
                section,
                defined,
                referenced,
                (start, end),
                &mut tiles.items,
                &mut used,
            );
        }
    }
    tiles.labels = (0..defined.len())
        .filter(|at| defined[*at].size == 0 && !used.contains(at))
        .collect();
    tiles
        .items
        .sort_by(|a, b| (a.entry, a.end, &a.name).cmp(&(b.entry, b.end, &b.name)));
    tiles
}

fn nameless(section: usize, start: u64, end: u64) -> Item {
    Item {
        kind: ItemKind::Nameless,
        name: None,
        section,
        start,
        entry: start,
        end,
        binding: None,
        references: Vec::new(),
    }
}

/// The strings or constants of a mergeable section.
fn elements(section: &Section, start: u64, end: u64) -> Vec<(u64, u64)> {
    let step = section.entry_size;
    let is_strings = section.flags & u64::from(elf::SHF_STRINGS) != 0;
    let mut elements = Vec::new();
    let mut begin = start;
    let mut at = start;
    while at < end {
        let next = (at + step).min(end);
        let unit = section
            .bytes
            .get(at as usize..next as usize)
            .unwrap_or_default();
        if !is_strings || unit.iter().all(|byte| *byte == 0) {
            elements.push((begin, next));
            begin = next;
        }
        at = next;
    }
    if begin < end {
        elements.push((begin, end));
    }
    elements
}

/// Cuts a part without sized symbols.
fn fill(
    index: usize,
    section: &Section,
    defined: &[Defined],
    referenced: &BTreeSet<u64>,
    (start, end): (u64, u64),
    items: &mut Vec<Item>,
    used: &mut BTreeSet<usize>,
) {
    let label_at = |place: u64| {
        defined
            .iter()
            .position(|symbol| symbol.size == 0 && symbol.start == place && symbol.name.is_some())
    };
    let mut cuts: BTreeSet<u64> = referenced.range(start..end).copied().collect();
    cuts.extend(
        defined
            .iter()
            .filter(|symbol| symbol.size == 0 && (start..end).contains(&symbol.start))
            .map(|symbol| symbol.start),
    );
    let is_undivided = start == 0 && end == section.size && cuts.is_empty();
    cuts.insert(start);
    let cuts: Vec<u64> = cuts.into_iter().collect();
    for (at, &begin) in cuts.iter().enumerate() {
        let finish = cuts.get(at + 1).copied().unwrap_or(end);
        let mut item = nameless(index, begin, finish);
        if let Some(symbol) = label_at(begin) {
            used.insert(symbol);
            item.kind = if section.role == Role::Code {
                ItemKind::Function
            } else {
                ItemKind::Datum
            };
            item.name = defined[symbol].name.clone();
            item.binding = Some(defined[symbol].binding);
            items.push(item);
        } else if is_undivided {
            item.kind = ItemKind::Whole;
            items.push(item);
        } else if referenced.contains(&begin) {
            let mut belongs = false;
            if section.role == Role::Code && finish == end {
                for function in items
                    .iter_mut()
                    .filter(|item| item.entry == end && item.kind == ItemKind::Function)
                {
                    function.start = begin;
                    belongs = true;
                }
            }
            if !belongs {
                items.push(item);
            }
        } else if !is_padding(section, begin, finish) {
            items.push(item);
        }
    }
}

/// Whether nothing is lost by not calling this an item: it is short, has no relocation, and is zero if it is data.
fn is_padding(section: &Section, start: u64, end: u64) -> bool {
    let short = end - start < section.align.max(PADDING);
    let bytes = section
        .bytes
        .get(start as usize..end as usize)
        .unwrap_or_default();
    let plain = section.role == Role::Code || bytes.iter().all(|byte| *byte == 0);
    let untouched = section.relocations_in(start, end).is_empty();
    short && plain && untouched
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(role: Role, bytes: &[u8], flags: u32, entry_size: u64) -> Section {
        Section {
            name: "s".to_owned(),
            kind: elf::SHT_PROGBITS,
            flags: u64::from(flags),
            align: 8,
            entry_size,
            size: bytes.len() as u64,
            linked: None,
            role,
            bytes: bytes.to_vec(),
            relocations: Vec::new(),
        }
    }

    fn symbol(name: &str, start: u64, size: u64) -> Defined {
        Defined {
            name: Name::of(name, &crate::names::Renames::default()),
            start,
            size,
            binding: Binding { info: 0, other: 0 },
        }
    }

    fn ranges(tiles: &Tiles) -> Vec<(ItemKind, u64, u64, u64)> {
        tiles
            .items
            .iter()
            .map(|item| (item.kind, item.start, item.entry, item.end))
            .collect()
    }

    #[test]
    fn what_is_patched_before_an_entry_belongs_to_the_function() {
        let code = section(Role::Code, &[0x90; 64], 0, 0);
        let tiles = tile(
            0,
            &code,
            &[symbol("f", 0, 10), symbol("g", 40, 24)],
            &BTreeSet::from([24, 40]),
        );
        assert_eq!(
            ranges(&tiles),
            [
                (ItemKind::Function, 0, 0, 10),
                (ItemKind::Function, 24, 40, 64)
            ]
        );
    }

    #[test]
    fn data_without_symbols_is_cut_where_it_is_referred_to() {
        let data = section(Role::Data, &[1; 24], 0, 0);
        let tiles = tile(0, &data, &[symbol("x", 16, 8)], &BTreeSet::from([4]));
        assert_eq!(
            ranges(&tiles),
            [
                (ItemKind::Nameless, 0, 0, 4),
                (ItemKind::Nameless, 4, 4, 16),
                (ItemKind::Datum, 16, 16, 24)
            ]
        );
    }

    #[test]
    fn mergeable_strings_and_constants_are_single_items() {
        let strings = section(Role::Data, b"ab\0c\0", elf::SHF_MERGE | elf::SHF_STRINGS, 1);
        assert_eq!(
            ranges(&tile(0, &strings, &[], &BTreeSet::new())),
            [(ItemKind::Nameless, 0, 0, 3), (ItemKind::Nameless, 3, 3, 5)]
        );
        let constants = section(Role::Data, &[1; 8], elf::SHF_MERGE, 4);
        assert_eq!(tile(0, &constants, &[], &BTreeSet::new()).items.len(), 2);
    }

    #[test]
    fn an_undivided_section_is_whole_and_a_label_names_what_follows_it() {
        let data = section(Role::Data, &[1; 24], 0, 0);
        assert_eq!(
            ranges(&tile(0, &data, &[], &BTreeSet::new())),
            [(ItemKind::Whole, 0, 0, 24)]
        );
        let tiles = tile(
            0,
            &data,
            &[
                symbol("table", 8, 0),
                symbol("inside", 16, 0),
                symbol("x", 12, 12),
            ],
            &BTreeSet::new(),
        );
        assert_eq!(
            ranges(&tiles),
            [
                (ItemKind::Nameless, 0, 0, 8),
                (ItemKind::Datum, 8, 8, 12),
                (ItemKind::Datum, 12, 12, 24)
            ]
        );
        assert_eq!(tiles.labels, [1]);
    }

    #[test]
    fn content_between_items_is_never_taken_for_padding() {
        let data = section(Role::Data, &[0, 0, 0, 0, 0, 7, 0, 0], 0, 0);
        let tiles = tile(0, &data, &[symbol("x", 0, 4)], &BTreeSet::new());
        assert_eq!(
            ranges(&tiles),
            [(ItemKind::Datum, 0, 0, 4), (ItemKind::Nameless, 4, 4, 8)]
        );
    }
}
