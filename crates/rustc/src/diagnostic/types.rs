//! Types that are not the expected ones.

use cargo_metadata::diagnostic::Diagnostic;

use super::place::Place;

/// Two types, as rustc prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types<'a> {
    /// The expected one.
    pub expected: &'a str,
    /// The one found.
    pub found: &'a str,
}

/// A value of another type than expected (E0308).
#[derive(Debug, Clone)]
pub struct Mismatch<'a> {
    /// The places shown, in notes, too (with several wrong arguments, each has a note of its own), with what is told there.
    pub places: Vec<Told<'a>>,
    /// The types with their lifetimes, which labels leave out.
    pub full: Vec<Types<'a>>,
    /// Where the branches of an `if` or `match` have different types.
    pub branches: Option<Branches<'a>>,
}

/// A place, and what is told there.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// The place.
    pub place: Place<'a>,
    /// The types.
    pub types: Option<Types<'a>>,
    /// Whether it says what was expected, at the value that the error is about.
    pub is_value: bool,
}

/// Branches of different types.
#[derive(Debug, Clone)]
pub struct Branches<'a> {
    /// The earlier branch, whose type is expected.
    pub earlier: Option<Place<'a>>,
    /// The whole expression.
    pub whole: Option<Place<'a>>,
}

impl<'a> Mismatch<'a> {
    pub(super) fn of(diagnostic: &'a Diagnostic) -> Self {
        let told = |(place, text): (Place<'a>, Option<&'a str>)| Told {
            place,
            types: text.and_then(in_label),
            is_value: place.is_primary && text.is_some_and(|text| text.starts_with("expected ")),
        };
        Self {
            places: with_notes(diagnostic).map(told).collect(),
            full: diagnostic
                .children
                .iter()
                .filter_map(|note| in_note(&note.message))
                .collect(),
            branches: Branches::of(diagnostic),
        }
    }
}

impl<'a> Branches<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Option<Self> {
        let labelled = |starts: &[&str]| {
            let is = |label: &str| starts.iter().any(|start| label.starts_with(start));
            let mut places = diagnostic.spans.iter().map(Place);
            places.find(|place| place.label().is_some_and(is))
        };
        diagnostic
            .message
            .ends_with("have incompatible types")
            .then(|| Self {
                earlier: labelled(&["expected because of this", "this is found to be of type"]),
                whole: labelled(&["`if` and `else` have", "`match` arms have"]),
            })
    }
}

/// The casts that an error is about.
pub fn casts(diagnostic: &Diagnostic) -> Vec<Place<'_>> {
    with_notes(diagnostic)
        .map(|(place, _)| place)
        .filter(|place| place.is_primary)
        .collect()
}

/// The type that a label says something is; empty if none does.
pub fn labelled(diagnostic: &Diagnostic) -> &str {
    let mut labels = diagnostic
        .spans
        .iter()
        .filter_map(|span| Place(span).label());
    labels
        .find_map(|label| label.strip_prefix("is a `")?.strip_suffix('`'))
        .unwrap_or_default()
}

/// The places of an error with their labels, and those of its notes with the notes.
fn with_notes(diagnostic: &Diagnostic) -> impl Iterator<Item = (Place<'_>, Option<&str>)> {
    let notes = diagnostic.children.iter().flat_map(|note| {
        note.spans
            .iter()
            .map(|span| (Place(span), Some(note.message.as_str())))
    });
    let own = diagnostic.spans.iter().map(Place);
    own.map(|place| (place, place.label())).chain(notes)
}

/// The types of a label `expected X, found Y`.
fn in_label(label: &str) -> Option<Types<'_>> {
    let rest = label.strip_prefix("expected `")?;
    let (expected, rest) = rest.split_once("`, found `")?;
    let found = rest.strip_suffix('`')?;
    Some(Types { expected, found })
}

/// The types of a note `expected struct X`, `found struct Y` on two lines.
fn in_note(note: &str) -> Option<Types<'_>> {
    let (expected, found) = note.split_once('\n')?;
    let ty = |line: &'_ str, word: &str| -> Option<usize> {
        line.trim_start()
            .starts_with(word)
            .then(|| line.find('`'))
            .flatten()
    };
    let expected = &expected[ty(expected, "expected ")? + 1..];
    let found = &found[ty(found, "found ")? + 1..];
    Some(Types {
        expected: expected.strip_suffix('`')?,
        found: found.strip_suffix('`')?,
    })
}
