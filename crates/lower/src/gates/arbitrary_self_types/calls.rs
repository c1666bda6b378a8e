//! Calls of methods without an extension trait: those that macros write into impls which are not part of the macro. `x.m(a)` becomes
//! `Type::m(x, a)`, with the borrow that the method syntax implied. The same for `const fn` methods in constants, where methods of
//! traits can't be called.

use std::ops::Range;

use gateless_rustc::diagnostic::{Event, NoMethod, Place};
use ra_ap_syntax::ast::{self, HasArgList, HasName};
use ra_ap_syntax::{AstNode, Edition};

use super::facts::Facts;
use super::method::{Method, Owner};
use super::{body, functions, names};
use crate::gate::Source;
use crate::place::{Part, Spot};
use crate::syntax::{Tree, around};
use gateless_model::added::OWN;

/// The parts of a call that have to change, or nothing if it is not one of a function that was a method.
pub fn rewritten(call: &NoMethod<'_>, source: &Source<'_>) -> Option<Vec<(Part, String)>> {
    let name = call.function.filter(|place| place.is_primary)?;
    let suggestion = call.as_function?;
    let signature = call.candidates.first().map(Place::code);
    // Visibilities and bounds have parentheses, too.
    let shown = signature.as_ref().and_then(|signature| {
        signature.match_indices('(').find_map(|(at, _)| {
            let (parameter, ty) = signature[at + 1..].split_once(':')?;
            let name = parameter.trim().trim_start_matches("mut ").trim();
            // A macro's variable has the renamed receiver for its value (`naming.rs`).
            (body::is_renamed(name) || name.starts_with('$')).then_some(ty)
        })
    });
    // Of another crate's function the source may not be there.
    let ty = shown.or_else(|| functions::receiver(source, call.name))?;
    let mut path = suggestion.text.split('(').next()?.to_owned();
    let in_macro = name.call().is_some();
    let (name, whole) = (source.spot(name)?, source.spot(suggestion.place)?);
    let text = source.original(name.file);
    if let Some((head, last)) = path.rsplit_once("::")
        && last.starts_with(OWN)
    {
        path = format!("{head}::{}", &text[name.range.clone()]);
    }
    let dot = text[..name.range.start].rfind('.')?;
    if whole.file != name.file || !(whole.range.start..=whole.range.end).contains(&dot) {
        // A macro took the method's name from its caller.
        return None;
    }
    if in_macro && text[whole.range.start..dot].trim() == "self" {
        // The macro's impls are for several types.
        path = format!("Self::{}", path.rsplit("::").next()?);
    }
    if let Some(modules) = call.candidates.first().and_then(|place| {
        let function = source.spot(*place)?;
        (function.file == name.file)
            .then(|| modules_between(text, source.edition, &name, &function))
    }) && path.split("::").count() == 2
        && !path.starts_with("Self")
    {
        path = format!("{modules}{path}");
    }
    let open = name.range.end + text[name.range.end..].find('(')?;
    let is_reference = call.is_on_reference;
    let borrow = match (ty.trim_start().strip_prefix('&'), is_reference) {
        (None, _) => "",
        (Some(rest), is_reference) => {
            let rest = rest.trim_start();
            let rest = if rest.starts_with('\'') {
                rest.split_once(' ')
                    .map_or(rest, |(_, rest)| rest.trim_start())
            } else {
                rest
            };
            match (rest.starts_with("mut "), is_reference) {
                (true, true) => "&mut *",
                (true, false) => "&mut ",
                (false, true) => "&*",
                (false, false) => "&",
            }
        }
    };
    let turbofish = text[name.range.end..open].trim();
    let separator = if text[open + 1..whole.range.end]
        .trim_start()
        .starts_with(')')
    {
        ""
    } else {
        ", "
    };
    let start = whole.range.start;
    let file = name.file;
    Some(parts(
        file,
        start..dot,
        open + 1,
        format!("{path}{turbofish}({borrow}"),
        separator,
    ))
}

