//! Conversions that relied on `derive(CoercePointee)`: where the compiler expected one pointer and found another of the same kind,
//! the expression is wrapped in the support module's conversion.
//!
//! Errors used: E0308 (`expected P<dyn T>, found P<S>`, at an expression or at each of several arguments) and E0605 (`as`).
//! If the wrapped expression has a type error of its own, the wrap is taken back and the user sees the original error.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;
use gateless_rustc::diagnostic::{Branches, Event, Mismatch, Place, Said, Told, Types};
use ra_ap_syntax::{AstNode, Edition, ast};

use super::{Facts, closures};
use crate::gate::Source;
use crate::place::{Expression, Spot};
use crate::support;
use crate::syntax::{Tree, around};

/// How a conversion learns the type it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coercion {
    /// From the place it is in.
    Expected,
    /// From the type after `as`.
    Cast,
    /// As `Expected`, for a field written in short form (`S { field }`).
    Field,
    /// From an earlier branch of the same `if` or `match`.
    Branch {
        /// First byte of the whole expression, and the byte after it.
        whole: (usize, usize),
        /// The same of the earlier branch's value.
        earlier: (usize, usize),
    },
    /// From what the compiler says: the type of a later branch or element, or the one that `as _` stands for.
    Printed,
}

/// Notes the conversions that an error asks for.
pub fn hear(event: &Event<'_>, source: &Source<'_>, facts: &mut Facts) {
    match &event.said {
        Said::Mismatch(mismatch) => {
            for told in &mismatch.places {
                expected(mismatch, told, source, facts);
            }
        }
        Said::Cast { places } => {
            for spot in places.iter().filter_map(|place| own(*place, source)) {
                let key = (spot.file, spot.range.start, spot.range.end);
                let is_open = source.original(spot.file)[spot.range.clone()]
                    .trim_end()
                    .ends_with(" _");
                if !facts.refused.contains_key(&key) {
                    facts.coercions.entry(key).or_insert(Coercion::Cast);
                } else if let Some(to) = event.quoted.get(1).filter(|_| is_open) {
                    printed(key, to, facts);
                }
            }
        }
        _ => {}
    }
}

/// Notes a conversion to a type that the compiler has printed, unless that was tried.
fn printed(key: Expression, to: &str, facts: &mut Facts) -> bool {
    let refused = facts.refused.get(&key);
    if refused.is_some_and(|refused| refused.contains(&Coercion::Printed)) {
        return false;
    }
    facts.types.insert(key, to.to_owned());
    facts.coercions.insert(key, Coercion::Printed) != Some(Coercion::Printed)
}

/// Notes the conversions of what comes before a branch or an element that is a pointer to an unsized value: they go by its type, as those of the
/// compiler do. Returns whether there are any.
fn before(
    mismatch: &Mismatch<'_>,
    told: &Told<'_>,
    source: &Source<'_>,
    spot: &Spot,
    facts: &mut Facts,
) -> bool {
    let full = mismatch.full.iter().find(|types| same_pointer(types));
    let Some(types) = told
        .types
        .as_ref()
        .filter(|types| same_pointer(types))
        .or(full)
    else {
        return false;
    };
    let is_unsized = |ty: &str| ty.contains("<dyn ") || ty.contains("<[") || ty.contains("<str");
    if !is_unsized(types.found) || is_unsized(types.expected) {
        return false;
    }
    let earlier: Vec<Expression> = match &mismatch.branches {
        Some(branches) => {
            let earlier = branches.earlier.and_then(|place| own(place, source));
            earlier
                .map(|spot| (spot.file, spot.range.start, spot.range.end))
                .into_iter()
                .collect()
        }
        None => elements_before(source.original(spot.file), source.edition, spot),
    };
    let mut is_new = false;
    for key in earlier {
        is_new |= printed(key, types.found, facts);
    }
    is_new
}

