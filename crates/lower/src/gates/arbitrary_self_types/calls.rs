//! Calls of methods without an extension trait: those that macros write into impls which are not part of the macro. `x.m(a)` becomes
//! `Type::m(x, a)`, with the borrow that the method syntax implied.

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};

use crate::crate_files::CrateFiles;
use crate::diagnose::Spot;
use crate::facts::Expression;

/// The parts of a call that have to change, or nothing if the diagnostic is about something else.
pub fn rewritten(diagnostic: &Diagnostic, spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>, files: &CrateFiles) -> Option<Vec<(Expression, String)>> {
    let name = diagnostic.spans.iter().find(|span| span.is_primary && span.label.as_deref() == Some("this is an associated function, not a method"))?;
    let suggestion = diagnostic.children.iter().find(|child| child.message == "use associated function syntax instead")?.spans.first()?;
    let candidate = diagnostic.children.iter().find(|child| child.message.starts_with("the candidate is defined in an impl"))?.spans.first()?;
    let signature: String = candidate.text.iter().map(|line| slice(&line.text, line.highlight_start, line.highlight_end)).collect::<Vec<_>>().join(" ");
    let (_, parameters) = signature.split_once('(')?;
    let (parameter, ty) = parameters.split_once(':')?;
    if !["this", "_this", "gateless_this", "_gateless_this"].contains(&parameter.trim().trim_start_matches("mut ").trim()) {
        return None;
    }
    let path = suggestion.suggested_replacement.as_deref()?.split('(').next()?.to_owned();
    let (name, whole) = (spots(name)?, spots(suggestion)?);
    let text = files.list[name.file].text.original();
    let dot = text[..name.range.start].rfind('.')?;
    let open = name.range.end + text[name.range.end..].find('(')?;
    let is_reference = diagnostic.message.contains("reference `&");
    let borrow = match (ty.trim_start().strip_prefix('&'), is_reference) {
        (None, _) => "",
        (Some(rest), is_reference) => {
            let rest = rest.trim_start();
            let rest = if rest.starts_with('\'') { rest.split_once(' ').map_or(rest, |(_, rest)| rest.trim_start()) } else { rest };
            match (rest.starts_with("mut "), is_reference) {
                (true, true) => "&mut *",
                (true, false) => "&mut ",
                (false, true) => "&*",
                (false, false) => "&",
            }
        }
    };
    let separator = if text[open + 1..whole.range.end].trim_start().starts_with(')') { "" } else { ", " };
    let start = whole.range.start;
    let file = name.file;
    Some(vec![((file, start, start), format!("{path}({borrow}")), ((file, dot, open + 1), separator.to_owned())])
}

/// Characters `start` to `end`, counting from 1.
fn slice(text: &str, start: usize, end: usize) -> String {
    text.chars().skip(start.saturating_sub(1)).take(end.saturating_sub(start)).collect()
}
