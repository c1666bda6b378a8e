//! Attributes wherever they stand: in items, macro definitions, macro calls and `quote!`, also behind `cfg_attr`.

use gateless_linux::condition::Condition;
use gateless_rust_text::attributes;
use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::tokens::Tokens;

use crate::finding::Role;
use crate::rust::conditions::{Regions, predicate};
use crate::signs::Signs;

/// A feature named or used by an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The feature.
    pub feature: String,
    /// Token that says so.
    pub token: usize,
    /// First and last token to show.
    pub shown: (usize, usize),
    /// What the attribute does.
    pub role: Role,
    /// Conditions of the `cfg_attr` around it.
    pub condition: Condition,
}

/// All features that attributes open or use; `regions` gets what `#[cfg]` attributes are about.
pub fn scan(tokens: &Tokens<'_>, regions: &mut Regions) -> Vec<Found> {
    let mut found = Vec::new();
    for attribute in attributes::all(tokens) {
        let (first, end) = (attribute.open + 1, tokens.close(attribute.open));
        if first >= end {
            continue;
        }
        if tokens.at(first) == "cfg" && tokens.opens(first + 1, "(") {
            let condition = predicate(tokens, first + 2, tokens.close(first + 1));
            regions.add(tokens, attribute.hash, attribute.open, condition);
            continue;
        }
        meta(tokens, first, end, Condition::Always, &mut found);
    }
    found
}

fn meta(
    tokens: &Tokens<'_>,
    first: usize,
    end: usize,
    condition: Condition,
    found: &mut Vec<Found>,
) {
    let (mut first, mut end) = (first, end);
    if tokens.at(first) == "unsafe" && tokens.opens(first + 1, "(") {
        end = tokens.close(first + 1);
        first += 2;
    }
    let group = first + 1;
    match tokens.at(first) {
        "cfg_attr" if tokens.opens(group, "(") => {
            let parts = split_commas(tokens, group + 1, tokens.close(group));
            let Some((&test, list)) = parts.split_first() else {
                return;
            };
            let holds = condition.and(predicate(tokens, test.0, test.1));
            for &(a, b) in list {
                meta(tokens, a, b, holds.clone(), found);
            }
        }
        "feature" if tokens.opens(group, "(") => {
            for (a, b) in split_commas(tokens, group + 1, tokens.close(group)) {
                if b == a + 1 {
                    found.push(Found {
                        feature: tokens.at(a).to_owned(),
                        token: a,
                        shown: (first, tokens.close(group)),
                        role: Role::Opens,
                        condition: condition.clone(),
                    });
                }
            }
        }
        "derive" if tokens.opens(group, "(") => {
            for (a, b) in split_commas(tokens, group + 1, tokens.close(group)) {
                if let Some(feature) = Signs::get().derives.get(tokens.at(b - 1)) {
                    // `From` is also the name of derives of other crates: only a path into core says which it is.
                    if tokens.at(b - 1) == "From" && !matches!(tokens.at(a), "core" | "std") {
                        continue;
                    }
                    found.push(use_of(
                        feature,
                        b - 1,
                        (first, tokens.close(group)),
                        &condition,
                    ));
                }
            }
        }
        name => {
            let signs = &Signs::get().attributes;
            let last = if tokens.opens(group, "(") && group < end {
                tokens.close(group)
            } else {
                end - 1
            };
            let shown = (first, last.max(first));
            if let Some(feature) = signs.get(name).filter(|_| plain(tokens, first, end)) {
                found.push(use_of(feature, first, shown, &condition));
            }
            if tokens.opens(group, "(") && group < end {
                for (a, _) in split_commas(tokens, group + 1, tokens.close(group)) {
                    let key = format!("{name}({})", tokens.at(a));
                    if let Some(feature) = signs.get(&key) {
                        found.push(use_of(feature, first, shown, &condition));
                    }
                }
            }
        }
    }
}

/// Whether the attribute is called by its bare name, not by a path of somebody's own (`#[pin_init::stable]`).
fn plain(tokens: &Tokens<'_>, first: usize, end: usize) -> bool {
    first + 1 >= end || matches!(tokens.at(first + 1), "(" | "=" | "[" | "{")
}

fn use_of(feature: &str, token: usize, shown: (usize, usize), condition: &Condition) -> Found {
    Found {
        feature: feature.to_owned(),
        token,
        shown,
        role: Role::Uses,
        condition: condition.clone(),
    }
}
