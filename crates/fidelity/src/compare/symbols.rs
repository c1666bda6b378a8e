//! Symbols that are neither functions nor data: what the object needs from others, labels, file names.

use std::collections::BTreeMap;

use super::Both;
use crate::difference::{Aspect, Difference, Finding, Side, Subject};
use crate::object::Object;
use crate::pairing::Shared;

/// Compares them by name; returns how many names there are.
pub fn compare(both: &Both<'_>, differences: &mut Vec<Difference>) -> usize {
    let outside = |object: &Object| {
        listed(
            object
                .outside
                .iter()
                .map(|symbol| (symbol.name.shown.clone(), symbol.what.clone())),
        )
    };
    let labels = |object: &Object, classes: &[usize]| {
        listed(object.labels.iter().map(|label| {
            let place = match Shared::of(&label.place, classes) {
                // The class tells whether it is the same item; its name is for people.
                Shared::Item(class, _) => {
                    format!("{} (class {class})", object.show_target(&label.place))
                }
                _ => object.show_target(&label.place),
            };
            (
                label.name.shown.clone(),
                format!(
                    "at {place}, st_info {:#x}, st_other {:#x}",
                    label.binding.info, label.binding.other
                ),
            )
        }))
    };
    let files = |object: &Object| {
        listed(
            object
                .files
                .iter()
                .map(|file| (file.clone(), "file".to_owned())),
        )
    };
    pairwise(
        Subject::Symbol,
        outside(both.gated),
        outside(both.gateless),
        differences,
    ) + pairwise(
        Subject::Label,
        labels(both.gated, &both.pairing.first),
        labels(both.gateless, &both.pairing.second),
        differences,
    ) + pairwise(
        Subject::File,
        files(both.gated),
        files(both.gateless),
        differences,
    )
}

fn listed(symbols: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, what) in symbols {
        found.entry(name).or_default().push(what);
    }
    found.values_mut().for_each(|list| list.sort());
    found
}

fn pairwise(
    subject: Subject,
    a: BTreeMap<String, Vec<String>>,
    b: BTreeMap<String, Vec<String>>,
    differences: &mut Vec<Difference>,
) -> usize {
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let finding = match (a.get(*name), b.get(*name)) {
            (Some(_), None) => Finding::Only(Side::Gated),
            (None, Some(_)) => Finding::Only(Side::Gateless),
            (Some(a), Some(b)) => match Aspect::of("symbol", a, b, |list| list.join("; ")) {
                Some(aspect) => Finding::Changed(vec![aspect]),
                None => continue,
            },
            (None, None) => continue,
        };
        differences.push(Difference::new(subject, name.as_str(), finding));
    }
    names.len()
}
