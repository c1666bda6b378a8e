//! Places that a diagnostic shows, and what it suggests to write there.

use std::fmt;
use std::ops::Deref;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};

/// A span of the compiler. It is shown by the code that it is about.
#[derive(Clone, Copy)]
pub struct Place<'a>(pub &'a DiagnosticSpan);

impl<'a> Place<'a> {
    /// The code of the span, its lines joined by blanks.
    pub fn code(&self) -> String {
        let lines = self.0.text.iter().map(|line| {
            let (start, end) = (line.highlight_start, line.highlight_end);
            line.text
                .chars()
                .skip(start.saturating_sub(1))
                .take(end.saturating_sub(start))
                .collect::<String>()
        });
        lines.collect::<Vec<_>>().join(" ")
    }

    /// The place at which the macro was called that this code comes from.
    pub fn call(&self) -> Option<Place<'a>> {
        self.0
            .expansion
            .as_ref()
            .map(|expansion| Place(&expansion.span))
    }

    /// This place and those of the macro calls around it.
    pub fn with_calls(self) -> impl Iterator<Item = Place<'a>> {
        std::iter::successors(Some(self), Place::call)
    }

    /// The label.
    pub(super) fn label(&self) -> Option<&'a str> {
        self.0.label.as_deref()
    }
}

impl Deref for Place<'_> {
    type Target = DiagnosticSpan;

    fn deref(&self) -> &DiagnosticSpan {
        self.0
    }
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_primary { "^" } else { "-" };
        write!(f, "{mark}{:?}", self.code())
    }
}

/// What the compiler suggests to write somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Suggestion<'a> {
    /// The code that it replaces, or an empty place.
    pub place: Place<'a>,
    /// The new code.
    pub text: &'a str,
}

/// The suggestions of one note.
pub fn of_note(note: &Diagnostic) -> impl Iterator<Item = Suggestion<'_>> {
    note.spans.iter().filter_map(|span| {
        Some(Suggestion {
            place: Place(span),
            text: span.suggested_replacement.as_deref()?,
        })
    })
}

/// All suggestions.
pub fn suggestions(diagnostic: &Diagnostic) -> impl Iterator<Item = Suggestion<'_>> {
    diagnostic.children.iter().flat_map(of_note)
}

/// The paths that the compiler suggests to import.
pub fn imports(diagnostic: &Diagnostic) -> impl Iterator<Item = &str> {
    suggestions(diagnostic).filter_map(|suggestion| {
        suggestion
            .text
            .trim()
            .strip_prefix("use ")?
            .strip_suffix(';')
    })
}
