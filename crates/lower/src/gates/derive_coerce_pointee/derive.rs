//! The derive itself: it goes, and the type gets an impl of the support module's `Pointer` in its place.

use std::collections::BTreeSet;

use gateless_model::{Failure, Result};
use gateless_rust_text::attributes::{self, Decision};
use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::one_line;
use ra_ap_syntax::ast::{self, HasAttrs, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, SyntaxNode};

use super::DeriveCoercePointee;
use crate::gate::{Gate, Shown, View};
use crate::generics::{self, Kind, Param};
use crate::support;
use crate::syntax::{Tree, around};

/// Removes the derive and the marker attribute from a file; returns how many impls take the derives' place.
pub fn remove(view: &View<'_>, names: &BTreeSet<String>, shown: &mut Shown) -> Result<usize> {
    let mut implementations = Vec::new();
    let mut failure = None;
    let tokens = &view.tokens;
    for attribute in attributes::all(tokens) {
        let edits = attribute.rewrite(tokens, view.cfg(), &mut |meta| {
            if tokens.at(meta.first) == "pointee" && meta.end == meta.first + 1 {
                return Decision::Remove;
            }
            if tokens.at(meta.first) != "derive" || !tokens.opens(meta.first + 1, "(") {
                return Decision::Keep;
            }
            let parts = split_commas(tokens, meta.first + 2, tokens.close(meta.first + 1));
            let kept: Vec<bool> = parts
                .iter()
                .map(|&(_, end)| !names.contains(tokens.at(end - 1)))
                .collect();
            if kept.iter().all(|&kept| kept) {
                return Decision::Keep;
            }
            shown.count(DeriveCoercePointee::NAME);
            let behind = (attribute.hash..meta.first).find(|&i| tokens.at(i) == "cfg_attr");
            match pointer_impl(view, attribute.hash, behind) {
                Ok(edit) => implementations.push(edit),
                Err(error) => failure = Some(error),
            }
            if kept.contains(&true) {
                Decision::Edit(attributes::removals(tokens, &parts, &kept))
            } else {
                Decision::Remove
            }
        });
        shown.edit(view.file, edits);
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let impls = implementations.len();
    shown.edit(view.file, implementations);
    Ok(impls)
}

/// The impl that takes the derive's place. `behind` is the token of a `cfg_attr` around the derive.
fn pointer_impl(view: &View<'_>, hash: usize, behind: Option<usize>) -> Result<Edit> {
    let tokens = &view.tokens;
    let refuse = |why: &str| {
        Err(Failure::no(format!(
            "{}: `derive(CoercePointee)` can't be lowered: {why}",
            view.place(hash)
        )))
    };
    let tree = Tree::around(
        tokens.text,
        view.source.edition,
        tokens.list[hash].range.start,
    );
    let item = tree
        .token_at(tokens.list[hash].range.start)
        .and_then(|token| around::<ast::Struct>(&token).next());
    let Some(item) = item else {
        return refuse("no struct follows it");
    };
    let text = |node: &SyntaxNode| tokens.text[tree.of(node)].to_owned();
    let (Some(name), Some(list)) = (item.name(), item.generic_param_list()) else {
        return refuse("the struct has no generic parameters");
    };
    // The conversions rely on it, and the derive itself insists. In a macro it may come from the caller.
    if !tree.in_macro
        && !item
            .attrs()
            .any(|attr| text(attr.syntax()).contains("transparent"))
    {
        return refuse("the struct is not `#[repr(transparent)]`");
    }
    let root = if tree.in_macro {
        format!("$crate::{}", support::MODULE)
    } else {
        format!("crate::{}", support::MODULE)
    };
    let list = tree.of(list.syntax());
    let params = generics::parse(
        &tokens.text[list.clone()],
        list.start,
        &[],
        view.source.edition,
    );
    let mut params = params;
    for param in &mut params {
        let items = ["struct", "enum", "union", "type", "trait"];
        let is_type = items
            .iter()
            .any(|item| tokens.text.contains(&format!("{item} {}", param.name)));
        // The name alone would be the type.
        if matches!(param.kind, Kind::Const(_)) && is_type {
            param.name = format!("{{ {} }}", param.name);
        }
    }
    let types = || params.iter().filter(|param| param.kind == Kind::Type);
    let Some(pointee) = types()
        .find(|param| param.is_pointee)
        .or_else(|| types().next().filter(|_| types().count() == 1))
    else {
        return refuse("which of the type parameters is the pointee is not marked with #[pointee]");
    };
    let rest: String = params
        .iter()
        .filter(|param| param.name != pointee.name)
        .map(|param| rest(param, &root))
        .collect();
    let mut conditions: Vec<String> = item
        .attrs()
        .map(|attr| text(attr.syntax()))
        .filter(|attr| attr.replace(char::is_whitespace, "").starts_with("#[cfg("))
        .collect();
    if let Some(behind) = behind {
        let parts = split_commas(tokens, behind + 2, tokens.close(behind + 1));
        conditions.extend(parts.first().map(|&(first, end)| {
            format!("#[cfg({})]", &tokens.text[tokens.bytes(first, end - 1)])
        }));
    }
    let clause = item
        .where_clause()
        .map(|clause| text(clause.syntax()))
        .unwrap_or_default();
    let added = format!(
        " {}{} unsafe impl{} {root}::Pointer for {}{} {clause} {{ type Raw = *mut {}; type Rest = ({rest}); type Use = {root}::Coerced; }}",
        conditions.concat(),
        crate::lints::QUIET,
        generics::declared(&params),
        text(name.syntax()),
        generics::named(&params),
        pointee.name,
    );
    Ok(Edit {
        rank: support::BEFORE,
        ..Edit::insert(
            tree.end_of_module(item.syntax()),
            one_line(&added, view.source.edition),
        )
    })
}

/// What of the type `Rest` is made of for one parameter, with a comma after it.
fn rest(param: &Param, root: &str) -> String {
    let name = param.name.as_str();
    match &param.kind {
        Kind::Lifetime => format!("{root}::Of<&{} ()>,", param.name),
        Kind::Type => format!("{root}::Of<{}>,", param.name),
        Kind::Const(ty) => {
            support::rest_of_const(root, ty, name).map_or_else(String::new, |rest| rest + ",")
        }
        Kind::Repeated(inner, operator) => format!(
            "$({}){operator}",
            inner
                .iter()
                .map(|param| rest(param, root))
                .collect::<String>()
        ),
    }
}
