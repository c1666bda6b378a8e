//! Calls that would silently lead somewhere else.
//!
//! With the gate, rustc looks for `x.m()` step by step (`x`, `&x`, `&mut x`, then the same for what `x` dereferences to). At one step, the
//! methods of types come before those of traits; if two types' methods fit, that is an error (E0034). Once `m` is a method of an
//! extension trait for `P<S>`, it is found at the same step as before, since its receiver is the same type. What can differ is only what
//! it competes with at that step:
//! - a method of another trait: now both are of traits, which is an error (E0034); the call is then made to name the extension trait;
//! - a method of the pointer `P` itself that takes its receiver in the same way: with the gate that is an error, without it the
//!   pointer's would be taken. So where there is one and the crate calls a method of that name, lowering stops. (That is checked here.)
//! - a method of a type further down the chain, or at a later step: that is never looked at, with the gate or without;
//! - nothing, because the extension trait is not in scope: rustc then goes on to later steps. Extension traits of types' own methods are
//!   in scope wherever the method is visible (`scope.rs`), those of traits' methods wherever the trait may be.

use std::collections::BTreeSet;

use gateless_model::Failure;
use ra_ap_syntax::ast::{self, HasGenericArgs, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, Edition};

use super::ArbitrarySelfTypes;
use super::extension;
use super::facts::Facts;
use super::lifetimes::Naming;
use super::method::{Method, Owner};
use crate::gate::{Gate, Source};
use crate::syntax::Tree;
use gateless_rust_text::tokens::{Tokens, line_of};

/// Methods of the library's own pointers that take themselves as receivers do.
const LIBRARY: &[&str] = &["Pin &as_ref", "Pin &mut as_mut", "Pin &mut set"];

/// A method of a pointer type, as `POINTER &mut METHOD`.
fn label(pointer: &str, by: &str, method: &str) -> String {
    let by = by.replace(' ', "").replace("&mut", "&mut ");
    format!("{pointer} {by}{method}")
}

/// How a receiver is taken: ``, `&` or `&mut`.
fn kind(by: &str) -> &'static str {
    match (by.starts_with('&'), by.contains("mut ")) {
        (false, _) => "",
        (true, false) => "&",
        (true, true) => "&mut",
    }
}

/// The first call that could mean either a lowered method or one of the pointer.
pub fn find(facts: &Facts, source: &Source<'_>) -> Option<Failure> {
    let (files, edition) = (source.files, source.edition);
    let known = |method: &str| {
        let mut crates = source.request.known.crates.values();
        crates.any(|exports| exports.methods.contains(method))
    };
    for &(index, offset) in facts.receivers.keys() {
        let text = files.list[index].text.original();
        let Some(method) = Method::at(text, edition, offset) else {
            continue;
        };
        let Owner::Inherent(owner) = &method.owner else {
            continue;
        };
        let taken = extension::taken(&method, &Naming::default());
        let pointer = head(&text[taken.subject.clone()]);
        let own = owner
            .self_ty()
            .map(|ty| method.source(ty.syntax()))
            .unwrap_or_default();
        let name = method.name();
        let wanted = label(&pointer, kind(&taken.by), &name);
        let is_there = known(&wanted)
            || LIBRARY.contains(&wanted.as_str())
            || files.list.iter().any(|file| {
                let text = file.text.original();
                text.contains(&pointer)
                    && text.contains(&name)
                    && methods(text, edition, Some((&pointer, &head(&own)))).contains(&wanted)
            });
        if !is_there {
            continue;
        }
        for file in &files.list {
            let text = file.text.original();
            let tokens = Tokens::new(text, edition);
            let call = (0..tokens.list.len())
                .find(|&i| tokens.are(i, &[".", &name]) && ["(", ":"].contains(&tokens.at(i + 2)));
            if let Some(call) = call {
                let failure = Failure::no(format!(
                    "{}:{}: the gate `{}` can't be lowered here: `{name}` may be a method of `{own}` or one of its receiver's type `{pointer}`, and both are taken in the same way",
                    file.path,
                    line_of(text, tokens.list[call].range.start),
                    ArbitrarySelfTypes::NAME,
                ));
                return Some(failure.help("rename one of the two, or call it by its path"));
            }
        }
    }
    None
}

/// The last name of a type's path.
fn head(ty: &str) -> String {
    let path = ty.split('<').next().unwrap_or_default();
    path.rsplit("::")
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Methods of types in a file: of all types, or of one, as far as they are there for a pointee called `own`.
pub fn methods(text: &str, edition: Edition, only: Option<(&str, &str)>) -> BTreeSet<String> {
    let tree = Tree::of_file(text, edition);
    let mut found = BTreeSet::new();
    for item in tree.root.descendants().filter_map(ast::Impl::cast) {
        let Some(ast::Type::PathType(ty)) = item.self_ty().filter(|_| item.trait_().is_none())
        else {
            continue;
        };
        let Some(segment) = ty.path().and_then(|path| path.segment()) else {
            continue;
        };
        let name = segment
            .name_ref()
            .map(|name| name.text().to_string())
            .unwrap_or_default();
        if only.is_some_and(|(pointer, own)| pointer != name || !fits(&item, &segment, own)) {
            continue;
        }
        for function in item
            .assoc_item_list()
            .into_iter()
            .flat_map(|list| list.assoc_items())
        {
            if let ast::AssocItem::Fn(function) = function
                && let Some(receiver) = function.param_list().and_then(|list| list.self_param())
                && receiver.ty().is_none()
                && let Some(method) = function.name()
            {
                let by = match (
                    receiver.amp_token().is_some(),
                    receiver.mut_token().is_some(),
                ) {
                    (false, _) => "",
                    (true, false) => "&",
                    (true, true) => "&mut",
                };
                found.insert(label(&name, by, method.text()));
            }
        }
    }
    found
}

/// Whether an impl may be for a pointer to `own`: one of its type arguments is that type or a parameter.
fn fits(item: &ast::Impl, segment: &ast::PathSegment, own: &str) -> bool {
    let params: Vec<String> = item
        .generic_param_list()
        .into_iter()
        .flat_map(|list| list.type_or_const_params().collect::<Vec<_>>())
        .filter_map(|param| match param {
            ast::TypeOrConstParam::Type(param) => param.name(),
            ast::TypeOrConstParam::Const(_) => None,
        })
        .map(|name| name.text().to_string())
        .collect();
    let mut arguments = segment
        .generic_arg_list()
        .into_iter()
        .flat_map(|list| list.generic_args());
    arguments.any(|argument| {
        let name = head(&argument.syntax().text().to_string());
        name == own || params.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_types_are_found_by_how_they_take_themselves() {
        let text = "impl<T: ?Sized> P<T> { fn a(&self) {} fn b(&mut self) {} fn c(self) {} fn d(this: &Self) {} fn e(self: Box<Self>) {} } impl P<S> { fn f(&'a self) {} } impl Tr for P<S> { fn g(&self) {} }";
        let all = |own| methods(text, Edition::Edition2021, own);
        assert_eq!(
            all(None).into_iter().collect::<Vec<_>>(),
            ["P &a", "P &f", "P &mut b", "P c"]
        );
        assert!(all(Some(("P", "S"))).contains("P &f"));
        assert!(!all(Some(("P", "Other"))).contains("P &f"));
        assert!(all(Some(("P", "Other"))).contains("P &a"));
    }
}
