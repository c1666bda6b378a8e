//! The order of items in a section, and what lies between them.
//!
//! Distances are only compared where everything that decides about them is known to be the same so far: what stands before the two items
//! is reported already when it is not.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Both;
use crate::difference::{Aspect, Difference, Finding, Subject};
use crate::object::{ItemKind, Object, Role};
use gateless_base::hash;

/// An item in the order of its section.
#[derive(Clone, Copy)]
struct Place {
    item: usize,
    /// Number of its pair.
    pair: usize,
}

/// Compares the sections of the same name.
pub fn compare(both: &Both<'_>, differences: &mut Vec<Difference>) {
    let pairs_a: HashMap<usize, usize> = both
        .pairing
        .pairs
        .iter()
        .enumerate()
        .map(|(pair, (a, _))| (*a, pair))
        .collect();
    let pairs_b: HashMap<usize, usize> = both
        .pairing
        .pairs
        .iter()
        .enumerate()
        .map(|(pair, (_, b))| (*b, pair))
        .collect();
    let a = sequences(both.gated, &pairs_a);
    let b = sequences(both.gateless, &pairs_b);
    for (name, a) in &a {
        let Some(b) = b.get(name) else { continue };
        let aspect = order(both, a, b).or_else(|| distances(both, a, b));
        if let Some(aspect) = aspect {
            differences.push(Difference::new(
                Subject::Layout,
                *name,
                Finding::Changed(vec![aspect]),
            ));
        }
    }
}

/// The items that have a partner, by the name of their section, in the order of the file.
fn sequences<'a>(
    object: &'a Object,
    pairs: &HashMap<usize, usize>,
) -> BTreeMap<&'a str, Vec<Place>> {
    let mut found: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    let mut order: Vec<usize> = (0..object.items.len())
        .filter(|item| object.items[*item].kind != ItemKind::Whole)
        .collect();
    order.sort_by_key(|&item| {
        let item = &object.items[item];
        (item.section, item.start, item.end, item.name.as_ref())
    });
    for item in order {
        if let Some(&pair) = pairs.get(&item) {
            found
                .entry(&object.sections[object.items[item].section].name)
                .or_default()
                .push(Place { item, pair });
        }
    }
    found
}

fn order(both: &Both<'_>, a: &[Place], b: &[Place]) -> Option<Aspect> {
    let (in_a, in_b): (HashSet<usize>, HashSet<usize>) = (
        a.iter().map(|place| place.pair).collect(),
        b.iter().map(|place| place.pair).collect(),
    );
    let mut a = a.iter().filter(|place| in_b.contains(&place.pair));
    let mut b = b.iter().filter(|place| in_a.contains(&place.pair));
    let (a, b) = loop {
        let (a, b) = (a.next()?, b.next()?);
        if a.pair != b.pair {
            break (a, b);
        }
    };
    Some(Aspect {
        what: "order".to_owned(),
        gated: both.gated.show_item(a.item),
        gateless: both.gateless.show_item(b.item),
    })
}

fn distances(both: &Both<'_>, a: &[Place], b: &[Place]) -> Option<Aspect> {
    // What has no partner is reported, and shifts the rest.
    let complete = |object: &Object, places: &[Place], only: &[usize]| {
        let Some(first) = places.first() else {
            return false;
        };
        let name = &object.sections[object.items[first.item].section].name;
        !only
            .iter()
            .any(|item| object.sections[object.items[*item].section].name == *name)
    };
    if a.len() != b.len()
        || !complete(both.gated, a, &both.pairing.first_only)
        || !complete(both.gateless, b, &both.pairing.second_only)
    {
        return None;
    }
    for (index, (x, y)) in a.iter().zip(b).enumerate() {
        let (item_a, item_b) = (&both.gated.items[x.item], &both.gateless.items[y.item]);
        let (section_a, section_b) = (
            &both.gated.sections[item_a.section],
            &both.gateless.sections[item_b.section],
        );
        let (size_a, size_b) = (item_a.end - item_a.start, item_b.end - item_b.start);
        let place = |start: u64, size: u64| format!("at {start:#x}, {size} bytes");
        if item_a.start != item_b.start || (size_a != size_b && item_a.name.is_none()) {
            return Some(Aspect {
                what: format!("place of {}", both.gated.show_item(x.item)),
                gated: place(item_a.start, size_a),
                gateless: place(item_b.start, size_b),
            });
        }
        if size_a != size_b {
            // The size is reported with the item.
            return None;
        }
        // Only padding lies between the items.
        let next = |object: &Object, places: &[Place], item: usize, section: usize, size: u64| {
            let end = object.items[item].end;
            let next = places
                .get(index + 1)
                .map(|next| &object.items[next.item])
                .filter(|next| next.section == section);
            (end, next.map_or(size, |next| next.start))
        };
        let (end_a, next_a) = next(both.gated, a, x.item, item_a.section, section_a.size);
        let (end_b, next_b) = next(both.gateless, b, y.item, item_b.section, section_b.size);
        let between = |object: &Object, section: usize, from: u64, to: u64| {
            let bytes = &object.sections[section].bytes;
            bytes
                .get(from as usize..to.max(from) as usize)
                .map(<[u8]>::to_vec)
                .unwrap_or_default()
        };
        let code = section_a.role == Role::Code || section_b.role == Role::Code;
        let (pad_a, pad_b) = (
            between(both.gated, item_a.section, end_a, next_a),
            between(both.gateless, item_b.section, end_b, next_b),
        );
        if (next_a != next_b) || (code && pad_a != pad_b) {
            let show = |from: u64, to: u64, bytes: &[u8]| {
                let hex = hash::hex(&bytes[..bytes.len().min(16)]);
                format!("{} bytes {hex}", to.saturating_sub(from))
            };
            return Some(Aspect {
                what: format!("padding behind {}", both.gated.show_item(x.item)),
                gated: show(end_a, next_a, &pad_a),
                gateless: show(end_b, next_b, &pad_b),
            });
        }
    }
    None
}
