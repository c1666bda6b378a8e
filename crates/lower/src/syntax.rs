//! Syntax trees of files and of what is inside of macros, with the byte offsets of the file.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;

use ra_ap_parser::SyntaxKind;
use ra_ap_syntax::{AstNode, Edition, Parse, SourceFile, SyntaxNode, SyntaxToken, TextRange, ast};

use gateless_rust_text::tokens::Tokens;

/// How many parsed texts are remembered: the files that methods and their calls are in are asked for again and again.
const REMEMBERED: usize = 32;

thread_local! {
    static PARSED: RefCell<VecDeque<(String, Edition, Parse<SourceFile>)>> = const { RefCell::new(VecDeque::new()) };
}

/// The tree of a text.
fn parse(text: &str, edition: Edition) -> SyntaxNode {
    PARSED.with_borrow_mut(|parsed| {
        let is_it = |(other, of, _): &(String, Edition, _)| *of == edition && other == text;
        if let Some(at) = parsed.iter().position(is_it) {
            let found = parsed.remove(at).expect("it was just found");
            let tree = found.2.syntax_node();
            parsed.push_front(found);
            return tree;
        }
        let found = SourceFile::parse(text, edition);
        let tree = found.syntax_node();
        parsed.truncate(REMEMBERED - 1);
        parsed.push_front((text.to_owned(), edition, found));
        tree
    })
}

/// A tree for a part of a file.
#[derive(Clone)]
pub struct Tree {
    /// Where in the file the tree's text starts.
    pub base: usize,
    /// Its root.
    pub root: SyntaxNode,
    /// Whether it is the body of a `macro_rules!` definition, so that names need `$crate`.
    pub in_macro: bool,
}

impl Tree {
    /// The tree of a whole file.
    pub fn of_file(text: &str, edition: Edition) -> Self {
        Self {
            base: 0,
            root: parse(text, edition),
            in_macro: false,
        }
    }

    /// Bytes of the file.
    pub fn bytes(&self, range: TextRange) -> Range<usize> {
        self.base + usize::from(range.start())..self.base + usize::from(range.end())
    }

    /// Bytes of a node, without the comments and attributes before it being treated in any special way.
    pub fn of(&self, node: &SyntaxNode) -> Range<usize> {
        self.bytes(node.text_range())
    }

    /// The token at a byte of the file.
    pub fn token_at(&self, offset: usize) -> Option<SyntaxToken> {
        let offset = offset.checked_sub(self.base)?;
        let len = usize::from(self.root.text_range().end());
        if offset < len {
            self.root
                .token_at_offset((offset as u32).into())
                .right_biased()
        } else {
            None
        }
    }

    /// The byte after which an impl for `item` can be added without a change in the symbols of others: v0 symbols number the impls of a
    /// module in their order, so it is the end of the module's last item. In a macro or a block, the end of `item` itself.
    pub fn end_of_module(&self, item: &SyntaxNode) -> usize {
        let is_module = |parent: &SyntaxNode| match parent.kind() {
            SyntaxKind::SOURCE_FILE => self.base == 0,
            SyntaxKind::ITEM_LIST => !self.in_macro,
            _ => false,
        };
        let last = item
            .parent()
            .filter(is_module)
            .and_then(|parent| parent.children().filter_map(ast::Item::cast).last());
        self.of(last.as_ref().map_or(item, |last| last.syntax()))
            .end
    }

    /// The innermost tree around the byte `offset`: the file's, or that of the macro call or macro body the byte is in.
    pub fn around(text: &str, edition: Edition, offset: usize) -> Self {
        let mut tree = Self::of_file(text, edition);
        while let Some(inner) = tree.inner(text, edition, offset) {
            tree = inner;
        }
        tree
    }

    fn inner(&self, text: &str, edition: Edition, offset: usize) -> Option<Self> {
        let token = self.token_at(offset)?;
        let outermost = token
            .parent_ancestors()
            .filter(|node| node.kind() == SyntaxKind::TOKEN_TREE)
            .last()?;
        let definition = outermost
            .parent()
            .is_some_and(|parent| parent.kind() == SyntaxKind::MACRO_RULES);
        let group = if definition {
            outermost
                .children()
                .find(|child| child.text_range().contains(token.text_range().start()))?
        } else {
            outermost
        };
        let whole = self.of(&group);
        let inside = whole.start + 1..whole.end.checked_sub(1)?;
        if !inside.contains(&offset) {
            return None;
        }
        let in_macro = self.in_macro || definition;
        let source = if in_macro {
            plain(&text[inside.clone()], text, edition)
        } else {
            text[inside.clone()].to_owned()
        };
        Some(Self {
            base: inside.start,
            root: parse(&source, edition),
            in_macro,
        })
    }
}

/// Nodes of a type around a token, innermost first.
pub fn around<N: AstNode>(token: &SyntaxToken) -> impl Iterator<Item = N> {
    token.parent_ancestors().filter_map(N::cast)
}

/// A macro body as plain Rust of the same length: `$x` becomes `_x`, repetitions are there once, visibilities are left out.
fn plain(body: &str, file: &str, edition: Edition) -> String {
    let tokens = Tokens::new(body, edition);
    let whole = Tokens::new(file, edition);
    let is_visibility =
        |name: &str| (0..whole.list.len()).any(|i| whole.are(i, &["$", name, ":", "vis"]));
    let mut plain = body.as_bytes().to_vec();
    let mut blank = |range: Range<usize>| plain[range].fill(b' ');
    let mut variables = Vec::new();
    for i in 0..tokens.list.len() {
        if tokens.at(i) != "$" {
            continue;
        }
        if tokens.opens(i + 1, "(") {
            let close = tokens.close(i + 1);
            blank(tokens.bytes(i, i + 1));
            let operator = |i: usize| ["*", "+", "?"].contains(&tokens.at(i));
            let last = if operator(close + 1) {
                close + 1
            } else {
                close + 2
            };
            if operator(last) {
                blank(tokens.bytes(close, last));
            }
        } else if is_visibility(tokens.at(i + 1)) {
            blank(tokens.bytes(i, i + 1));
        } else if i + 1 < tokens.list.len() {
            variables.push(tokens.list[i].range.start);
        }
    }
    for start in variables {
        plain[start] = b'_';
    }
    String::from_utf8(plain).unwrap_or_else(|_| body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_bodies_are_read_as_items_in_place() {
        let text = "macro_rules! m { ($v:vis $n:ident, $($g:ident),*) => { $v struct $n<$($g),*> { x: $crate::X } }; }";
        let offset = text.find("struct").unwrap();
        let tree = Tree::around(text, Edition::Edition2021, offset);
        assert!(tree.in_macro);
        let token = tree.token_at(offset).unwrap();
        let item: ra_ap_syntax::ast::Struct = around(&token).next().unwrap();
        assert_eq!(
            &text[tree.of(item.syntax())].trim(),
            &"struct $n<$($g),*> { x: $crate::X }"
        );
    }
}
