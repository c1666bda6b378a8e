//! `derive_coerce_pointee`: `derive(CoercePointee)` and `#[pointee]` are removed, as are imports of the derive macro.
//!
//! The derive makes a `#[repr(transparent)]` pointer coerce like a built-in one (`Arc<T>` to `Arc<dyn Trait>`).

use crate::attributes::{self, Decision};
use crate::cfg::split_commas;
use crate::gates::{View, Work};
use crate::pieces::Edit;
use crate::tokens::Tokens;

/// The feature's name.
pub const ID: &str = "derive_coerce_pointee";

/// Removes the derive, the marker attribute and the imports. Only in crates that turned the feature on: elsewhere the names are the user's own.
pub fn apply(view: &View<'_>, work: &mut Work) {
    if !view.features.iter().any(|name| name == ID) {
        return;
    }
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
            let kept: Vec<bool> = parts.iter().map(|&(_, end)| tokens.at(end - 1) != "CoercePointee").collect();
            if kept.iter().all(|&kept| kept) {
                return Decision::Keep;
            }
            work.count(ID);
            if kept.contains(&true) { Decision::Edit(attributes::removals(tokens, &parts, &kept)) } else { Decision::Remove }
        });
        work.edits.extend(edits);
    }
    for i in 0..tokens.list.len() {
        if tokens.at(i) == "use"
            && let Some(end) = (i..tokens.list.len()).find(|&k| tokens.at(k) == ";")
        {
            let mut edits = Vec::new();
            if use_tree(tokens, i + 1, end, &mut edits) {
                work.edits.extend(edits);
            } else {
                let first = item_start(tokens, i);
                work.edits.push(Edit::remove(tokens.text, tokens.bytes(first, end)));
            }
        }
    }
}

/// Removes the derive macro from a use tree; false when nothing of the tree is left.
fn use_tree(tokens: &Tokens<'_>, first: usize, end: usize, edits: &mut Vec<Edit>) -> bool {
    if let Some(open) = (first..end).find(|&i| tokens.opens(i, "{")) {
        let parts = split_commas(tokens, open + 1, tokens.close(open));
        let mut inside = Vec::new();
        let kept: Vec<bool> = parts.iter().map(|&(a, b)| use_tree(tokens, a, b, &mut inside)).collect();
        if !kept.is_empty() && !kept.contains(&true) {
            return false;
        }
        edits.extend(inside);
        edits.extend(attributes::removals(tokens, &parts, &kept));
        return true;
    }
    let last = if end >= first + 3 && tokens.at(end - 2) == "as" { end - 3 } else { end - 1 };
    tokens.at(last) != "CoercePointee"
}

/// First token of the visibility and the attributes before the item keyword at `keyword`.
fn item_start(tokens: &Tokens<'_>, keyword: usize) -> usize {
    let mut start = keyword;
    if start >= 1 && tokens.at(start - 1) == "pub" {
        start -= 1;
    } else if start >= 1 && tokens.at(start - 1) == ")" {
        let open = (0..start).rev().find(|&i| tokens.opens(i, "(") && tokens.close(i) == start - 1);
        if let Some(open) = open.filter(|&open| open >= 1 && tokens.at(open - 1) == "pub") {
            start = open - 1;
        }
    }
    while start >= 1 && tokens.at(start - 1) == "]" {
        let open = (0..start).rev().find(|&i| tokens.opens(i, "[") && tokens.close(i) == start - 1);
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
        expect![[r#"

            use core::{marker::{PhantomData}, ptr::NonNull};

            #[derive(Clone, Debug)]
            struct X;

            struct Y< T, A>(T, A);
        "#]]
        .assert_eq(&lowered(
            "#![feature(derive_coerce_pointee)]\nuse core::{marker::{CoercePointee, PhantomData}, ptr::NonNull};\n#[cfg(ON)] pub(crate) use std::marker::CoercePointee;\n#[derive(Clone, core::marker::CoercePointee, Debug)]\nstruct X;\n#[derive(CoercePointee)]\nstruct Y<#[pointee] T, A>(T, A);\n",
        ));
    }

    #[test]
    fn a_users_own_derive_of_that_name_stays() {
        let text = "#[derive(CoercePointee)]\nstruct Y<#[pointee] T>(T);\n";
        assert_eq!(lowered(text), text);
    }
}