/// The elements of an array before the one at `spot`.
fn elements_before(text: &str, edition: Edition, spot: &Spot) -> Vec<Expression> {
    let tree = Tree::around(text, edition, spot.range.start);
    let Some(token) = tree.token_at(spot.range.start) else {
        return Vec::new();
    };
    let found = around::<ast::ArrayExpr>(&token).find_map(|array| {
        let ast::ArrayExprKind::ElementList(elements) = array.kind() else {
            return None;
        };
        let ranges: Vec<Range<usize>> = elements.map(|element| tree.of(element.syntax())).collect();
        let at = ranges.iter().position(|range| *range == spot.range)?;
        Some(ranges[..at].to_vec())
    });
    let ranges = found.unwrap_or_default().into_iter();
    ranges
        .map(|range| (spot.file, range.start, range.end))
        .collect()
}

/// Notes the conversion that one place of a mismatch asks for.
fn expected(mismatch: &Mismatch<'_>, told: &Told<'_>, source: &Source<'_>, facts: &mut Facts) {
    let Some(spot) = own(told.place, source) else {
        return;
    };
    let here = told.types.as_ref().is_some_and(same_pointer);
    let in_full = || mismatch.full.iter().any(same_pointer);
    if !here && !(told.is_value && in_full()) {
        return;
    }
    let text = source.original(spot.file);
    let key = (spot.file, spot.range.start, spot.range.end);
    if before(mismatch, told, source, &spot, facts) {
        return;
    }
    if let Some(refused) = facts.refused.get(&key) {
        if let Some(branches) = &mismatch.branches
            && let Some(branch) = branch(branches, source, &spot)
            && !refused.contains(&branch)
        {
            facts.coercions.entry(key).or_insert(branch);
        }
        return;
    }
    if !facts.coercions.contains_key(&key)
        && let Some(expected) = full_type(mismatch, told)
    {
        let hint = closures::hint(expected, &spot, text, source.edition);
        if !hint.is_empty() {
            facts.hints.insert(key, hint);
        }
    }
    let kind = if is_short_field(text, source.edition, &spot.range) {
        Coercion::Field
    } else {
        Coercion::Expected
    };
    facts.coercions.entry(key).or_insert(kind);
}

/// Where a place is in the sources, if it is code of theirs.
fn own(place: Place<'_>, source: &Source<'_>) -> Option<Spot> {
    source
        .spot(place)
        .filter(|spot| !spot.added && !spot.range.is_empty())
}

/// The type that is expected, with its lifetimes where a note has them.
fn full_type<'a>(mismatch: &Mismatch<'a>, told: &Told<'a>) -> Option<&'a str> {
    let head = |ty: &str| ty.split('<').next().map(str::to_owned);
    let label = told.types.map(|types| types.expected);
    let full = mismatch.full.first().map(|types| types.expected);
    full.filter(|full| label.is_none_or(|label| head(full) == head(label)))
        .or(label)
}

/// Where a place was written: the place itself, or the call of the macro that it comes from.
fn written(place: Place<'_>, source: &Source<'_>) -> Option<Spot> {
    place.with_calls().find_map(|place| {
        source
            .spot(place)
            .filter(|spot| !spot.added || place.call().is_none())
    })
}

/// The conversion to the type of the earlier branch that a branch's type has to agree with.
fn branch(branches: &Branches<'_>, source: &Source<'_>, spot: &Spot) -> Option<Coercion> {
    let (file, here) = (spot.file, spot.range.start);
    let range = |place: Option<Place<'_>>| {
        place
            .and_then(|place| written(place, source))
            .filter(|spot| spot.file == file)
            .map(|spot| (spot.range.start, spot.range.end))
    };
    let earlier = range(branches.earlier)?;
    // rustc's label of the whole is left out, or on its head alone, when it is on one line.
    let by_syntax = || {
        let tree = Tree::around(source.original(file), source.edition, earlier.0);
        let token = tree.token_at(earlier.0)?;
        let mut whole = around::<ast::Expr>(&token)
            .filter(|node| matches!(node, ast::Expr::IfExpr(_) | ast::Expr::MatchExpr(_)))
            .find(|node| tree.of(node.syntax()).contains(&here))?;
        // What stands after `else` is no expression by itself.
        while let Some(outer) = whole.syntax().parent().and_then(ast::IfExpr::cast)
            && outer.else_branch().is_some_and(|last| match last {
                ast::ElseBranch::IfExpr(last) => last.syntax() == whole.syntax(),
                ast::ElseBranch::Block(_) => false,
            })
        {
            whole = ast::Expr::IfExpr(outer);
        }
        let whole = tree.of(whole.syntax());
        Some((whole.start, whole.end))
    };
    let whole = by_syntax().or_else(|| range(branches.whole))?;
    Some(Coercion::Branch { whole, earlier })
}

