//! Names of the library that lowered code has no use for: what they are called in a crate, and their imports.

use std::collections::BTreeSet;

use gateless_rust_text::attributes;
use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

use crate::gate::{Source, View};

/// What a crate can only import with a feature that is lowered, and does not need any more then.
const NAMES: &[(&str, &str)] = &[
    ("derive_coerce_pointee", "CoercePointee"),
    ("coerce_unsized", "CoerceUnsized"),
    ("dispatch_from_dyn", "DispatchFromDyn"),
    ("unsize", "Unsize"),
];

/// What `name` is called in a crate: itself, and as what it is imported (`use core::marker::Unsize as U`).
pub fn names(files: &[View<'_>], name: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::from([name.to_owned()]);
    let naming = || files.iter().filter(|view| view.tokens.text.contains(name));
    while naming().any(|view| add_aliases(&view.tokens, &mut names)) {}
    names
}

/// Whether `found` is what one of the library's `names` is called in a file.
pub fn is_one_of(view: &View<'_>, names: &[&str], found: &str) -> bool {
    let called = |name: &&str| {
        let mut called = BTreeSet::from([(*name).to_owned()]);
        while add_aliases(&view.tokens, &mut called) {}
        called
    };
    names.iter().any(|name| called(name).contains(found))
}

/// What all the names are called whose features are on.
pub fn removed(source: &Source<'_>, files: &[View<'_>]) -> BTreeSet<String> {
    let on = NAMES.iter().filter(|(feature, _)| source.has(feature));
    on.flat_map(|(_, name)| names(files, name)).collect()
}

/// The edits that take the names out of a file's imports.
pub fn remove(view: &View<'_>, names: &BTreeSet<String>) -> Vec<Edit> {
    let tokens = &view.tokens;
    let mut edits = Vec::new();
    for i in 0..tokens.list.len() {
        let Some(end) = import(tokens, i) else {
            continue;
        };
        let mut names = names.clone();
        let is_shared = (i..end).any(|k| names.contains(tokens.at(k)))
            && (view.source.has("arbitrary_self_types")
                || view.source.has("arbitrary_self_types_pointers"))
            && (i..end).any(|k| tokens.at(k) == "Receiver");
        if is_shared {
            // Its own gate imports the trait from somewhere else.
            names.insert("Receiver".to_owned());
        }
        let mut inside = Vec::new();
        if is_kept(tokens, i + 1, end, &names, &mut inside) {
            edits.extend(inside);
        } else {
            let whole = tokens.bytes(item_start(tokens, i), end);
            edits.push(Edit::remove(tokens.text, whole));
        }
    }
    edits
}

/// The last token of the import that starts at `i`.
pub fn import(tokens: &Tokens<'_>, i: usize) -> Option<usize> {
    // `impl Trait + use<'a>` is none.
    let is_import = tokens.at(i) == "use" && tokens.at(i + 1) != "<";
    is_import
        .then(|| (i..tokens.list.len()).find(|&k| tokens.at(k) == ";"))
        .flatten()
}

/// Removes the names from a use tree; false when nothing of the tree is left.
fn is_kept(
    tokens: &Tokens<'_>,
    first: usize,
    end: usize,
    names: &BTreeSet<String>,
    edits: &mut Vec<Edit>,
) -> bool {
    if let Some(open) = (first..end).find(|&i| tokens.opens(i, "{")) {
        let parts = split_commas(tokens, open + 1, tokens.close(open));
        let mut inside = Vec::new();
        let kept: Vec<bool> = parts
            .iter()
            .map(|&(a, b)| is_kept(tokens, a, b, names, &mut inside))
            .collect();
        if !kept.is_empty() && !kept.contains(&true) {
            return false;
        }
        edits.extend(inside);
        edits.extend(attributes::removals(tokens, &parts, &kept));
        return true;
    }
    let last = if end >= first + 3 && tokens.at(end - 2) == "as" {
        end - 3
    } else {
        end - 1
    };
    !names.contains(tokens.at(last))
}

/// Adds to `names` what they are imported as in a file; returns whether there were more.
fn add_aliases(tokens: &Tokens<'_>, names: &mut BTreeSet<String>) -> bool {
    let before = names.len();
    for i in 0..tokens.list.len() {
        if tokens.at(i + 1) == "as" && names.contains(tokens.at(i)) && tokens.at(i + 2) != "_" {
            names.insert(tokens.at(i + 2).to_owned());
        }
    }
    names.len() > before
}

/// First token of the visibility and the attributes before the item keyword at `keyword`.
fn item_start(tokens: &Tokens<'_>, keyword: usize) -> usize {
    let mut start = keyword;
    if start >= 1 && tokens.at(start - 1) == "pub" {
        start -= 1;
    } else if start >= 1 && tokens.at(start - 1) == ")" {
        let open = (0..start)
            .rev()
            .find(|&i| tokens.opens(i, "(") && tokens.close(i) == start - 1);
        if let Some(open) = open.filter(|&open| open >= 1 && tokens.at(open - 1) == "pub") {
            start = open - 1;
        }
    }
    while start >= 1 && tokens.at(start - 1) == "]" {
        let open = (0..start)
            .rev()
            .find(|&i| tokens.opens(i, "[") && tokens.close(i) == start - 1);
        match open {
            Some(open) if open >= 1 && tokens.at(open - 1) == "#" => start = open - 1,
            _ => break,
        }
    }
    start
}
