//! What macros tell of a receiver: its name, where they take their arguments as text, and the conditions of `assert!`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{Tokens, one_line};
use ra_ap_parser::SyntaxKind;
use ra_ap_syntax::{AstNode, Edition, SyntaxNode, ast};

use super::method::Method;
use super::printed;
use super::receiver_tokens::is_receiver;
use crate::lints::QUIET;

/// Macros of the standard library that tell a condition.
const ASSERTS: [&str; 2] = ["assert", "debug_assert"];

/// Macros of the standard library that give back their arguments as text, and whether they take them as nothing else.
const TEXTS: [(&str, bool); 2] = [("stringify", true), ("dbg", false)];

/// The macro that says a condition.
const TOLD: &str = "__gateless_told";

/// A macro call that is given the receiver.
struct Call<'a> {
    /// The macro's name, and that of the standard library's macro if it is another name of it.
    name: &'a str,
    standard: Option<&'a str>,
    /// Tokens of the brackets.
    open: usize,
    close: usize,
}

/// A method's body as tokens, which are the same within macro calls and outside of them.
struct Body<'a> {
    method: &'a Method<'a>,
    node: SyntaxNode,
    start: usize,
    tokens: Tokens<'a>,
}

impl<'a> Body<'a> {
    fn of(method: &'a Method<'a>) -> Option<Self> {
        let body = method.function.body()?;
        let range = method.range(body.syntax());
        Some(Self {
            method,
            node: body.syntax().clone(),
            start: range.start,
            tokens: Tokens::new(&method.text[range], method.edition),
        })
    }

    /// Bytes of the file.
    fn bytes(&self, first: usize, last: usize) -> Range<usize> {
        let range = self.tokens.bytes(first, last);
        self.start + range.start..self.start + range.end
    }

    /// All macro calls with the receiver, also within other macro calls.
    fn calls(&self) -> Vec<Call<'a>> {
        let all = 0..self.tokens.list.len();
        let calls = all.filter_map(|i| {
            let name = called(&self.tokens, i)?;
            let (open, close) = (i + 2, self.tokens.close(i + 2));
            let has_receiver = (open..close).any(|at| self.is_receiver(at));
            let standard = has_receiver.then(|| self.standard(i, name))?;
            Some(Call {
                name,
                standard,
                open,
                close,
            })
        });
        calls.collect()
    }

    fn is_receiver(&self, at: usize) -> bool {
        let start = self.bytes(at, at).start;
        let token = || self.method.tree.token_at(start);
        self.tokens.at(at) == "self" && token().is_some_and(|token| is_receiver(&token, &self.node))
    }

    /// The macro of the standard library that token `i` names.
    fn standard(&self, i: usize, name: &'a str) -> Option<&'a str> {
        let is_path = i > 2 && self.tokens.are(i - 2, &[":", ":"]);
        if is_path {
            return ["std", "core"]
                .contains(&self.tokens.at(i - 3))
                .then_some(name);
        }
        let ours = TEXTS.iter().map(|(name, _)| *name).chain(ASSERTS);
        let renamed = ours
            .clone()
            .find(|of| has_words(self.method.text, &format!("{of} as {name}")));
        let is_own = || has_words(self.method.text, &format!("macro_rules! {name}"));
        renamed.or_else(|| ours.into_iter().find(|of| *of == name && !is_own()))
    }

    /// A condition as the compiler prints it, if that is known here.
    fn printed(&self, condition: &Range<usize>) -> Option<String> {
        let text = &self.tokens.text[self.tokens.bytes(condition.start, condition.end - 1)];
        let parsed = ast::Expr::parse(text, self.method.edition);
        let expression = ast::Expr::cast(parsed.syntax_node())?;
        let is_whole = parsed.errors().is_empty() && !self.method.tree.in_macro;
        printed::condition(&expression).filter(|_| is_whole)
    }

    /// What is asserted, if a call says nothing else: its tokens.
    fn condition(&self, call: &Call<'_>) -> Option<Range<usize>> {
        call.standard.filter(|name| ASSERTS.contains(name))?;
        let (first, mut end) = (call.open + 1, call.close);
        if self.tokens.at(end - 1) == "," {
            end -= 1;
        }
        let is_all = || {
            // A macro's variable stands for an expression.
            let text = &self.tokens.text[self.tokens.bytes(first, end - 1)];
            let parsed = ast::Expr::parse(&text.replace('$', "_"), self.method.edition);
            let is_one = ast::Expr::cast(parsed.syntax_node()).is_some();
            is_one && parsed.errors().is_empty()
                || split_commas(&self.tokens, first, end).len() == 1
        };
        (first < end && is_all()).then_some(first..end)
    }
}

