//! Conversions that relied on `derive(CoercePointee)`: where the compiler expected one pointer and found another of the same kind,
//! the expression is wrapped in the support module's conversion.
//!
//! Errors used: E0308 (`expected P<dyn T>, found P<S>`, at an expression or at each of several arguments) and E0605 (`as`).
//! If the wrapped expression has a type error of its own, the wrap is taken back and the user sees the original error.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};
use ra_ap_syntax::{AstNode, Edition, ast};

use crate::closures;
use crate::crate_files::SourceFile;
use crate::diagnose::{Spot, code};
use crate::facts::{Coercion, Expression, Facts};
use crate::support;
use crate::syntax::{Tree, around};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// The conversions that a diagnostic asks for.
pub fn wanted(
    diagnostic: &Diagnostic,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
    text: &dyn Fn(usize) -> String,
    edition: Edition,
    facts: &mut Facts,
) {
    let kind = match code(diagnostic) {
        "E0308" => Coercion::Expected,
        "E0605" => Coercion::Cast,
        _ => return,
    };
    // With several wrong arguments, each has a note of its own.
    let notes = diagnostic.children.iter().flat_map(|child| {
        child
            .spans
            .iter()
            .map(|span| (span, Some(child.message.as_str())))
    });
    for (span, label) in diagnostic
        .spans
        .iter()
        .map(|span| (span, span.label.as_deref()))
        .chain(notes)
    {
        let Some(spot) = spots(span).filter(|spot| !spot.added && !spot.range.is_empty()) else {
            continue;
        };
        if kind == Coercion::Expected {
            let own = label
                .and_then(mismatch)
                .filter(|(expected, found)| same_pointer(expected, found));
            let noted = || {
                diagnostic
                    .children
                    .iter()
                    .filter_map(|child| full_mismatch(&child.message))
                    .any(|(expected, found)| same_pointer(expected, found))
            };
            if own.is_none()
                && !(span.is_primary
                    && label.is_some_and(|label| label.starts_with("expected "))
                    && noted())
            {
                continue;
            }
        } else if !(span.is_primary && diagnostic.message.contains("non-primitive cast")) {
            continue;
        }
        let key = (spot.file, spot.range.start, spot.range.end);
        if let Some(refused) = facts.refused.get(&key) {
            if let Some(branch) = branch(diagnostic, spots, &spot, &text(spot.file), edition)
                && !refused.contains(&branch)
            {
                facts.coercions.entry(key).or_insert(branch);
            }
            continue;
        }
        let kind = if kind == Coercion::Expected
            && is_short_field(&text(spot.file), edition, &spot.range)
        {
            Coercion::Field
        } else {
            kind
        };
        if kind != Coercion::Cast
            && !facts.coercions.contains_key(&key)
            && let Some(expected) = expected(diagnostic, label)
        {
            let hint = closures::hint(expected, &spot, &text(spot.file), edition);
            if !hint.is_empty() {
                facts.hints.insert(key, hint);
            }
        }
        facts.coercions.entry(key).or_insert(kind);
    }
}

/// The type that a note or a label says is expected. Labels leave lifetimes out.
fn expected<'a>(diagnostic: &'a Diagnostic, label: Option<&'a str>) -> Option<&'a str> {
    let noted = || {
        diagnostic
            .children
            .iter()
            .find_map(|child| full_mismatch(&child.message))
    };
    let label = label.and_then(mismatch);
    let head = |ty: &str| ty.split('<').next().map(str::to_owned);
    let (expected, _) = noted()
        .filter(|(noted, _)| label.is_none_or(|(label, _)| head(noted) == head(label)))
        .or(label)?;
    Some(expected)
}

/// The types of a label `expected X, found Y`.
fn mismatch(label: &str) -> Option<(&str, &str)> {
    let rest = label.strip_prefix("expected `")?;
    let (expected, rest) = rest.split_once("`, found `")?;
    Some((expected, rest.strip_suffix('`')?))
}

/// The types of a note `expected struct X`, `found struct Y` on two lines.
fn full_mismatch(note: &str) -> Option<(&str, &str)> {
    let (expected, found) = note.split_once('\n')?;
    let ty = |line: &str, word: &str| -> Option<usize> {
        line.trim_start()
            .starts_with(word)
            .then(|| line.find('`'))
            .flatten()
    };
    let expected = &expected[ty(expected, "expected ")? + 1..];
    let found = &found[ty(found, "found ")? + 1..];
    Some((expected.strip_suffix('`')?, found.strip_suffix('`')?))
}

