//! Methods that are called by a name of their own, since another method of their name is near: the calls that the compiler told to be theirs
//! (`proof.rs`) are written with that name, which no other method has, so that the search for methods can only end at the right one.
//!
//! Where the method has an extension trait, a second one has it under that name. Where it has none (macros, impls in functions), its function gets
//! the name until the compiler has said how the calls are written by their path, which then have the function's real name.

use ra_ap_syntax::AstNode;
use ra_ap_syntax::ast::{self, HasGenericParams, HasModuleItem, HasName};

use super::facts::{Facts, Key, Receiver};
use super::method::{Method, Owner};
use super::names;
use crate::gate::Source;
use crate::lints::QUIET;
use crate::place::Expression;
use crate::syntax::{Tree, around};
use gateless_rust_text::edit::Edit;

/// Whether a method can have a name of its own: one of a trait only where that has an extension trait for it, since its impls go by the name.
pub fn can_be(method: &Method<'_>, receiver: &Receiver) -> bool {
    matches!(method.owner, Owner::Inherent(_) | Owner::Unknown) || has_items(method, receiver)
}

/// Whether a method can have a trait that is in scope in all of the crate.
pub fn has_items(method: &Method<'_>, receiver: &Receiver) -> bool {
    let is_trait = matches!(method.owner, Owner::Trait(_));
    let is_inherent = matches!(method.owner, Owner::Inherent(_));
    (is_trait || is_inherent && !captures_otherwise(method) && !is_lifted(method))
        && !receiver.is_repeated
        && !method.is_local()
        && !method.tree.in_macro
}

/// Whether the method returns an `impl Trait`, which captures less than in a trait.
fn captures_otherwise(method: &Method<'_>) -> bool {
    let output = method.function.ret_type();
    output.is_some_and(|output| {
        let mut nodes = output.syntax().descendants();
        nodes.any(|node| ast::ImplTraitType::can_cast(node.kind()))
    })
}

/// Whether a generic parameter of the method is in its receiver's type, so that a trait's method would not have it.
fn is_lifted(method: &Method<'_>) -> bool {
    let ty = method.source(method.ty.syntax());
    let params = method.params(method.function.generic_param_list(), &[]);
    let mut own = params.iter().filter(|param| !param.is_lifetime());
    own.any(|param| super::extension::mentions(&ty, &param.name))
}

/// The edit that names a method's function for the time being, while there are calls that are not written by their path yet.
pub fn until_rewritten(method: &Method<'_>, facts: &Facts, key: Key, name: &str) -> Option<Edit> {
    let mut calls = facts.calls.iter().filter(|(_, receiver)| **receiver == key);
    let is_pending = calls.any(|(place, _)| !is_rewritten(facts, place));
    let own = method.function.name().filter(|_| is_pending)?;
    Some(Edit {
        range: method.range(own.syntax()),
        text: name.to_owned(),
        rank: 0,
    })
}

/// Whether the name of the method in a call is within a part that is written another way.
pub fn is_rewritten(facts: &Facts, &(file, start, end): &Expression) -> bool {
    facts.rewritten.keys().any(|part| {
        part.file == file && part.start < part.end && part.start <= start && end <= part.end
    })
}

/// The edits of the calls, and of modules in functions that these are in.
pub fn calls(facts: &Facts, source: &Source<'_>) -> Vec<(usize, Edit)> {
    let crate_name = source.request.crate_name;
    let mut edits = Vec::new();
    for (place, &(file, offset)) in &facts.calls {
        if is_rewritten(facts, place) {
            continue;
        }
        let Some(method) = Method::at(source.original(file), source.edition, offset) else {
            continue;
        };
        let &(here, start, end) = place;
        let edit = Edit {
            range: start..end,
            text: names::own(crate_name, file, method.start()),
            rank: 0,
        };
        edits.push((here, edit));
        let tree = Tree::around(source.original(here), source.edition, start);
        let module = tree
            .token_at(start)
            .and_then(|token| around::<ast::Module>(&token).next())
            .filter(|module| {
                let mut around = module.syntax().ancestors();
                around.any(|node| ast::StmtList::can_cast(node.kind()))
            });
        if let Some(last) = module
            .and_then(|module| module.item_list())
            .and_then(|list| list.items().last())
        {
            let root = super::scope::own_root(crate_name);
            let import = Edit::insert(
                tree.of(last.syntax()).end,
                format!(" {QUIET} use crate::{root}::*;"),
            );
            if !edits.contains(&(here, import.clone())) {
                edits.push((here, import));
            }
        }
    }
    edits
}
