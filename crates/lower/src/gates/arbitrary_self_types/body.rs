//! Renaming of the receiver: `self` is a keyword that only receivers may have, so the parameter and its uses get another name.

use std::collections::BTreeSet;

use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxToken};

use super::method::Method;
use super::receiver_tokens::{is_receiver, tokens};
use super::told;
use gateless_rust_text::edit::Edit;

/// The receiver's new name: one that the method doesn't use, with an underscore if it doesn't use the receiver, since an unused
/// receiver is nothing to warn about. `in_strings` says whether format strings use it.
pub fn fresh_name(method: &Method<'_>, in_strings: bool) -> String {
    let body = method.function.body();
    let used = in_strings
        || body.is_none_or(|body| {
            tokens(body.syntax()).any(|token| is_receiver(&token, body.syntax()))
        });
    let mut names: BTreeSet<String> = tokens(method.function.syntax())
        .map(|token| token.text().to_owned())
        .collect();
    // A pattern with the name of a constant is no new name.
    let items = [
        "const this",
        "static this",
        "static mut this",
        "struct this",
        "as this",
    ];
    if items.iter().any(|item| method.text.contains(item)) {
        names.insert("this".to_owned());
    }
    free_name(&names, used)
}

/// The first of `this`, `gateless_this`, `gateless_this_2`, ... that is not taken.
pub fn free_name(taken: &BTreeSet<String>, used: bool) -> String {
    let is_free = |name: &String| !taken.contains(name) && !taken.contains(&format!("_{name}"));
    let candidates = ["this".to_owned(), "gateless_this".to_owned()].into_iter();
    let name = candidates
        .chain((2..).map(|n| format!("gateless_this_{n}")))
        .find(is_free)
        .unwrap_or_default();
    if used { name } else { format!("_{name}") }
}

/// Whether a parameter is a renamed receiver.
pub fn is_renamed(name: &str) -> bool {
    let name = name.strip_prefix('_').unwrap_or(name);
    name == "this" || name.starts_with("gateless_this")
}

/// The edits that give the receiver and all its uses in the body, macro calls included, the name `name`.
pub fn rename(method: &Method<'_>, name: &str) -> Vec<Edit> {
    let edit = |token: &SyntaxToken| Edit {
        range: method.tree.bytes(token.text_range()),
        text: name.to_owned(),
        rank: 0,
    };
    let parameter = tokens(&method.receiver).find(|token| token.kind() == SyntaxKind::SELF_KW);
    let mut edits: Vec<Edit> = parameter.iter().map(edit).collect();
    if let Some(body) = method.function.body() {
        let texts = told::texts(method);
        let is_text = |edit: &Edit| {
            let mut texts = texts.iter();
            texts.any(|text| text.start < edit.range.start && edit.range.end < text.end)
        };
        let receivers = tokens(body.syntax()).filter(|token| is_receiver(token, body.syntax()));
        edits.extend(
            receivers
                .map(|token| edit(&token))
                .filter(|edit| !is_text(edit)),
        );
        edits.extend(told::conditions(method));
    }
    edits
}
