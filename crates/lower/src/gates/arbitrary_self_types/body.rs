//! Renaming of the receiver: `self` is a keyword that only receivers may have, so the parameter and its uses get another name.

use std::collections::BTreeSet;

use ra_ap_syntax::{AstNode, NodeOrToken, SyntaxKind, SyntaxNode, SyntaxToken};

use super::method::Method;
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

fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens()
        .filter_map(NodeOrToken::into_token)
}

/// Whether a token of the method's body is the method's own `self` as a value.
pub fn is_receiver(token: &SyntaxToken, body: &SyntaxNode) -> bool {
    if token.kind() != SyntaxKind::SELF_KW {
        return false;
    }
    // A path such as `self::f`, or `pub(self)`.
    let next = neighbour(token, SyntaxToken::next_token);
    if matches!(
        next.as_ref().map(SyntaxToken::kind),
        Some(SyntaxKind::COLON2)
    ) {
        return false;
    }
    if next
        .as_ref()
        .is_some_and(|next| next.kind() == SyntaxKind::COLON)
        && next
            .and_then(|next| next.next_token())
            .is_some_and(|next| next.kind() == SyntaxKind::COLON)
    {
        return false;
    }
    let mut before = neighbour(token, SyntaxToken::prev_token);
    if before
        .as_ref()
        .is_some_and(|token| token.kind() == SyntaxKind::L_PAREN)
    {
        before = before.and_then(|token| neighbour(&token, SyntaxToken::prev_token));
        if before.is_some_and(|token| token.kind() == SyntaxKind::PUB_KW) {
            return false;
        }
    }
    // Items within the body have a `self` of their own.
    let own = [
        SyntaxKind::FN,
        SyntaxKind::IMPL,
        SyntaxKind::TRAIT,
        SyntaxKind::USE,
        SyntaxKind::MODULE,
        SyntaxKind::VISIBILITY,
    ];
    let mut around = token.parent_ancestors().take_while(|node| node != body);
    !around.any(|node| {
        own.contains(&node.kind())
            || node.kind() == SyntaxKind::TOKEN_TREE && in_nested_function(token, &node)
    })
}

/// Within a macro call: whether the token is in the parameters or the body of a function that has a `self` parameter.
fn in_nested_function(token: &SyntaxToken, tree: &SyntaxNode) -> bool {
    let mut after_fn = false;
    let mut own_self = false;
    for child in tree.children_with_tokens() {
        match child {
            NodeOrToken::Token(child) => match child.kind() {
                SyntaxKind::FN_KW => (after_fn, own_self) = (true, false),
                SyntaxKind::SEMICOLON => after_fn = false,
                _ => {}
            },
            NodeOrToken::Node(group) if after_fn => {
                let here = group.text_range().contains_range(token.text_range());
                let first = group.first_token().map(|token| token.kind());
                if first == Some(SyntaxKind::L_PAREN) && !own_self {
                    let mut parameters =
                        tokens(&group).take_while(|token| token.kind() != SyntaxKind::COMMA);
                    own_self = parameters.any(|token| token.kind() == SyntaxKind::SELF_KW);
                }
                if here && own_self {
                    return true;
                }
                if first == Some(SyntaxKind::L_CURLY) {
                    after_fn = false;
                }
            }
            NodeOrToken::Node(_) => {}
        }
    }
    false
}

fn neighbour(
    token: &SyntaxToken,
    step: fn(&SyntaxToken) -> Option<SyntaxToken>,
) -> Option<SyntaxToken> {
    let mut next = step(token);
    while next.as_ref().is_some_and(|token| token.kind().is_trivia()) {
        next = next.and_then(|token| step(&token));
    }
    next
}
