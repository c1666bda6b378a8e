//! Methods, calls of them, and receivers.

use cargo_metadata::diagnostic::Diagnostic;

use super::place::{self, Place, Suggestion};
use super::{Said, quoted};

/// A call of a method that can't be called so (E0599).
#[derive(Debug, Clone)]
pub struct NoMethod<'a> {
    /// The method's name.
    pub name: &'a str,
    /// Whether it is called on a reference.
    pub is_on_reference: bool,
    /// The name in the call, where an associated function has it.
    pub function: Option<Place<'a>>,
    /// The whole call as a call of that function.
    pub as_function: Option<Suggestion<'a>>,
    /// Signatures of associated functions of that name.
    pub candidates: Vec<Place<'a>>,
    /// Paths of traits that could be imported.
    pub imports: Vec<&'a str>,
    /// Everything else that is told to help, as text.
    pub help: Vec<&'a str>,
}

impl<'a> NoMethod<'a> {
    pub(super) fn of(diagnostic: &'a Diagnostic) -> Self {
        let notes = || diagnostic.children.iter();
        let is_function = |place: &Place<'_>| {
            place.label() == Some("this is an associated function, not a method")
        };
        let candidates = notes().filter(|note| {
            note.message
                .starts_with("the candidate is defined in an impl")
        });
        let texts = notes().map(|note| note.message.as_str());
        Self {
            name: quoted(&diagnostic.message).next().unwrap_or_default(),
            is_on_reference: diagnostic.message.contains("reference `&"),
            function: diagnostic.spans.iter().map(Place).find(is_function),
            as_function: notes()
                .find(|note| note.message == "use associated function syntax instead")
                .and_then(|note| place::of_note(note).next()),
            candidates: candidates
                .flat_map(|note| note.spans.iter().map(Place))
                .collect(),
            imports: place::imports(diagnostic).collect(),
            help: texts
                .chain(place::suggestions(diagnostic).map(|suggestion| suggestion.text))
                .collect(),
        }
    }
}

/// A receiver whose type needs a feature.
pub fn gated_receiver(message: &str) -> Option<Said<'_>> {
    let (_, rest) = message.split_once("cannot be used as the type of `self` without the `")?;
    let feature = rest.split('`').next()?;
    Some(Said::GatedReceiver {
        ty: quoted(message).next().unwrap_or_default(),
        feature,
    })
}

/// How to call each of the methods that fit.
pub fn candidates(diagnostic: &Diagnostic) -> Vec<Vec<Suggestion<'_>>> {
    diagnostic
        .children
        .iter()
        .map(|note| place::of_note(note).collect::<Vec<_>>())
        .filter(|suggestions| !suggestions.is_empty())
        .collect()
}
