//! `derive_coerce_pointee`: `derive(CoercePointee)` and `#[pointee]` are removed, as are imports of the derive macro.
//!
//! The derive makes a `#[repr(transparent)]` pointer coerce like a built-in one (`Arc<T>` to `Arc<dyn Trait>`). In its place
//! the type gets an impl of the support module's `Pointer`, behind the last item of its module; places that relied on the
//! coercion are found by the compiler (`coercions.rs`).

use std::collections::BTreeSet;

use gateless_model::{Failure, Result};
use ra_ap_syntax::ast::{self, HasAttrs, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, SyntaxNode};

use crate::gates::{View, Work};
use crate::generics::{self, Kind, Param};
use crate::support;
use crate::syntax::{Tree, around};
use gateless_rust_text::attributes::{self, Decision};
use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{Tokens, one_line};

/// The feature's name.
pub const ID: &str = "derive_coerce_pointee";

/// Removes the derive, the marker attribute and the imports. Only in crates that turned the feature on: elsewhere the names are the user's own.
pub fn apply(view: &View<'_>, work: &mut Work) -> Result<()> {
    if !view.features.iter().any(|name| name == ID) {
        return Ok(());
    }
    let mut implementations = Vec::new();
    let mut failure = None;
    let tokens = view.tokens;
    for attribute in attributes::all(tokens) {
        let edits = attribute.rewrite(tokens, &view.request.cfg, &mut |meta| {
            if tokens.at(meta.first) == "pointee" && meta.end == meta.first + 1 {
                return Decision::Remove;
            }
            if tokens.at(meta.first) != "derive" || !tokens.opens(meta.first + 1, "(") {
                return Decision::Keep;
            }
            let parts = split_commas(tokens, meta.first + 2, tokens.close(meta.first + 1));
            let kept: Vec<bool> = parts
                .iter()
                .map(|&(_, end)| !view.pointee_derives.contains(tokens.at(end - 1)))
                .collect();
            if kept.iter().all(|&kept| kept) {
                return Decision::Keep;
            }
            work.count(ID);
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
        work.edits.extend(edits);
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    work.pointers |= !implementations.is_empty();
    work.edits.extend(implementations);
    for i in 0..tokens.list.len() {
        if tokens.at(i) == "use"
            && let Some(end) = (i..tokens.list.len()).find(|&k| tokens.at(k) == ";")
        {
            let mut edits = Vec::new();
            if use_tree(tokens, i + 1, end, view.pointee_derives, &mut edits) {
                work.edits.extend(edits);
            } else {
                let first = item_start(tokens, i);
                work.edits
                    .push(Edit::remove(tokens.text, tokens.bytes(first, end)));
            }
        }
    }
    Ok(())
}

/// The impl that takes the derive's place. `behind` is the token of a `cfg_attr` around the derive.
fn pointer_impl(view: &View<'_>, hash: usize, behind: Option<usize>) -> Result<Edit> {
    let tokens = view.tokens;
    let refuse = |why: &str| {
        Err(Failure::no(format!(
            "{}: `derive(CoercePointee)` can't be lowered: {why}",
            view.place(hash)
        )))
    };
    let tree = Tree::around(tokens.text, view.edition, tokens.list[hash].range.start);
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
        "$crate::__gateless"
    } else {
        "crate::__gateless"
    };
    let list = tree.of(list.syntax());
    let params = generics::parse(&tokens.text[list.clone()], list.start, &[], view.edition);
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
        .map(|param| rest(param, root))
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
        " {}{} unsafe impl{} {root}::Pointer for {}{} {clause} {{ type Raw = *mut {}; type Rest = ({rest}); }}",
        conditions.concat(),
        support::QUIET,
        generics::declared(&params),
        text(name.syntax()),
        generics::named(&params),
        pointee.name,
    );
    Ok(Edit::insert(
        tree.end_of_module(item.syntax()),
        one_line(&added, view.edition),
    ))
}

/// What of the type `Rest` is made of for one parameter, with a comma after it.
fn rest(param: &Param, root: &str) -> String {
    match &param.kind {
        Kind::Lifetime => format!("{root}::Of<&{} ()>,", param.name),
        Kind::Type => format!("{root}::Of<{}>,", param.name),
        Kind::Const(ty) => support::rest_of_const(root, ty, &param.name)
            .map_or_else(String::new, |rest| rest + ","),
        Kind::Repeated(inner, operator) => format!(
            "$({}){operator}",
            inner
                .iter()
                .map(|param| rest(param, root))
                .collect::<String>()
        ),
    }
}

/// Removes the derive macro from a use tree; false when nothing of the tree is left.
fn use_tree(
    tokens: &Tokens<'_>,
    first: usize,
    end: usize,
    names: &BTreeSet<String>,
    edits: &mut Vec<Edit>,
) -> bool {
    if let Some(open) = (first..end).find(|&i| tokens.opens(i, "{")) {
        let parts = split_commas(tokens, open + 1, tokens.close(open));
        let mut inside = Vec::new();
        let kept: Vec<bool> = parts
            .iter()
            .map(|&(a, b)| use_tree(tokens, a, b, names, &mut inside))
            .collect();
        if !kept.is_empty() && !kept.contains(&true) {
            return false;
        }
        edits.extend(inside);
        edits.extend(attributes::removals(tokens, &parts, &kept));
        return true;
    }
    let last = if end >= first + 3 && tokens.at(end - 2) == "as" {
        end - 3
    } else {
        end - 1
    };
    !names.contains(tokens.at(last))
}

/// Adds to `names` what the derive macro is called in a file (`use core::marker::CoercePointee as P`); returns whether there were more.
pub fn collect_names(tokens: &Tokens<'_>, names: &mut BTreeSet<String>) -> bool {
    names.insert("CoercePointee".to_owned());
    let before = names.len();
    for i in 0..tokens.list.len() {
        if tokens.at(i + 1) == "as" && names.contains(tokens.at(i)) && tokens.at(i + 2) != "_" {
            names.insert(tokens.at(i + 2).to_owned());
        }
    }
    names.len() > before
}

/// First token of the visibility and the attributes before the item keyword at `keyword`.
fn item_start(tokens: &Tokens<'_>, keyword: usize) -> usize {
    let mut start = keyword;
    if start >= 1 && tokens.at(start - 1) == "pub" {
        start -= 1;
    } else if start >= 1 && tokens.at(start - 1) == ")" {
        let open = (0..start)
            .rev()
            .find(|&i| tokens.opens(i, "(") && tokens.close(i) == start - 1);
        if let Some(open) = open.filter(|&open| open >= 1 && tokens.at(open - 1) == "pub") {
            start = open - 1;
        }
    }
    while start >= 1 && tokens.at(start - 1) == "]" {
        let open = (0..start)
            .rev()
            .find(|&i| tokens.opens(i, "[") && tokens.close(i) == start - 1);
        match open {
            Some(open) if open >= 1 && tokens.at(open - 1) == "#" => start = open - 1,
            _ => break,
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::lowered;

    #[test]
    fn derives_markers_and_imports_go() {
        let text = lowered(
            "#![feature(derive_coerce_pointee)]\nuse core::{marker::{CoercePointee, PhantomData}, ptr::NonNull};\n#[cfg(ON)] pub(crate) use std::marker::CoercePointee;\n#[derive(Clone, core::marker::CoercePointee, Debug)]\n#[repr(transparent)] struct X<T: ?Sized>(NonNull<T>);\n#[derive(CoercePointee)]\n#[repr(transparent)] pub struct Y<'a, #[pointee] T: 'a + ?Sized, A = u8, const N: u64 = 0> where // c\n  T: Send { a: &'a T, b: PhantomData<A> }\n",
        );
        let (own, _support) = text.split_once(" #[doc(hidden)]").unwrap();
        expect![[r#"

            use core::{marker::{PhantomData}, ptr::NonNull};

            #[derive(Clone, Debug)]
            #[repr(transparent)] struct X<T: ?Sized>(NonNull<T>);
            //
            #[repr(transparent)] pub struct Y<'a,  T: 'a + ?Sized, A = u8, const N: u64 = 0> where // c
              T: Send { a: &'a T, b: PhantomData<A> } #[allow(warnings, unsafe_code, unused, nonstandard_style, rust_2018_idioms, unreachable_pub, clippy::all)] unsafe impl<T: ?Sized> crate::__gateless::Pointer for X<T>  { type Raw = *mut T; type Rest = (); } #[allow(warnings, unsafe_code, unused, nonstandard_style, rust_2018_idioms, unreachable_pub, clippy::all)] unsafe impl<'a, T: 'a + ?Sized, A, const N: u64> crate::__gateless::Pointer for Y<'a, T, A, N> where T: Send { type Raw = *mut T; type Rest = (crate::__gateless::Of<&'a ()>,crate::__gateless::Of<A>,crate::__gateless::Const_u64<N>,); }"#]].assert_eq(own);
    }

    #[test]
    fn a_users_own_derive_of_that_name_stays() {
        let text = "#[derive(CoercePointee)]\nstruct Y<#[pointee] T>(T);\n";
        assert_eq!(lowered(text), text);
    }
}
