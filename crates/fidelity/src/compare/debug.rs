//! What the debug information says of the two objects.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use gateless_model::Result;

use super::Both;
use crate::difference::{Aspect, Difference, Finding, Side, Subject};
use crate::dwarf::{self, Debug, Entry, Row};

/// Compares it; returns how many things were looked at.
///
/// # Errors
/// When debug information is damaged.
pub fn compare(both: &Both<'_>, differences: &mut Vec<Difference>) -> Result<usize> {
    let (a, b) = (&both.gated.debug, &both.gateless.debug);
    Ok(facts_about(a, b, differences)
        + lines(both, differences)
        + tables(both, differences)
        + entries(both, differences)?)
}

fn facts_about(a: &Debug, b: &Debug, differences: &mut Vec<Difference>) -> usize {
    let facts = |debug: &Debug| -> BTreeMap<String, String> {
        let mut facts: BTreeMap<String, String> = debug
            .counts
            .iter()
            .map(|(what, count)| (what.clone(), count.to_string()))
            .collect();
        for file in &debug.files {
            facts.insert(format!("source file {file}"), "named".to_owned());
        }
        facts
    };
    let (a, b) = (facts(a), facts(b));
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let finding = match (a.get(*name), b.get(*name)) {
            (Some(a), Some(b)) => match Aspect::of("number", a, b, String::clone) {
                Some(aspect) => Finding::Changed(vec![aspect]),
                None => continue,
            },
            (Some(_), None) => Finding::Only(Side::Gated),
            _ => Finding::Only(Side::Gateless),
        };
        differences.push(Difference::new(Subject::DebugForm, name.as_str(), finding));
    }
    names.len()
}

/// The rows of corresponding functions. Those of a function whose code is not the same say nothing new when they differ: the code is reported.
fn lines(both: &Both<'_>, differences: &mut Vec<Difference>) -> usize {
    let (a, b) = (&both.gated.debug.rows, &both.gateless.debug.rows);
    let different_code = different_code(differences);
    let none = Vec::new();
    let mut looked_at = 0;
    let mut check = |name: String, a: &[Row], b: &[Row]| {
        if a.is_empty() && b.is_empty() {
            return;
        }
        looked_at += 1;
        if a != b {
            differences.push(Difference::new(
                Subject::LineTable,
                name,
                Finding::Rows(side_by_side(a, b)),
            ));
        }
    };
    check(
        "code outside of functions".to_owned(),
        a.get(&None).unwrap_or(&none),
        b.get(&None).unwrap_or(&none),
    );
    for (x, y) in both
        .pairing
        .pairs
        .iter()
        .filter(|(x, _)| !different_code.contains(x))
    {
        check(
            both.gated.show_item(*x),
            a.get(&Some(*x)).unwrap_or(&none),
            b.get(&Some(*y)).unwrap_or(&none),
        );
    }
    looked_at
}

/// The functions, by their items in the first object, whose code is not the same.
fn different_code(differences: &[Difference]) -> Vec<usize> {
    differences
        .iter()
        .filter(|difference| difference.subject == Subject::Function)
        .filter(|difference| match &difference.finding {
            Finding::Changed(aspects) => aspects
                .iter()
                .any(|aspect| matches!(aspect.what.as_str(), "code" | "size")),
            _ => false,
        })
        .filter_map(|difference| difference.items.map(|(a, _)| a))
        .collect()
}

/// What unwinding tables and address ranges say of corresponding items. Of a function whose code is not the same, the former say nothing new when they differ.
fn tables(both: &Both<'_>, differences: &mut Vec<Difference>) -> usize {
    let (a, b) = (&both.gated.debug, &both.gateless.debug);
    let different_code = different_code(differences);
    let mut looked_at = 0;
    let mut check = |what: &str, name: &str, x: String, y: String| {
        looked_at += 1;
        if let Some(aspect) = Aspect::of(what, &x, &y, String::clone) {
            differences.push(Difference::new(
                Subject::DebugForm,
                format!("{what} of {name}"),
                Finding::Changed(vec![aspect]),
            ));
        }
    };
    let pairs = both.pairing.pairs.iter();
    let all = pairs
        .map(|(x, y)| (Some(*x), Some(*y)))
        .chain([(None, None)]);
    for (x, y) in all {
        let name = x.map_or("nothing".to_owned(), |x| both.gated.show_item(x));
        let (frames_a, frames_b) = (a.frames.get(&x), b.frames.get(&y));
        let is_same_code = x.is_none_or(|x| !different_code.contains(&x));
        if is_same_code && (frames_a.is_some() || frames_b.is_some()) {
            let show = |frames| format!("{frames:?}");
            check("unwinding", &name, show(frames_a), show(frames_b));
        }
        let (covered_a, covered_b) = (a.covered.get(&x), b.covered.get(&y));
        if covered_a.is_some() || covered_b.is_some() {
            let show = |covered| format!("{covered:?}");
            check("address ranges", &name, show(covered_a), show(covered_b));
        }
    }
    looked_at
}

