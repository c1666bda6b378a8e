//! Calls of trait methods by path (`Node::depth(node)`) with a value that is not sized: the function is not there for these, as it was
//! taken out of the vtable, so the path is made to lead to the extension trait.

use std::collections::BTreeMap;
use std::ops::Range;

use gateless_model::added::TRAIT;
use gateless_rustc::diagnostic::{Event, Required};

use super::Notes;
use super::facts::Facts;
use super::method::{Method, Owner};
use crate::gate::{Ear, Source};
use crate::place::{Part, Spot};

/// The paths that have to change, where an item demands `Sized` of a value that is not.
pub fn rewritten(
    event: &Event<'_>,
    required: &[Required<'_>],
    ear: &Ear<'_, Notes>,
    facts: &Facts,
) -> BTreeMap<Part, String> {
    let source = &ear.source;
    let mut parts = BTreeMap::new();
    for bound in required {
        let method = bound.item;
        let name = method.rsplit("::").next().unwrap_or(method);
        let extension = match source.spot(bound.place) {
            Some(spot) if spot.added => own(&spot, ear, facts),
            Some(_) => None,
            None => dispatched(source, method),
        };
        let Some(extension) = extension else { continue };
        let spots = event.places.iter().filter_map(|place| source.spot(*place));
        for spot in spots.filter(|spot| !spot.added) {
            let Some(path) = path(source.original(spot.file), spot.range, name) else {
                continue;
            };
            let part = Part {
                file: spot.file,
                start: path.start,
                end: path.end,
                before: path.end,
            };
            parts.insert(part, format!("{extension}::{name}"));
        }
    }
    parts
}

/// The extension trait of the trait's method that was given the bound `where Self: Sized` at `spot`.
fn own(spot: &Spot, ear: &Ear<'_, Notes>, facts: &Facts) -> Option<String> {
    let source = &ear.source;
    let (key, _) = facts
        .receivers
        .range(..=(spot.file, spot.range.start))
        .next_back()?;
    let (_, hidden) = ear.notes.placed.get(key)?;
    let &(file, offset) = key;
    let method = Method::at(source.original(file), source.edition, offset)?;
    let is_own =
        file == spot.file && matches!(method.owner, Owner::Trait(_)) && hidden.starts_with(TRAIT);
    is_own.then(|| hidden.trim_end_matches(super::names::HIDDEN).to_owned())
}

/// The extension trait of a dependency's method (`Trait::method`), if only one dependency has such a method.
fn dispatched(source: &Source<'_>, method: &str) -> Option<String> {
    let crates = source.request.known.crates.values();
    let mut found = crates.filter_map(|exports| exports.dispatched.get(method));
    found.next().filter(|_| found.next().is_none()).cloned()
}

/// The path that ends in `::name`, if `range` is that path or the type that it starts with.
fn path(text: &str, range: Range<usize>, name: &str) -> Option<Range<usize>> {
    let inside = &text[range.clone()];
    let is_whole = inside
        .strip_suffix(name)
        .is_some_and(|before| before.trim_end().ends_with("::"));
    if is_whole && !inside.contains(['(', ')', '.', ';']) {
        return Some(range);
    }
    let before = text[..range.start].trim_end();
    let (start, end) = match before.strip_suffix('<') {
        Some(before) => (before.len(), range.end + closing(&text[range.end..])?),
        None => (range.start, range.end),
    };
    let segment = text[end..].trim_start().strip_prefix("::")?.trim_start();
    let after = segment.strip_prefix(name)?;
    let is_longer = after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (!is_longer).then(|| start..text.len() - after.len())
}

/// The byte after the angle bracket that closes one before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '<' => open += 1,
            '>' if !text[..at].ends_with('-') => open -= 1,
            ';' => return None,
            _ => {}
        }
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::path;

    fn found<'a>(text: &'a str, span: &str, name: &str) -> Option<&'a str> {
        let start = text.find(span).unwrap();
        path(text, start..start + span.len(), name).map(|range| &text[range])
    }

    #[test]
    fn the_whole_path_is_found_from_its_type() {
        assert_eq!(
            found("f(a::Node::depth(x))", "a::Node::depth", "depth"),
            Some("a::Node::depth")
        );
        assert_eq!(found("S::depth(x)", "S", "depth"), Some("S::depth"));
        assert_eq!(
            found(
                "g(<dyn T<u8> as T<fn() -> u8>> :: depth)",
                "dyn T<u8>",
                "depth"
            ),
            Some("<dyn T<u8> as T<fn() -> u8>> :: depth")
        );
        assert_eq!(found("S::depths(x)", "S", "depth"), None);
        assert_eq!(found("f(x)", "x", "depth"), None);
    }
}