/// Where a span was written: the span itself, or the call of the macro that it comes from.
fn written(span: &DiagnosticSpan, spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>) -> Option<Spot> {
    let mut here = Some(span);
    while let Some(span) = here {
        let outer = span.expansion.as_ref().map(|expansion| &expansion.span);
        if let Some(spot) = spots(span).filter(|spot| !spot.added || outer.is_none()) {
            return Some(spot);
        }
        here = outer;
        if outer.is_some_and(|outer| outer.expansion.is_none()) {
            return outer.and_then(spots);
        }
    }
    None
}

/// The earlier branch that a branch's type has to agree with.
fn branch(
    diagnostic: &Diagnostic,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
    spot: &Spot,
    text: &str,
    edition: Edition,
) -> Option<Coercion> {
    let (file, here) = (spot.file, spot.range.start);
    if !diagnostic.message.ends_with("have incompatible types") {
        return None;
    }
    let labelled = |starts: &[&str]| {
        let is = |span: &&DiagnosticSpan| {
            span.label
                .as_deref()
                .is_some_and(|label| starts.iter().any(|start| label.starts_with(start)))
        };
        diagnostic
            .spans
            .iter()
            .find(is)
            .and_then(|span| written(span, spots))
            .filter(|spot| spot.file == file)
            .map(|spot| (spot.range.start, spot.range.end))
    };
    let earlier = labelled(&["expected because of this", "this is found to be of type"])?;
    // rustc's label of the whole is left out, or on its head alone, when it is on one line.
    let by_syntax = || {
        let tree = Tree::around(text, edition, earlier.0);
        let token = tree.token_at(earlier.0)?;
        let whole = around::<ast::Expr>(&token)
            .filter(|node| matches!(node, ast::Expr::IfExpr(_) | ast::Expr::MatchExpr(_)))
            .map(|node| tree.of(node.syntax()))
            .find(|range| range.contains(&here))?;
        Some((whole.start, whole.end))
    };
    let whole = by_syntax().or_else(|| labelled(&["`if` and `else` have", "`match` arms have"]))?;
    Some(Coercion::Branch { whole, earlier })
}

/// Whether two different types have the same head, as `Arc<dyn T>` and `Arc<S>` have.
fn same_pointer(expected: &str, found: &str) -> bool {
    let head = |name: &str| name.split_once('<').map(|(head, _)| head.to_owned());
    expected != found && head(expected).is_some() && head(expected) == head(found)
}

/// Whether the bytes are a field in short form.
fn is_short_field(text: &str, edition: Edition, range: &Range<usize>) -> bool {
    let tree = Tree::around(text, edition, range.start);
    let Some(token) = tree.token_at(range.start) else {
        return false;
    };
    if let Some(field) = around::<ast::RecordExprField>(&token).next() {
        return field.colon_token().is_none() && tree.of(field.syntax()).end == range.end;
    }
    false
}

/// The edits for all conversions in one file. `paths` lead to the support modules that the crate sees.
pub fn edits(
    file: &SourceFile,
    index: usize,
    facts: &Facts,
    paths: &[String],
    edition: Edition,
) -> Vec<Edit> {
    let text = file.text.original();
    let mut edits = Vec::new();
    let mut wholes = BTreeSet::new();
    for (&(_, start, end), kind) in facts.coercions.range((index, 0, 0)..(index + 1, 0, 0)) {
        let module = facts
            .modules
            .get(&(index, start, end))
            .copied()
            .unwrap_or_default();
        let Some(path) = paths.get(module) else {
            continue;
        };
        let open = format!("{path}{}_coerce!(", support::MODULE);
        match kind {
            Coercion::Expected => edits.extend(Edit::wrap(start..end, open, ")")),
            Coercion::Field => edits.extend(Edit::wrap(
                start..end,
                format!("{}: {open}", &text[start..end]),
                ")",
            )),
            Coercion::Branch { whole, earlier } => {
                let name = format!("{}_to_{}", support::MODULE, whole.0);
                edits.extend(Edit::wrap(start..end, format!("{open}{name}, "), ")"));
                if wholes.insert((whole, earlier)) {
                    edits.extend(Edit::wrap_outside(
                        whole.0..whole.1,
                        format!("match {path}{}::To::NEW {{ {name} => ", support::MODULE),
                        " }",
                    ));
                    edits.extend(Edit::wrap_outside(
                        earlier.0..earlier.1,
                        format!("{name}.is("),
                        ")",
                    ));
                }
            }
            Coercion::Cast => {
                let Range { start, end } = without_parentheses(text, start..end, edition);
                let tokens = Tokens::new(&text[start..end], edition);
                let cast = (0..tokens.list.len())
                    .rfind(|&i| tokens.at(i) == "as" && !inside_group(&tokens, i));
                if let Some(cast) = cast {
                    let range = tokens.list[cast].range.clone();
                    if tokens.at(cast + 1) == "_" && cast + 2 == tokens.list.len() {
                        // The type comes from the place after all.
                        edits.push(Edit::remove(text, start + range.start..end));
                        edits.extend(Edit::wrap(start..end, open, ")"));
                        continue;
                    }
                    edits.push(Edit::replace(
                        text,
                        start + range.start..start + range.end,
                        "=>",
                    ));
                    edits.extend(Edit::wrap(start..end, open, ")"));
                }
            }
        }
    }
    edits
}

