//! A method with a receiver that stable Rust refuses, and the parts of its signature.

use std::ops::Range;

use ra_ap_syntax::ast::{self, HasAttrs, HasName};
use ra_ap_syntax::{AstNode, Edition, SyntaxKind, SyntaxNode};

use crate::generics::{self, Param};
use crate::syntax::{Tree, around};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{Tokens, one_line};

/// The method around a receiver.
#[derive(Clone)]
pub struct Method<'a> {
    pub text: &'a str,
    pub edition: Edition,
    pub tree: Tree,
    pub function: ast::Fn,
    /// The receiver with its type.
    pub receiver: SyntaxNode,
    /// Whether the receiver is a macro's variable (`$this: P<Self>`), so that the macro's caller writes `self`.
    pub is_variable: bool,
    pub ty: ast::Type,
    pub owner: Owner,
    /// Indexes of the parameters, but for the receiver, that conditions take away.
    absent: Vec<usize>,
}

/// What the method belongs to.
#[derive(Clone)]
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
        let function: ast::Fn = around(&token).next()?;
        let (receiver, ty, is_variable) = match around::<ast::SelfParam>(&token).next() {
            Some(receiver) => (receiver.syntax().clone(), receiver.ty()?, false),
            None => {
                let first = function.param_list()?.params().next()?;
                let range = tree.of(first.syntax());
                let is_variable = tree.in_macro && text[range.clone()].starts_with('$');
                if !(is_variable && range.contains(&offset)) {
                    return None;
                }
                (first.syntax().clone(), first.ty()?, true)
            }
        };
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
            is_variable,
            ty,
            owner,
            absent: Vec::new(),
        })
    }

    /// The same without the parameters with these indexes.
    pub fn without(&self, absent: Vec<usize>) -> Self {
        Self {
            absent,
            ..self.clone()
        }
    }

    /// The parameters but the receiver.
    pub fn arguments(&self) -> impl Iterator<Item = ast::Param> {
        let params = self
            .function
            .param_list()
            .into_iter()
            .flat_map(|list| list.params());
        let params = params.skip(usize::from(self.is_variable)).enumerate();
        params
            .filter(|(index, _)| !self.absent.contains(index))
            .map(|(_, param)| param)
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

    /// What stands before the items of the impl or trait, without attributes; empty outside of macros.
    pub fn header(&self, items: Option<ast::AssocItemList>) -> String {
        let header = items.filter(|_| self.tree.in_macro).and_then(|items| {
            let owner = items.syntax().parent()?;
            let keywords = [SyntaxKind::IMPL_KW, SyntaxKind::TRAIT_KW];
            let keyword = owner
                .children_with_tokens()
                .find(|element| keywords.contains(&element.kind()))?;
            let start = self.tree.bytes(keyword.text_range()).start;
            Some(self.text[start..self.range(items.syntax()).start].to_owned())
        });
        header.unwrap_or_default()
    }

    /// The repetitions around the method within the item that ends at `end`, outermost first, each by what comes after its
    /// parenthesis: `*`, `+`, `?`, or a separator before that.
    pub fn repetitions(&self, end: usize) -> Vec<String> {
        if !self.tree.in_macro {
            return Vec::new();
        }
        let tokens = Tokens::new(self.text, self.edition);
        let start = self.start();
        let groups =
            (1..tokens.list.len()).filter(|&i| tokens.at(i - 1) == "$" && tokens.opens(i, "("));
        let around = groups.filter(|&i| {
            let group = tokens.bytes(i, tokens.close(i));
            group.contains(&start) && group.end < end
        });
        around
            .map(|i| {
                let close = tokens.close(i);
                let mut after = tokens.at(close + 1).to_owned();
                if !["*", "+", "?"].contains(&after.as_str()) {
                    after.push_str(tokens.at(close + 2));
                }
                after
            })
            .collect()
    }

    /// Whether one item for all repetitions of the method can stand after the item that ends at `end`: no variable of the repetition is in
    /// the receiver's type or the header of the item.
    pub fn is_outside_of_repetition(&self, header: &str, end: usize) -> bool {
        let outer = self.repetitions(usize::MAX).len() - self.repetitions(end).len();
        let tokens = Tokens::new(self.text, self.edition);
        let matcher = self.matcher(&tokens);
        let text = format!("{header} {}", self.source(self.ty.syntax()));
        let used = Tokens::new(&text, self.edition);
        let mut variables =
            (1..used.list.len()).filter(|&i| used.at(i - 1) == "$" && used.at(i) != "crate");
        variables.all(|i| {
            let depth = matcher.and_then(|matcher| depth(&tokens, matcher, used.at(i)));
            depth.is_some_and(|depth| depth <= outer)
        })
    }

    /// The opening token of the matcher of the macro rule that the method is in.
    fn matcher(&self, tokens: &Tokens<'_>) -> Option<usize> {
        let start = self.start();
        let body = (3..tokens.list.len())
            .filter(|&i| tokens.close(i) > i && tokens.are(i - 2, &["=", ">"]))
            .rfind(|&i| tokens.bytes(i, tokens.close(i)).contains(&start))?;
        (0..body - 3).find(|&i| tokens.close(i) == body - 3)
    }

    /// Whether a macro repeats parameters of the method.
    pub fn has_repeated_arguments(&self) -> bool {
        let list = self.function.param_list();
        let range = list.map(|list| self.range(list.syntax()));
        self.tree.in_macro
            && range.is_some_and(|range| {
                let tokens = Tokens::new(&self.text[range], self.edition);
                (0..tokens.list.len()).any(|i| tokens.at(i) == "$" && tokens.opens(i + 1, "("))
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

/// How many repetitions a macro's variable is in.
fn depth(tokens: &Tokens<'_>, matcher: usize, variable: &str) -> Option<usize> {
    let inside = matcher..tokens.close(matcher);
    let at = inside
        .clone()
        .find(|&i| tokens.are(i, &["$", variable, ":"]))?;
    let around = |&i: &usize| {
        tokens.at(i - 1) == "$" && tokens.opens(i, "(") && (i..tokens.close(i)).contains(&at)
    };
    Some(inside.filter(|i| *i > matcher).filter(around).count())
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
