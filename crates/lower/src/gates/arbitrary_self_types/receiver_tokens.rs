//! Which tokens of a method's body are its receiver.

use ra_ap_syntax::{NodeOrToken, SyntaxKind, SyntaxNode, SyntaxToken};

/// All tokens of a node.
pub fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
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
