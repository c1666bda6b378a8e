//! A method with a receiver that stable Rust refuses, and the parts of its signature.

use std::ops::Range;

use ra_ap_syntax::ast::{self, HasAttrs, HasName};
use ra_ap_syntax::{AstNode, Edition, SyntaxKind, SyntaxNode};

use crate::generics::{self, Param};
use crate::pieces::Edit;
use crate::syntax::{Tree, around};
use crate::tokens::{Tokens, one_line};

/// The method around a receiver.
pub struct Method<'a> {
    pub text: &'a str,
    pub edition: Edition,
    pub tree: Tree,
    pub function: ast::Fn,
    pub receiver: ast::SelfParam,
    pub ty: ast::Type,
    pub owner: Owner,
}

/// What the method belongs to.
pub enum Owner {
    Inherent(ast::Impl),
    TraitImpl,
    Trait(ast::Trait),
    /// A macro body that holds the method, but not its impl.
    Unknown,
}

impl<'a> Method<'a> {
    /// The method whose receiver's type is at `offset`.
    pub fn at(text: &'a str, edition: Edition, offset: usize) -> Option<Self> {
        let tree = Tree::around(text, edition, offset);
        let token = tree.token_at(offset)?;
        let receiver: ast::SelfParam = around(&token).next()?;
        let function: ast::Fn = around(&token).next()?;
        let ty = receiver.ty()?;
        let owner = match function.syntax().parent().and_then(|list| list.parent()) {
            Some(node) => match (ast::Impl::cast(node.clone()), ast::Trait::cast(node)) {
                (Some(owner), _) if owner.trait_().is_some() => Owner::TraitImpl,
                (Some(owner), _) => Owner::Inherent(owner),
                (None, Some(owner)) => Owner::Trait(owner),
                (None, None) => Owner::Unknown,
            },
            None => Owner::Unknown,
        };
        Some(Self {
            text,
            edition,
            tree,
            function,
            receiver,
            ty,
            owner,
        })
    }

    /// Bytes of a node.
    pub fn range(&self, node: &SyntaxNode) -> Range<usize> {
        self.tree.of(node)
    }

    /// Source of a node on one line.
    pub fn source(&self, node: &SyntaxNode) -> String {
        self.copy(self.range(node), &[])
    }

    /// Source of a range on one line, with the edits that lie in it.
    pub fn copy(&self, range: Range<usize>, edits: &[Edit]) -> String {
        // What is inserted right before the range belongs to what comes before.
        let is_inside = |edit: &&Edit| {
            edit.range.start >= range.start
                && edit.range.end <= range.end
                && edit.range.end > range.start
        };
        let mut inside: Vec<&Edit> = edits.iter().filter(is_inside).collect();
        inside.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut copy = String::new();
        let mut done = range.start;
        for edit in inside {
            if edit.range.start >= done {
                copy.push_str(&self.text[done..edit.range.start]);
                copy.push_str(&edit.text);
                done = edit.range.end;
            }
        }
        copy.push_str(&self.text[done..range.end]);
        one_line(&copy, self.edition)
    }

    /// The method's name.
    pub fn name(&self) -> String {
        self.function
            .name()
            .map(|name| self.source(name.syntax()))
            .unwrap_or_default()
    }

    /// The byte at which the method starts, which makes names unique.
    pub fn start(&self) -> usize {
        self.function
            .fn_token()
            .map_or(0, |token| self.tree.bytes(token.text_range()).start)
    }

    /// Whether a macro repeats the method (`$( fn $m(..) {} )*`) within the item that ends at `end`.
    pub fn is_repeated_before(&self, end: usize) -> bool {
        if !self.tree.in_macro {
            return false;
        }
        let tokens = Tokens::new(self.text, self.edition);
        let start = self.start();
        let mut groups =
            (1..tokens.list.len()).filter(|&i| tokens.at(i - 1) == "$" && tokens.opens(i, "("));
        groups.any(|i| {
            let group = tokens.bytes(i, tokens.close(i));
            group.contains(&start) && group.end < end
        })
    }

    /// A visibility as source, with a blank after it, or nothing; of the item whose keyword is at `keyword`.
    pub fn visibility(&self, written: Option<ast::Visibility>, keyword: usize) -> String {
        if let Some(written) = written {
            return format!("{} ", self.source(written.syntax()));
        }
        // A macro's `$vis` is not part of the tree.
        let mut before = self.text[..keyword].trim_end();
        while let Some(rest) = ["unsafe", "const", "async"]
            .iter()
            .find_map(|word| before.strip_suffix(word))
        {
            before = rest.trim_end();
        }
        let start = before
            .trim_end_matches(|c: char| c.is_alphanumeric() || c == '_')
            .len();
        let is_variable =
            self.tree.in_macro && start < before.len() && before[..start].ends_with('$');
        if is_variable {
            format!("${} ", &before[start..])
        } else {
            String::new()
        }
    }

    /// Generic parameters of an item, with edits applied.
    pub fn params(&self, list: Option<ast::GenericParamList>, edits: &[Edit]) -> Vec<Param> {
        let Some(list) = list else { return Vec::new() };
        let range = self.range(list.syntax());
        generics::parse(&self.text[range.clone()], range.start, edits, self.edition)
    }

    /// `where` clause of an item with edits applied, as predicates.
    pub fn predicates(&self, clause: Option<ast::WhereClause>, edits: &[Edit]) -> Vec<String> {
        let predicates = clause.into_iter().flat_map(|clause| clause.predicates());
        predicates
            .map(|predicate| self.copy(self.range(predicate.syntax()), edits))
            .collect()
    }

    /// Those attributes of an item whose path is in `names`.
    pub fn attributes(&self, item: &dyn AnyAttrs, names: &[&str]) -> String {
        let attributes = item
            .all()
            .into_iter()
            .map(|attr| self.source(attr.syntax()));
        attributes
            .filter(|attr| {
                let tokens = Tokens::new(attr, self.edition);
                names.contains(&tokens.at(2))
            })
            .collect()
    }

    /// Edits that put `with` in place of `Self` within a node; in front of `::` with angle brackets if `is_type`.
    pub fn replace_self(&self, node: &SyntaxNode, with: &str, is_type: bool) -> Vec<Edit> {
        let tokens = node
            .descendants_with_tokens()
            .filter_map(|element| element.into_token());
        tokens
            .filter(|token| token.kind() == SyntaxKind::SELF_TYPE_KW)
            .map(|token| {
                let range = self.tree.bytes(token.text_range());
                let path = self.text[range.end..].trim_start().starts_with("::");
                // `where <T>::X` does not parse.
                let is_name = with.chars().all(|c| c.is_alphanumeric() || c == '_');
                let text = if path && is_type && !is_name {
                    format!("<{with}>")
                } else {
                    with.to_owned()
                };
                Edit {
                    range,
                    text,
                    rank: 0,
                }
            })
            .collect()
    }

    /// Whether the method is inside of a function body.
    pub fn is_local(&self) -> bool {
        self.function
            .syntax()
            .ancestors()
            .skip(1)
            .any(|node| node.kind() == SyntaxKind::STMT_LIST)
    }
}

/// Anything with attributes.
pub trait AnyAttrs {
    /// Its attributes.
    fn all(&self) -> Vec<ast::Attr>;
}

impl<T: HasAttrs> AnyAttrs for T {
    fn all(&self) -> Vec<ast::Attr> {
        self.attrs().collect()
    }
}