/// The name of the macro that is called at token `i`.
fn called<'a>(tokens: &Tokens<'a>, i: usize) -> Option<&'a str> {
    let is_call = tokens.list[i].kind == SyntaxKind::IDENT
        && tokens.at(i + 1) == "!"
        && ["(", "[", "{"].iter().any(|open| tokens.opens(i + 2, open));
    is_call.then(|| tokens.at(i))
}

/// Whether a text has these words, and not as a part of longer ones.
fn has_words(text: &str, words: &str) -> bool {
    let is_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !is_name(before) && !is_name(after)
    })
}

/// Bytes of the arguments of macros which take them as text and as nothing else: there the receiver keeps its name.
pub fn texts(method: &Method<'_>) -> Vec<Range<usize>> {
    let Some(body) = Body::of(method) else {
        return Vec::new();
    };
    let is_text = |call: &Call<'_>| {
        let mut only = TEXTS.iter().filter(|(_, is_only)| *is_only);
        only.any(|(name, _)| call.standard == Some(name))
    };
    let calls = body.calls().into_iter().filter(is_text);
    calls
        .map(|call| body.bytes(call.open, call.close))
        .collect()
}

/// Edits by which `assert!` tells a condition with the receiver as it was.
pub fn conditions(method: &Method<'_>) -> Vec<Edit> {
    let Some(body) = Body::of(method) else {
        return Vec::new();
    };
    let mut edits = Vec::new();
    let mut is_printed = true;
    for call in body.calls() {
        let Some(condition) = body.condition(&call) else {
            continue;
        };
        let whole = body.bytes(condition.start, condition.end - 1);
        let told = match body.printed(&condition) {
            Some(text) => format!("{text:?}"),
            None => {
                is_printed = false;
                let text = one_line(&method.text[whole.clone()], method.edition);
                format!("{TOLD}!({text})")
            }
        };
        let message = format!(", \"assertion failed: {{}}\", {told}");
        edits.push(Edit::insert(whole.end, message));
    }
    if !is_printed {
        edits.push(Edit::insert(first_byte(&body), definition(method.edition)));
    }
    edits
}

/// Where a statement can be added before all others of a body.
fn first_byte(body: &Body<'_>) -> usize {
    let tokens = &body.tokens;
    let mut open = 0;
    while tokens.are(open + 1, &["#", "!"]) && tokens.opens(open + 3, "[") {
        open = tokens.close(open + 3);
    }
    body.bytes(open, open).end
}

/// What stands for a condition that is not known as the compiler prints it: its text, with what a macro puts into it.
fn definition(edition: Edition) -> String {
    let stringify = match edition {
        Edition::Edition2015 => "stringify",
        _ => "::core::stringify",
    };
    format!(
        " {QUIET} macro_rules! {TOLD} {{ ($__gateless:expr) => {{ {stringify}!($__gateless) }} }}"
    )
}

/// A macro that is called with the receiver, and takes its name as text or looks for it, so that it would see another one.
pub fn seen_by_macro(method: &Method<'_>, reading: &BTreeSet<String>) -> Option<String> {
    let calls = Body::of(method)?.calls().into_iter();
    let mut seen = calls.filter(|call| match call.standard {
        Some(name) => TEXTS.contains(&(name, false)),
        None => reading.contains(call.name),
    });
    seen.next().map(|call| call.name.to_owned())
}

/// Whether `assert!` tells a condition with the receiver which the compiler prints by rules that are not known here, such as those of blocks.
pub fn tells_others(method: &Method<'_>) -> bool {
    let Some(body) = Body::of(method) else {
        return false;
    };
    let conditions = body.calls().into_iter();
    let mut conditions = conditions.filter_map(|call| body.condition(&call));
    conditions.any(|condition| body.printed(&condition).is_none())
}

