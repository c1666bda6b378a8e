//! Pointers that ask their pointee to outlive something (`struct P<T: ?Sized + 'static>`). A receiver `P<Self>` implies that for its
//! method, but not for everything that implements the trait, so the hidden supertrait's method says it.

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};

use super::names;
use crate::crate_files::CrateFiles;
use crate::diagnose::Spot;
use crate::facts::Facts;

/// Notes what an error in a generated item asks for (E0309, E0310).
pub fn note(
    diagnostic: &Diagnostic,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
    files: &CrateFiles,
    facts: &mut Facts,
) {
    let Some(parameter) = diagnostic.message.split('`').nth(1) else {
        return;
    };
    let labels = diagnostic
        .spans
        .iter()
        .filter_map(|span| span.label.as_deref());
    let Some(lifetime) = labels.into_iter().find_map(lifetime) else {
        return;
    };
    for span in diagnostic.spans.iter().filter(|span| span.is_primary) {
        let Some(spot) = spots(span).filter(|spot| spot.added) else {
            continue;
        };
        let before = &files.list[spot.file].text.current()[..span.byte_start as usize];
        if let Some(key) = names::receiver(before, facts)
            && let Some(receiver) = facts.receivers.get_mut(&key)
        {
            receiver
                .outlives
                .insert((parameter.to_owned(), lifetime.clone()));
        }
    }
}

/// The lifetime that a label is about.
fn lifetime(label: &str) -> Option<String> {
    let (_, rest) = label.split_once("must be valid for the ")?;
    if rest.starts_with("static lifetime") {
        return Some("'static".to_owned());
    }
    rest.split('`')
        .nth(1)
        .filter(|name| name.starts_with('\''))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::lifetime;

    #[test]
    fn labels_name_the_lifetime() {
        let text = "the parameter type `T` must be valid for the static lifetime...";
        assert_eq!(lifetime(text).as_deref(), Some("'static"));
        assert_eq!(
            lifetime(
                "the parameter type `T` must be valid for the lifetime `'a` as defined here..."
            )
            .as_deref(),
            Some("'a")
        );
        assert_eq!(
            lifetime("must be valid for the anonymous lifetime defined here..."),
            None
        );
    }
}
