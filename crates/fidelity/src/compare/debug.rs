//! What the debug information says of the two objects.

use std::collections::BTreeMap;

use super::Both;
use crate::difference::{Aspect, Difference, Finding, Side, Subject};
use crate::dwarf::{Debug, Entry, Row};

/// Compares it; returns how many things were looked at.
pub fn compare(both: &Both<'_>, differences: &mut Vec<Difference>) -> usize {
    let (a, b) = (&both.gated.debug, &both.gateless.debug);
    form(a, b, differences) + lines(both, differences) + entries(a, b, differences)
}

fn form(a: &Debug, b: &Debug, differences: &mut Vec<Difference>) -> usize {
    let facts = |debug: &Debug| -> BTreeMap<String, String> {
        let forms = debug.form.iter().map(|(name, form)| (name.clone(), format!("{form:?}").to_lowercase()));
        forms.chain(debug.versions.iter().map(|(what, count)| (what.clone(), count.to_string()))).collect()
    };
    let (a, b) = (facts(a), facts(b));
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let finding = match (a.get(*name), b.get(*name)) {
            (Some(a), Some(b)) => match Aspect::of("form", a, b, String::clone) {
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
    let different_code: Vec<usize> = differences
        .iter()
        .filter(|difference| difference.subject == Subject::Function)
        .filter(|difference| match &difference.finding {
            Finding::Changed(aspects) => aspects.iter().any(|aspect| matches!(aspect.what.as_str(), "code" | "size")),
            _ => false,
        })
        .filter_map(|difference| difference.items.map(|(a, _)| a))
        .collect();
    let none = Vec::new();
    let mut looked_at = 0;
    let mut check = |name: String, a: &[Row], b: &[Row]| {
        if a.is_empty() && b.is_empty() {
            return;
        }
        looked_at += 1;
        if a != b {
            differences.push(Difference::new(Subject::LineTable, name, Finding::Rows(side_by_side(a, b))));
        }
    };
    check("code outside of functions".to_owned(), a.get(&None).unwrap_or(&none), b.get(&None).unwrap_or(&none));
    for (x, y) in both.pairing.pairs.iter().filter(|(x, _)| !different_code.contains(x)) {
        check(both.gated.show_item(*x), a.get(&Some(*x)).unwrap_or(&none), b.get(&Some(*y)).unwrap_or(&none));
    }
    looked_at
}

/// The rows that are not the same: those at the same offset beside each other.
fn side_by_side(a: &[Row], b: &[Row]) -> Vec<(Option<Row>, Option<Row>)> {
    if a.len() == b.len() {
        return a.iter().zip(b).filter(|(a, b)| a != b).map(|(a, b)| (Some(a.clone()), Some(b.clone()))).collect();
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
            (Some(x), Some(y)) if x.offset == y.offset => rows.push((a.next().cloned(), b.next().cloned())),
            (Some(x), Some(y)) if x.offset > y.offset => rows.push((None, b.next().cloned())),
            (None, Some(_)) => rows.push((None, b.next().cloned())),
            _ => rows.push((a.next().cloned(), None)),
        }
    }
}

fn entries(a: &Debug, b: &Debug, differences: &mut Vec<Difference>) -> usize {
    let by_name = |debug: &Debug| {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (entry, count) in &debug.entries {
            let Entry { kind, name, file, line } = entry;
            let place = format!("{}:{}", file.as_deref().unwrap_or("?"), line.unwrap_or(0));
            found.entry(format!("{kind} {name}")).or_default().push(format!("{count} at {place}"));
        }
        found
    };
    let (a, b) = (by_name(a), by_name(b));
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let finding = match (a.get(*name), b.get(*name)) {
            (Some(a), Some(b)) => match Aspect::of("declared", a, b, |list| list.join(", ")) {
                Some(aspect) => Finding::Changed(vec![aspect]),
                None => continue,
            },
            (Some(_), None) => Finding::Only(Side::Gated),
            _ => Finding::Only(Side::Gateless),
        };
        differences.push(Difference::new(Subject::DebugEntry, name.as_str(), finding));
    }
    names.len()
}