/// The macros of a crate's files that read their arguments, by name: which take them as text, tell a condition, look for `self`, or hand them on to
/// such macros. With each, whether dependants can call it.
pub fn reading<'a>(files: impl Iterator<Item = &'a Tokens<'a>>) -> BTreeMap<String, bool> {
    let mut definitions = Vec::new();
    for tokens in files.filter(|tokens| tokens.text.contains("macro_rules")) {
        let all = 0..tokens.list.len();
        let here = all.filter(|&i| tokens.are(i, &["macro_rules", "!"]));
        let whole = here.filter(|i| i + 3 < tokens.list.len() && tokens.close(i + 3) > i + 3);
        definitions.extend(whole.map(|i| (tokens, i)));
    }
    let mut reading: BTreeMap<String, bool> = BTreeMap::new();
    loop {
        let known = reading.len();
        for (tokens, i) in &definitions {
            let inside = i + 3..tokens.close(i + 3);
            if inside
                .clone()
                .any(|at| reads(tokens, at, &inside, &reading))
            {
                let name = tokens.at(i + 2).to_owned();
                *reading.entry(name).or_default() |= is_exported(tokens, *i);
            }
        }
        if reading.len() == known {
            return reading;
        }
    }
}

/// Whether the macro whose definition begins at token `i` is `#[macro_export]`.
fn is_exported(tokens: &Tokens<'_>, i: usize) -> bool {
    let before = (0..i).rev();
    let mut attributes = before.take_while(|&k| ![";", "}"].contains(&tokens.at(k)));
    attributes.any(|k| tokens.at(k) == "macro_export")
}

/// Whether a token within a macro's definition reads what the macro is given.
fn reads(
    tokens: &Tokens<'_>,
    at: usize,
    definition: &Range<usize>,
    reading: &BTreeMap<String, bool>,
) -> bool {
    if tokens.at(at) == "self" {
        let is_matcher = |open: usize| tokens.are(tokens.close(open) + 1, &["=", ">"]);
        let mut around = definition.start + 1..at;
        return around.any(|open| tokens.close(open) > at && is_matcher(open));
    }
    let Some(name) = called(tokens, at) else {
        return false;
    };
    let (first, end) = (at + 3, tokens.close(at + 2));
    let is_given = (first..end).any(|i| tokens.at(i) == "$");
    let tells = || ASSERTS.contains(&name) && split_commas(tokens, first, end).len() == 1;
    is_given && (TEXTS.iter().any(|(of, _)| *of == name) || tells() || reading.contains_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading_in(texts: &[&'static str]) -> Vec<String> {
        let tokens = |text: &&'static str| Tokens::new(text, Edition::Edition2021);
        let files: Vec<Tokens<'_>> = texts.iter().map(tokens).collect();
        reading(files.iter()).into_keys().collect()
    }

    #[test]
    fn macros_that_hand_their_arguments_on_to_readers_read_them() {
        let first = "macro_rules! a { ($e:expr) => { b!(1, $e) } } macro_rules! d { ($e:expr) => { assert!($e, \"no\"); stringify!(self) } }";
        let second = "macro_rules! b { ($a:expr, $e:expr) => { c!($e) } } macro_rules! c { ($e:expr) => { core::assert!($e) } }";
        assert_eq!(reading_in(&[first, second]), ["a", "b", "c"]);
    }

    #[test]
    fn only_exported_macros_are_told_to_dependants() {
        let text = "fn f() {} #[macro_export] /// told\n#[doc(hidden)] macro_rules! a { ($e:expr) => { dbg!($e) } } macro_rules! b { ($e:expr) => { dbg!($e) } }";
        let tokens = Tokens::new(text, Edition::Edition2021);
        let found = reading(std::iter::once(&tokens));
        assert!(found["a"] && !found["b"]);
    }

    #[test]
    fn macros_that_look_for_the_token_are_readers_and_those_that_say_it_are_not() {
        let text = "macro_rules! a { (self) => { 1 }; ($e:expr) => { 2 } } macro_rules! b { ($e:expr) => { fn f(self) {} } }";
        assert_eq!(reading_in(&[text]), ["a"]);
    }

    #[test]
    fn words_are_not_parts_of_words() {
        assert!(has_words("use std::assert as check;", "assert as check"));
        assert!(!has_words(
            "use std::debug_assert as check;",
            "assert as check"
        ));
        assert!(!has_words("use std::assert as checks;", "assert as check"));
    }
}