/// The rows that are not the same: those at the same offset beside each other.
fn side_by_side(a: &[Row], b: &[Row]) -> Vec<(Option<Row>, Option<Row>)> {
    if a.len() == b.len() {
        return a
            .iter()
            .zip(b)
            .filter(|(a, b)| a != b)
            .map(|(a, b)| (Some(a.clone()), Some(b.clone())))
            .collect();
    }
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut rows = Vec::new();
    loop {
        match (a.peek(), b.peek()) {
            (None, None) => return rows,
            (Some(x), Some(y)) if x == y => {
                a.next();
                b.next();
            }
            (Some(x), Some(y)) if x.offset == y.offset => {
                rows.push((a.next().cloned(), b.next().cloned()))
            }
            (Some(x), Some(y)) if x.offset > y.offset => rows.push((None, b.next().cloned())),
            (None, Some(_)) => rows.push((None, b.next().cloned())),
            _ => rows.push((a.next().cloned(), None)),
        }
    }
}

/// Every entry of the one must be one of the other. Those without a counterpart are told by what they belong to.
fn entries(both: &Both<'_>, differences: &mut Vec<Difference>) -> Result<usize> {
    let (mut all, mut count) = ([0, 0], HashMap::<u128, [usize; 2]>::new());
    for (side, object) in [both.gated, both.gateless].into_iter().enumerate() {
        dwarf::entries(object, &mut |entry| {
            all[side] += 1;
            count.entry(digest(&entry)).or_default()[side] += 1;
        })?;
    }
    count.retain(|_, [a, b]| a != b);
    if !count.is_empty() {
        let mut left: BTreeMap<String, [Vec<Entry>; 2]> = BTreeMap::new();
        let mut owners: [HashSet<String>; 2] = Default::default();
        for (side, object) in [both.gated, both.gateless].into_iter().enumerate() {
            dwarf::entries(object, &mut |entry| {
                if count.contains_key(&digest(&entry)) {
                    left.entry(entry.owner.clone()).or_default()[side].push(entry.clone());
                }
                owners[side].insert(entry.owner);
            })?;
        }
        for (owner, [a, b]) in left {
            let finding = match (owners[0].contains(&owner), owners[1].contains(&owner)) {
                (true, false) => Finding::Only(Side::Gated),
                (false, true) => Finding::Only(Side::Gateless),
                _ => Finding::Entries(beside(a, b)),
            };
            differences.push(Difference::new(Subject::DebugEntry, owner, finding));
        }
    }
    Ok(all[0].max(all[1]))
}

/// Entries of the same tag and path beside each other, in their order.
fn beside(a: Vec<Entry>, b: Vec<Entry>) -> Vec<(Option<Entry>, Option<Entry>)> {
    let mut groups: BTreeMap<(String, String), [Vec<Entry>; 2]> = BTreeMap::new();
    for (side, entries) in [a, b].into_iter().enumerate() {
        for entry in entries {
            groups
                .entry((entry.tag.clone(), entry.path.clone()))
                .or_default()[side]
                .push(entry);
        }
    }
    let mut pairs = Vec::new();
    for [a, b] in groups.into_values() {
        let (mut a, mut b) = (a.into_iter(), b.into_iter());
        loop {
            match (a.next(), b.next()) {
                (None, None) => break,
                pair if pair.0 == pair.1 => {}
                pair => pairs.push(pair),
            }
        }
    }
    pairs
}

/// Two entries with the same digest are the same: 128 bits leave no room for chance.
fn digest(entry: &Entry) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(seed);
        entry.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
