//! What a receiver's type implies: with `struct P<T: ?Sized + 'static>`, a receiver `P<Self>` says `Self: 'static`, and `&'b P<S<'a>>` says
//! `'a: 'b`. The method itself has it from its receiver; the method of an extension trait, whose receiver is `self` or `&'b self`, and that of
//! a hidden supertrait have to say it.

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};

use super::names;
use crate::crate_files::CrateFiles;
use crate::diagnose::Spot;
use crate::facts::Facts;

/// Notes what an error in a generated item asks for (E0309, E0310, E0478, E0491).
pub fn note(
    diagnostic: &Diagnostic,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
    files: &CrateFiles,
    facts: &mut Facts,
) {
    let Some((parameter, lifetime)) = of_lifetimes(diagnostic).or_else(|| of_parameter(diagnostic))
    else {
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
                .insert((parameter.clone(), lifetime.clone()));
        }
    }
}

/// A type parameter and the lifetime that it has to outlive.
fn of_parameter(diagnostic: &Diagnostic) -> Option<(String, String)> {
    let parameter = diagnostic.message.split('`').nth(1)?;
    let mut labels = diagnostic
        .spans
        .iter()
        .filter_map(|span| span.label.as_deref());
    Some((parameter.to_owned(), labels.find_map(lifetime)?))
}

/// A lifetime and the one that it has to outlive.
fn of_lifetimes(diagnostic: &Diagnostic) -> Option<(String, String)> {
    let named = |starts: &[&str]| {
        let note = diagnostic
            .children
            .iter()
            .find(|child| starts.iter().any(|start| child.message.starts_with(start)))?;
        let name = note.message.split('`').nth(1)?;
        name.starts_with('\'').then(|| name.to_owned())
    };
    Some((
        named(&[
            "but the referenced data is only valid for the lifetime",
            "lifetime parameter instantiated with the lifetime",
        ])?,
        named(&[
            "the pointer is valid for the lifetime",
            "but lifetime parameter must outlive the lifetime",
        ])?,
    ))
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
