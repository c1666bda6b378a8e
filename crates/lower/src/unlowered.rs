//! Errors that are there because something could not be lowered, and not the user's own: they are told by their gate.

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};
use gateless_model::Failure;

use crate::crate_files::CrateFiles;
use crate::diagnose::{Spot, code};
use crate::gates::{arbitrary_self_types, derive_coerce_pointee};
use gateless_rust_text::tokens::line_of;

/// The first of the errors that only a gate's lowering can have brought about, as a failure that names file, line, gate and reason.
pub fn explain<'a>(
    errors: impl Iterator<Item = &'a Diagnostic>,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
    files: &CrateFiles,
    features: &[String],
) -> Option<Failure> {
    let mut told = errors.filter_map(|error| {
        let (gate, why) = reason(error, features)?;
        let spot = error
            .spans
            .iter()
            .filter(|span| span.is_primary)
            .find_map(spots)?;
        let file = &files.list[spot.file];
        let line = line_of(file.text.original(), spot.range.start);
        Some(Failure::no(format!(
            "{}:{line}: the gate `{gate}` can't be lowered here: {why}",
            file.path
        )))
    });
    told.next()
}

fn reason(error: &Diagnostic, features: &[String]) -> Option<(&'static str, String)> {
    let is_on = |feature: &str| features.iter().any(|name| name == feature);
    let name = || error.message.split('`').nth(1).unwrap_or_default();
    if error.message.starts_with("cannot find derive macro `")
        && is_on(derive_coerce_pointee::ID)
        && name() == "CoercePointee"
    {
        let why = "the derive's name comes to a macro from its caller".to_owned();
        return Some((derive_coerce_pointee::ID, why));
    }
    let is_function = code(error) == "E0599"
        && error.spans.iter().any(|span| {
            span.label.as_deref() == Some("this is an associated function, not a method")
        });
    let was_method = error.children.iter().any(|child| {
        let mut lines = child.spans.iter().flat_map(|span| &span.text);
        child
            .message
            .starts_with("the candidate is defined in an impl")
            && lines.any(|line| line.text.contains("this:"))
    });
    if is_function && was_method && arbitrary_self_types::is_on(features) {
        let why = format!(
            "`{}` was a method, and this call can't be written as a call of the function that it became",
            name()
        );
        return Some((arbitrary_self_types::ID, why));
    }
    None
}