/// The path from a call in a function to the module in the same function that has the method: items of functions have no other.
fn modules_between(text: &str, edition: Edition, call: &Spot, function: &Spot) -> String {
    let tree = Tree::around(text, edition, function.range.start);
    let Some(token) = tree.token_at(function.range.start) else {
        return String::new();
    };
    let outside = around::<ast::Module>(&token)
        .take_while(|module| !tree.of(module.syntax()).contains(&call.range.start));
    let names = outside.map(|module| {
        let is_local = module
            .syntax()
            .ancestors()
            .any(|node| ast::StmtList::can_cast(node.kind()));
        module
            .name()
            .filter(|_| is_local)
            .map(|name| format!("{name}::"))
    });
    let names: Option<Vec<String>> = names.collect();
    names.unwrap_or_default().into_iter().rev().collect()
}

/// Paths of rewritten calls that lead nowhere, as the type is known there by its full path only: what rustc suggests to import.
pub fn found(
    event: &Event<'_>,
    name: &str,
    imports: &[&str],
    source: &Source<'_>,
    facts: &Facts,
) -> Vec<(Part, String)> {
    let [path] = imports else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    let spots = event.primary().filter_map(|place| source.spot(place));
    for spot in spots.filter(|spot| spot.added) {
        let here = facts
            .rewritten
            .iter()
            .filter(|(part, _)| part.file == spot.file && part.start == spot.range.start);
        let own = here.filter_map(|(part, text)| {
            Some((*part, format!("{path}{}", text.strip_prefix(name)?)))
        });
        parts.extend(own.filter(|(_, text)| text[path.len()..].starts_with("::")));
    }
    parts
}

/// The parts of a call in a constant that have to change: methods of traits can't be called there, so the type's own function is.
pub fn in_constant(
    event: &Event<'_>,
    callee: &str,
    source: &Source<'_>,
    facts: &Facts,
) -> Option<Vec<(Part, String)>> {
    let edition = source.edition;
    let (file, receiver) = names::receiver(callee, facts)?;
    let callee = Method::at(source.original(file), edition, receiver)?;
    let Owner::Inherent(owner) = &callee.owner else {
        return None;
    };
    let own = callee.source(owner.self_ty()?.syntax());
    let spot = source.spot(event.primary().next()?)?;
    let text = source.original(spot.file);
    let tree = Tree::around(text, edition, spot.range.start);
    let token = tree.token_at(spot.range.start)?;
    let call = around::<ast::MethodCallExpr>(&token).next()?;
    let value = tree.of(call.receiver()?.syntax());
    let arguments = call.arg_list()?;
    let open = tree.bytes(arguments.l_paren_token()?.text_range()).end;
    // In a constant nothing dereferences, so the value is the pointer or, for the receiver of the function around, what that is.
    let around_fn = around::<ast::Fn>(&token)
        .next()
        .and_then(|function| function.param_list()?.self_param()?.ty());
    let is_reference =
        &text[value.clone()] == "self" && matches!(around_fn, Some(ast::Type::RefType(_)));
    let borrow = match &callee.ty {
        ast::Type::RefType(reference) if reference.mut_token().is_some() => {
            if is_reference {
                "&mut *"
            } else {
                "&mut "
            }
        }
        ast::Type::RefType(_) => {
            if is_reference {
                "&*"
            } else {
                "&"
            }
        }
        _ => "",
    };
    let separator = if arguments.args().next().is_some() {
        ", "
    } else {
        ""
    };
    let file = spot.file;
    Some(parts(
        file,
        value,
        open,
        format!("<{own}>::{}({borrow}", callee.name()),
        separator,
    ))
}

/// `before` goes before the value, `separator` in the place of what is between it and the arguments.
fn parts(
    file: usize,
    value: Range<usize>,
    arguments: usize,
    before: String,
    separator: &str,
) -> Vec<(Part, String)> {
    let Range { start, end } = value;
    vec![
        (
            Part {
                file,
                start,
                end: start,
                before: end,
            },
            before,
        ),
        (
            Part {
                file,
                start: end,
                end: arguments,
                before: end,
            },
            separator.to_owned(),
        ),
    ]
}