/// Whether two different types have the same head, as `Arc<dyn T>` and `Arc<S>` have.
fn same_pointer(types: &Types<'_>) -> bool {
    let &Types { expected, found } = types;
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
pub fn edits(source: &Source<'_>, index: usize, facts: &Facts, paths: &[String]) -> Vec<Edit> {
    let (text, edition) = (source.original(index), source.edition);
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
            Coercion::Printed => {
                let ty = &facts.types[&(index, start, end)];
                let Range { start, end } = without_parentheses(text, start..end, edition);
                let open_cast = cast(&text[start..end], edition)
                    .filter(|keyword| text[start + keyword.end..end].trim() == "_");
                if let Some(keyword) = open_cast {
                    edits.push(Edit::remove(text, start + keyword.start..end));
                }
                edits.extend(Edit::wrap(start..end, open, format!(" => {ty})")));
            }
            Coercion::Cast => {
                let Range { start, end } = without_parentheses(text, start..end, edition);
                if let Some(range) = cast(&text[start..end], edition) {
                    if text[start + range.end..end].trim() == "_" {
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

/// The keyword of the cast that an expression is.
fn cast(text: &str, edition: Edition) -> Option<Range<usize>> {
    let tokens = Tokens::new(text, edition);
    let mut all = 0..tokens.list.len();
    let at = all.rfind(|&i| tokens.at(i) == "as" && !inside_group(&tokens, i))?;
    Some(tokens.list[at].range.clone())
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
pub fn take_back(events: &[Event<'_>], source: &Source<'_>, paths: usize, facts: &mut Facts) {
    // Whether the pointer is not known to the module, by conversion.
    let mut hits: BTreeMap<Expression, bool> = BTreeMap::new();
    let about_types = |event: &&Event<'_>| {
        matches!(
            event.said,
            Said::Projection
                | Said::Unmet { .. }
                | Said::Unknown
                | Said::UnknownProjection
                | Said::Mismatch(_)
        )
    };
    for event in events.iter().filter(about_types) {
        let unknown = event.quotes("Pointer");
        let places = event.primary().flat_map(Place::with_calls);
        for spot in places.filter_map(|place| source.spot(place)) {
            let hit = facts.coercions.keys().copied().find(|&(file, start, end)| {
                let same_end = end == spot.range.end || spot.added && spot.range.end <= end;
                file == spot.file && start == spot.range.start && same_end
            });
            if let Some(key) = hit {
                *hits.entry(key).or_default() |= unknown;
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
        expect!["fn f() -> P<dyn T> { crate::__gateless_coerce!(g(1)?) } #[quiet] unsafe impl<T: ?Sized> crate::__gateless::Pointer for P<T>  { type Raw = *mut T; type Rest = (); type Use = crate::__gateless::Coerced; }"].assert_eq(&lowered(
            "fn f() -> P<dyn T> { g(1)? }",
            "E0308",
            "g(1)?",
        ));
    }

    #[test]
    fn a_cast_gives_its_type() {
        expect!["fn f() { crate::__gateless_coerce!(x => P<dyn T>); } #[quiet] unsafe impl<T: ?Sized> crate::__gateless::Pointer for P<T>  { type Raw = *mut T; type Rest = (); type Use = crate::__gateless::Coerced; }"].assert_eq(&lowered(
            "fn f() { x as P<dyn T>; }",
            "E0605",
            "x as P<dyn T>",
        ));
    }

    #[test]
    fn a_field_in_short_form_is_written_out() {
        expect!["fn f() -> S { S { field: crate::__gateless_coerce!(field) } } #[quiet] unsafe impl<T: ?Sized> crate::__gateless::Pointer for P<T>  { type Raw = *mut T; type Rest = (); type Use = crate::__gateless::Coerced; }"].assert_eq(&lowered(
            "fn f() -> S { S { field } }",
            "E0308",
            "field",
        ));
    }
}
