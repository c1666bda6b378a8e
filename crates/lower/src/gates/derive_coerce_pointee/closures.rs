//! Closures within converted expressions.
//!
//! `let f: P<dyn Fn(&str) -> usize> = P::new(|s| s.len())` tells the closure its signature by the type that is expected. A conversion
//! around `P::new(..)` hides that type, so where the closure needs it (E0282 and the like), the closure is told by what rustc printed as
//! the expected type: as the bound of a function that it is passed through, or, where that would name generic parameters, which functions
//! within functions don't have, at its parameters.

use std::collections::BTreeMap;

use gateless_rustc::diagnostic::{Event, Place, Said};
use ra_ap_syntax::ast::{self, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, Edition, SyntaxToken};

use super::Facts;
use crate::gate::Source;
use crate::place::{Part, Spot};
use crate::support::MODULE;
use crate::syntax::Tree;

/// What would tell the closure in the expression at `spot` its signature, if `expected` is the type of a pointer to a closure.
pub fn hint(expected: &str, spot: &Spot, text: &str, edition: Edition) -> BTreeMap<Part, String> {
    let mut parts = BTreeMap::new();
    let Some(signature) = Signature::of(expected) else {
        return parts;
    };
    // Within a macro's arguments only the expression itself is sure to be one.
    let expression = ast::Expr::parse(&text[spot.range.clone()], edition).syntax_node();
    let tree = Tree {
        base: spot.range.start,
        root: expression,
        in_macro: false,
    };
    let Some(closure) = tree.root.descendants().find_map(ast::ClosureExpr::cast) else {
        return parts;
    };
    let part = |start: usize, before: usize| Part {
        file: spot.file,
        start,
        end: start,
        before,
    };
    let range = tree.of(closure.syntax());
    let around = Tree::of_file(text, edition).token_at(spot.range.start);
    if signature.is_free(&around.map(|token| generics(&token)).unwrap_or_default()) {
        let name = format!("{MODULE}_closure");
        let (lifetimes, bound) = inferred(&signature.bound);
        let open = format!("{{ fn {name}<{lifetimes}F: {bound}>(f: F) -> F {{ f }} {name}(");
        parts.insert(part(range.start, range.end), open);
        parts.insert(part(range.end, range.end), ") }".to_owned());
        return parts;
    }
    let params: Vec<ast::Param> = closure
        .param_list()
        .into_iter()
        .flat_map(|list| list.params())
        .collect();
    if params.len() == signature.inputs.len() {
        for (param, ty) in params.iter().zip(&signature.inputs) {
            if param.ty().is_none() {
                let end = tree.of(param.syntax()).end;
                parts.insert(part(end, end), format!(": {ty}"));
            }
        }
    }
    parts
}

/// Applies the hints for closures that an error is about, since their types could not be told; returns whether there were any.
pub fn tell(events: &[Event<'_>], source: &Source<'_>, facts: &mut Facts) -> bool {
    let told = facts.hints.len();
    let about_types = |event: &&Event<'_>| {
        matches!(
            event.said,
            Said::Uncoded
                | Said::NoDerive { .. }
                | Said::Summary
                | Said::Projection
                | Said::Unmet { .. }
                | Said::Unknown
                | Said::Mismatch(_)
                | Said::NoMethod(_)
                | Said::Closure
        )
    };
    for event in events.iter().filter(about_types) {
        // What is found out when borrows are checked is told at the conversion, within its macro.
        let places = event.primary().flat_map(Place::with_calls);
        for spot in places.filter_map(|place| source.spot(place)) {
            let around = facts.hints.keys().copied().find(|&(file, start, end)| {
                let inside = start <= spot.range.start && spot.range.end <= end;
                let whole = spot.added && start == spot.range.start;
                file == spot.file && (inside || whole)
            });
            if let Some(parts) = around.and_then(|key| facts.hints.remove(&key)) {
                facts.told.extend(parts);
            }
        }
    }
    facts.hints.len() < told
}

/// `for<'a> Fn(&'a str) -> &'a str`, as rustc prints it within a type.
#[derive(Debug, PartialEq, Eq)]
struct Signature {
    /// The whole of it.
    bound: String,
    /// Types of the parameters.
    inputs: Vec<String>,
}

impl Signature {
    fn of(ty: &str) -> Option<Self> {
        let (_, rest) = ty.split_once("dyn ")?;
        let bound = rest[..end(rest)].trim_end();
        let open = ["Fn(", "FnMut(", "FnOnce("]
            .iter()
            .filter_map(|name| Some(bound.find(name)? + name.len()))
            .min()?;
        let inside = &bound[open..];
        let inside = &inside[..until(inside, &[])];
        let mut inputs = Vec::new();
        let mut rest = inside;
        while !rest.trim().is_empty() {
            let len = until(rest, &[',']);
            inputs.push(rest[..len].trim().to_owned());
            rest = rest[len..].strip_prefix(',').unwrap_or_default();
        }
        // A type with a lifetime of `for<..>` is written without it at a parameter.
        let declared = bound
            .strip_prefix("for<")
            .and_then(|rest| rest.split_once('>'))
            .map(|(list, _)| list.split(',').map(str::trim).collect::<Vec<_>>())
            .unwrap_or_default();
        for input in &mut inputs {
            for lifetime in &declared {
                *input = input
                    .replace(&format!("&{lifetime} "), "&")
                    .replace(lifetime, "'_");
            }
        }
        Some(Self {
            bound: bound.to_owned(),
            inputs,
        })
    }