/// The expression within parentheses, which the compiler counts as part of it.
fn without_parentheses(text: &str, range: Range<usize>, edition: Edition) -> Range<usize> {
    let tokens = Tokens::new(&text[range.clone()], edition);
    let last = tokens.list.len().saturating_sub(1);
    if last > 1 && tokens.opens(0, "(") && tokens.close(0) == last {
        let inside = tokens.bytes(1, last - 1);
        return without_parentheses(
            text,
            range.start + inside.start..range.start + inside.end,
            edition,
        );
    }
    range
}

fn inside_group(tokens: &Tokens<'_>, i: usize) -> bool {
    (0..i).any(|open| tokens.close(open) > i)
}

/// Takes back the conversions that errors are about, or has them done by the next of the `paths` support modules if the first does not
/// know the pointer.
pub fn take_back<'a>(
    errors: impl Iterator<Item = &'a Diagnostic>,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
    paths: usize,
    facts: &mut Facts,
) {
    // Whether the pointer is not known to the module, by conversion.
    let mut hits: BTreeMap<Expression, bool> = BTreeMap::new();
    for diagnostic in errors.filter(|error| {
        ["E0271", "E0277", "E0282", "E0283", "E0284", "E0308"].contains(&code(error))
    }) {
        let unknown = diagnostic.message.contains("Pointer");
        for span in diagnostic.spans.iter().filter(|span| span.is_primary) {
            let mut here = Some(span);
            while let Some(span) = here {
                if let Some(spot) = spots(span) {
                    let hit = facts.coercions.keys().copied().find(|&(file, start, end)| {
                        let same_end = end == spot.range.end || spot.added && spot.range.end <= end;
                        file == spot.file && start == spot.range.start && same_end
                    });
                    if let Some(key) = hit {
                        *hits.entry(key).or_default() |= unknown;
                    }
                }
                here = span.expansion.as_ref().map(|expansion| &expansion.span);
            }
        }
    }
    for (key, unknown) in hits {
        let module = facts.modules.get(&key).copied().unwrap_or_default();
        if unknown && module + 1 < paths {
            facts.modules.insert(key, module + 1);
        } else if let Some(kind) = facts.coercions.remove(&key) {
            facts.refused.entry(key).or_default().insert(kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::refined;

    const HEAD: &str = "#![feature(derive_coerce_pointee)]\n#[derive(core::marker::CoercePointee)] #[repr(transparent)] struct P<T: ?Sized>(Box<T>);\n";

    fn lowered(body: &str, code: &str, at: &str) -> String {
        let text = format!("{HEAD}{body}\n");
        let message = if code == "E0605" {
            "non-primitive cast: `P<u8>` as `P<dyn T>`"
        } else {
            "mismatched types"
        };
        let text = refined(
            &text,
            code,
            message,
            at,
            "expected `P<dyn T>`, found `P<u8>`",
        );
        text.lines().skip(2).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_was_coerced_is_converted() {
        expect!["fn f() -> P<dyn T> { crate::__gateless_coerce!(g(1)?) } #[quiet] unsafe impl<T: ?Sized> crate::__gateless::Pointer for P<T>  { type Raw = *mut T; type Rest = (); }"].assert_eq(&lowered(
            "fn f() -> P<dyn T> { g(1)? }",
            "E0308",
            "g(1)?",
        ));
    }

    #[test]
    fn a_cast_gives_its_type() {
        expect!["fn f() { crate::__gateless_coerce!(x => P<dyn T>); } #[quiet] unsafe impl<T: ?Sized> crate::__gateless::Pointer for P<T>  { type Raw = *mut T; type Rest = (); }"].assert_eq(&lowered(
            "fn f() { x as P<dyn T>; }",
            "E0605",
            "x as P<dyn T>",
        ));
    }

    #[test]
    fn a_field_in_short_form_is_written_out() {
        expect!["fn f() -> S { S { field: crate::__gateless_coerce!(field) } } #[quiet] unsafe impl<T: ?Sized> crate::__gateless::Pointer for P<T>  { type Raw = *mut T; type Rest = (); }"].assert_eq(&lowered(
            "fn f() -> S { S { field } }",
            "E0308",
            "field",
        ));
    }
}
