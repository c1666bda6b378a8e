//! Conversions that relied on `derive(CoercePointee)`: where the compiler expected one pointer and found another of the same kind,
//! the expression is wrapped in the support module's conversion.
//!
//! Errors used: E0308 (`expected P<dyn T>, found P<S>`, at an expression or at each of several arguments) and E0605 (`as`).
//! If the wrapped expression has a type error of its own, the wrap is taken back and the user sees the original error.

use std::ops::Range;

use cargo_metadata::diagnostic::Diagnostic;
use ra_ap_syntax::{AstNode, Edition, ast};

use crate::crate_files::SourceFile;
use crate::diagnose::{Spot, code};
use crate::facts::{Coercion, Facts};
use crate::pieces::Edit;
use crate::support;
use crate::syntax::{Tree, around};
use crate::tokens::Tokens;

/// The conversions that a diagnostic asks for.
pub fn wanted(diagnostic: &Diagnostic, spots: &dyn Fn(&cargo_metadata::diagnostic::DiagnosticSpan) -> Option<Spot>, text: &dyn Fn(usize) -> String, edition: Edition, facts: &mut Facts) {
    let kind = match code(diagnostic) {
        "E0308" => Coercion::Expected,
        "E0605" => Coercion::Cast,
        _ => return,
    };
    // With several wrong arguments, each has a note of its own.
    let notes = diagnostic.children.iter().flat_map(|child| child.spans.iter().map(|span| (span, Some(child.message.as_str()))));
    for (span, label) in diagnostic.spans.iter().map(|span| (span, span.label.as_deref())).chain(notes) {
        let Some(spot) = spots(span).filter(|spot| !spot.added && !spot.range.is_empty()) else { continue };
        if kind == Coercion::Expected {
            let Some((expected, found)) = label.and_then(mismatch) else { continue };
            if !same_pointer(expected, found) {
                continue;
            }
        } else if !(span.is_primary && diagnostic.message.contains("non-primitive cast")) {
            continue;
        }
        let key = (spot.file, spot.range.start, spot.range.end);
        if facts.refused.contains(&key) {
            continue;
        }
        let kind = if kind == Coercion::Expected && is_short_field(&text(spot.file), edition, &spot.range) { Coercion::Field } else { kind };
        facts.coercions.entry(key).or_insert(kind);
    }
}

/// The types of a label `expected X, found Y`.
fn mismatch(label: &str) -> Option<(&str, &str)> {
    let rest = label.strip_prefix("expected `")?;
    let (expected, rest) = rest.split_once("`, found `")?;
    Some((expected, rest.strip_suffix('`')?))
}

/// Whether two different types have the same head, as `Arc<dyn T>` and `Arc<S>` have.
fn same_pointer(expected: &str, found: &str) -> bool {
    let head = |name: &str| name.split_once('<').map(|(head, _)| head.to_owned());
    expected != found && head(expected).is_some() && head(expected) == head(found)
}

/// Whether the bytes are a field in short form.
fn is_short_field(text: &str, edition: Edition, range: &Range<usize>) -> bool {
    let tree = Tree::around(text, edition, range.start);
    let Some(token) = tree.token_at(range.start) else { return false };
    if let Some(field) = around::<ast::RecordExprField>(&token).next() {
        return field.colon_token().is_none() && tree.of(field.syntax()).end == range.end;
    }
    false
}

/// The edits for all conversions in one file.
pub fn edits(file: &SourceFile, index: usize, facts: &Facts, path: &str, edition: Edition) -> Vec<Edit> {
    let text = file.text.original();
    let mut edits = Vec::new();
    for (&(_, start, end), kind) in facts.coercions.range((index, 0, 0)..(index + 1, 0, 0)) {
        let open = format!("{path}{}_coerce!(", support::MODULE);
        match kind {
            Coercion::Expected => edits.extend(Edit::wrap(start..end, open, ")")),
            Coercion::Field => edits.extend(Edit::wrap(start..end, format!("{}: {open}", &text[start..end]), ")")),
            Coercion::Cast => {
                let tokens = Tokens::new(&text[start..end], edition);
                let cast = (0..tokens.list.len()).filter(|&i| tokens.at(i) == "as" && !inside_group(&tokens, i)).last();
                if let Some(cast) = cast {
                    let range = tokens.list[cast].range.clone();
                    edits.push(Edit::replace(text, start + range.start..start + range.end, "=>"));
                    edits.extend(Edit::wrap(start..end, open, ")"));
                }
            }
        }
    }
    edits
}

fn inside_group(tokens: &Tokens<'_>, i: usize) -> bool {
    (0..i).any(|open| tokens.close(open) > i)
}

/// Takes back the conversions that an error is about. Returns whether there was one.
pub fn take_back(diagnostic: &Diagnostic, spots: &dyn Fn(&cargo_metadata::diagnostic::DiagnosticSpan) -> Option<Spot>, facts: &mut Facts) -> bool {
    let mut taken = false;
    if !["E0271", "E0277", "E0282", "E0283", "E0284", "E0308"].contains(&code(diagnostic)) {
        return false;
    }
    for span in &diagnostic.spans {
        let mut here = Some(span);
        while let Some(span) = here {
            if let Some(spot) = spots(span) {
                let hit = facts.coercions.keys().copied().find(|&(file, start, end)| {
                    file == spot.file && start == spot.range.start && (end == spot.range.end || spot.added && spot.range.end <= end)
                });
                if let Some(key) = hit {
                    facts.coercions.remove(&key);
                    facts.refused.insert(key);
                    taken = true;
                }
            }
            here = span.expansion.as_ref().map(|expansion| &expansion.span);
        }
    }
    taken
}