    /// Whether it names none of these, nor a lifetime from outside.
    fn is_free(&self, generics: &[String]) -> bool {
        let declared = self
            .bound
            .strip_prefix("for<")
            .and_then(|rest| rest.split_once('>'))
            .map_or("", |(list, _)| list);
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
        self.bound.split(|c| !is_name(c)).all(|word| {
            let outer = word.starts_with('\'')
                && word != "'static"
                && word != "'_"
                && !declared.split(',').any(|name| name.trim() == word);
            !outer && word != "Self" && !generics.iter().any(|name| name == word)
        })
    }
}

/// The bound, with a name for each lifetime that rustc printed without one if these can't be lifetimes of the bound, and the names as the beginning
/// of a list of parameters. They can't be where the result has one and the parameters don't have exactly one.
fn inferred(bound: &str) -> (String, String) {
    let as_it_is = || (String::new(), bound.to_owned());
    let Some((inputs, result)) = bound.rsplit_once(") ->") else {
        return as_it_is();
    };
    let lifetimes = |text: &str| text.matches(['&', '\'']).count() - text.matches("&'").count();
    let is_unnamed =
        result.contains("'_") || result.matches('&').count() > result.matches("&'").count();
    let inputs = inputs
        .split_once('>')
        .filter(|_| bound.starts_with("for<"))
        .map_or(inputs, |(_, rest)| rest);
    if !is_unnamed || lifetimes(inputs) == 1 {
        return as_it_is();
    }
    let mut names = String::new();
    let mut named = String::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = bound;
    while let Some(at) = rest.find(['&', '\'']) {
        let (before, after) = rest.split_at(at);
        named.push_str(before);
        let (sigil, after) = after.split_at(1);
        let name = &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())];
        let is_named = if sigil == "&" {
            after.starts_with('\'')
        } else {
            name != "_"
        };
        if is_named {
            named.push_str(sigil);
            rest = after;
            continue;
        }
        let lifetime = format!("'inferred_{}", names.matches(',').count());
        match sigil {
            "&" => named.push_str(&format!("&{lifetime} ")),
            _ => named.push_str(&lifetime),
        }
        names.push_str(&format!("{lifetime}, "));
        rest = if sigil == "&" { after } else { &after[1..] };
    }
    named.push_str(rest);
    (names, named)
}

/// Where the bracket around `text` closes, or a ` + ` or comma ends it.
fn end(text: &str) -> usize {
    until(text, &['+', ','])
}

fn until(text: &str, stops: &[char]) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '<' => depth += 1,
            '>' if text[..at].ends_with('-') => {}
            ')' | ']' | '>' if depth == 0 => return at,
            ')' | ']' | '>' => depth -= 1,
            _ if depth == 0 && stops.contains(&c) => return at,
            _ => {}
        }
    }
    text.len()
}

/// Names of the generic parameters around a token.
fn generics(token: &SyntaxToken) -> Vec<String> {
    let lists = token.parent_ancestors().filter_map(|node| {
        ast::Fn::cast(node.clone())
            .and_then(|item| item.generic_param_list())
            .or_else(|| ast::Impl::cast(node.clone()).and_then(|item| item.generic_param_list()))
            .or_else(|| ast::Trait::cast(node).and_then(|item| item.generic_param_list()))
    });
    lists
        .flat_map(|list| list.type_or_const_params().collect::<Vec<_>>())
        .filter_map(|param| match param {
            ast::TypeOrConstParam::Type(param) => param.name(),
            ast::TypeOrConstParam::Const(param) => param.name(),
        })
        .map(|name| name.text().to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read_from_printed_types() {
        let read = |ty: &str| {
            let signature = Signature::of(ty).unwrap();
            (signature.bound, signature.inputs.join("; "))
        };
        assert_eq!(
            read("P<(dyn for<'a> Fn(&'a str, Map<u8, [T; 2]>) -> &'a str + Send + 'static)>"),
            (
                "for<'a> Fn(&'a str, Map<u8, [T; 2]>) -> &'a str".to_owned(),
                "&str; Map<u8, [T; 2]>".to_owned()
            )
        );
        assert_eq!(
            read("P<dyn FnMut() -> P<dyn Fn(u8)>, A>"),
            ("FnMut() -> P<dyn Fn(u8)>".to_owned(), String::new())
        );
        assert!(Signature::of("P<dyn Debug>").is_none());
    }

    #[test]
    fn lifetimes_that_no_bound_can_leave_out_are_inferred() {
        let names = |text: &str| text.to_owned();
        assert_eq!(
            inferred("FnOnce(&u8, &mut S<'_>) -> &'static str"),
            (names(""), names("FnOnce(&u8, &mut S<'_>) -> &'static str"))
        );
        assert_eq!(
            inferred("for<'a> Fn(&'a u8) -> Option<&u8>"),
            (names(""), names("for<'a> Fn(&'a u8) -> Option<&u8>"))
        );
        assert_eq!(
            inferred("Fn(&u8, &'static S<'_>) -> (&str, &'static u8)"),
            (
                names("'inferred_0, 'inferred_1, 'inferred_2, "),
                names(
                    "Fn(&'inferred_0 u8, &'static S<'inferred_1>) -> (&'inferred_2 str, &'static u8)"
                )
            )
        );
    }

    #[test]
    fn names_from_outside_are_noticed() {
        let free = |ty: &str, generics: &[&str]| {
            let generics: Vec<String> = generics.iter().map(|name| (*name).to_owned()).collect();
            Signature::of(ty).unwrap().is_free(&generics)
        };
        assert!(free("P<dyn for<'a> Fn(&'a T) -> &'static u8>", &["U"]));
        assert!(!free("P<dyn Fn(&T)>", &["T"]));
        assert!(!free("P<dyn Fn(&'x u8)>", &[]));
    }
}
