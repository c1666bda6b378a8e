//! Bounds and lifetimes.

use cargo_metadata::diagnostic::Diagnostic;

use super::place::{self, Place};
use super::quoted;

/// An item that asks for a bound.
#[derive(Debug, Clone)]
pub struct Required<'a> {
    /// The bound.
    pub place: Place<'a>,
    /// The item's path.
    pub item: &'a str,
}

impl<'a> Required<'a> {
    pub(super) fn all(diagnostic: &'a Diagnostic) -> Vec<Self> {
        let places = diagnostic
            .children
            .iter()
            .flat_map(|note| note.spans.iter().map(Place));
        places
            .filter(|place| place.is_primary)
            .filter_map(|place| {
                let item = place
                    .label()?
                    .strip_prefix("required by this bound in `")?
                    .strip_suffix('`')?;
                Some(Self { place, item })
            })
            .collect()
    }
}

/// What has to live how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlives<'a> {
    /// A type parameter or a lifetime.
    pub longer: &'a str,
    /// The lifetime that it has to outlive.
    pub shorter: &'a str,
}

impl<'a> Outlives<'a> {
    pub(super) fn of(diagnostic: &'a Diagnostic) -> Option<Self> {
        of_lifetimes(diagnostic).or_else(|| of_parameter(diagnostic))
    }
}

fn of_parameter(diagnostic: &Diagnostic) -> Option<Outlives<'_>> {
    let longer = quoted(&diagnostic.message).next()?;
    let mut labels = diagnostic
        .spans
        .iter()
        .filter_map(|span| span.label.as_deref());
    let shorter = labels.find_map(lifetime)?;
    Some(Outlives { longer, shorter })
}

fn of_lifetimes(diagnostic: &Diagnostic) -> Option<Outlives<'_>> {
    let named = |starts: &[&str]| {
        let note = diagnostic
            .children
            .iter()
            .find(|note| starts.iter().any(|start| note.message.starts_with(start)))?;
        quoted(&note.message)
            .next()
            .filter(|name| name.starts_with('\''))
    };
    let longer = named(&[
        "but the referenced data is only valid for the lifetime",
        "lifetime parameter instantiated with the lifetime",
    ])?;
    let shorter = named(&[
        "the pointer is valid for the lifetime",
        "but lifetime parameter must outlive the lifetime",
    ])?;
    Some(Outlives { longer, shorter })
}

/// The lifetime that a label is about.
fn lifetime(label: &str) -> Option<&str> {
    let (_, rest) = label.split_once("must be valid for the ")?;
    if rest.starts_with("static lifetime") {
        return Some("'static");
    }
    quoted(rest).next().filter(|name| name.starts_with('\''))
}

/// How many lifetimes a suggestion shows.
pub fn elided(diagnostic: &Diagnostic) -> usize {
    place::suggestions(diagnostic)
        .map(|suggestion| suggestion.text.matches("'_").count())
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::lifetime;

    #[test]
    fn labels_name_the_lifetime() {
        let text = "the parameter type `T` must be valid for the static lifetime...";
        assert_eq!(lifetime(text), Some("'static"));
        let text = "the parameter type `T` must be valid for the lifetime `'a` as defined here...";
        assert_eq!(lifetime(text), Some("'a"));
        let text = "must be valid for the anonymous lifetime defined here...";
        assert_eq!(lifetime(text), None);
    }
}
