//! One Rust file.

use gateless_linux::condition::{Atom, Condition};
use gateless_rust_text::tokens::{Tokens, line_of};
use ra_ap_syntax::{Edition, SourceFile};

use crate::finding::{Finding, Place, Problem, Role, Sign};
use crate::rust::conditions::{Regions, one_line};
use crate::rust::modules::Child;
use crate::rust::{attributes, examples, modules, receivers, strings};
use crate::signs::Signs;

/// What a file holds.
#[derive(Debug, Default)]
pub struct RustFile {
    /// Places, with the conditions that the file itself names.
    pub findings: Vec<Finding>,
    /// Places that count only if the tree opens a feature somewhere: the feature, and the place.
    pub dependent: Vec<(String, Finding)>,
    /// Files it brings in.
    pub children: Vec<Child>,
    /// Syntax errors.
    pub problems: Vec<Problem>,
}

/// Longest text that is shown of a place.
const SHOWN: usize = 160;

/// Reads a file. `check` says whether what the parser refuses is a problem (not for files that go through the C preprocessor first).
pub fn scan(text: &str, file: &str, check: bool) -> RustFile {
    let mut made = RustFile::default();
    let edition = Edition::Edition2021;
    if check {
        made.problems = syntax_problems(text, file, edition);
    }
    let tokens = Tokens::new(text, edition);
    let regions = code(
        &tokens,
        &mut made,
        &|offset| line_of(text, offset),
        file,
        Place::Build,
    );
    made.children = modules::scan(&tokens, file, &regions);
    for example in examples::scan(text) {
        let tokens = Tokens::new(&example.code, edition);
        let line = |offset: usize| {
            let index = line_of(&example.code, offset) - 1;
            example.lines.get(index).copied().unwrap_or_default()
        };
        code(&tokens, &mut made, &line, file, Place::Doctest);
    }
    made
}

fn syntax_problems(text: &str, file: &str, edition: Edition) -> Vec<Problem> {
    let parsed = SourceFile::parse(text, edition);
    let errors = parsed.errors();
    let more = errors.len().saturating_sub(1);
    errors
        .first()
        .map(|error| Problem {
            file: file.to_owned(),
            line: line_of(text, usize::from(error.range().start()).min(text.len())),
            what: match more {
                0 => format!("syntax error: {error}"),
                more => format!("syntax error: {error} (and {more} more)"),
            },
        })
        .into_iter()
        .collect()
}

/// Everything in the tokens of one text; returns the conditions found in it.
fn code(
    tokens: &Tokens<'_>,
    made: &mut RustFile,
    line: &dyn Fn(usize) -> usize,
    file: &str,
    place: Place,
) -> Regions {
    let mut regions = Regions::default();
    let attributes = attributes::scan(tokens, &mut regions);
    let add = |sign: Sign, role: Role, token: usize, shown: (usize, usize), more: Condition| {
        let text = one_line(&tokens.text[tokens.bytes(shown.0, shown.1)]);
        let mut end = text.len().min(SHOWN);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Finding {
            sign,
            file: file.to_owned(),
            line: line(tokens.list[token].range.start),
            text: text[..end].to_owned(),
            role,
            condition: regions.at(token).and(more).and(expansion(tokens, token)),
            place: place.clone(),
        }
    };
    for found in attributes {
        made.findings.push(add(
            Sign::Feature(found.feature),
            found.role,
            found.token,
            found.shown,
            found.condition,
        ));
    }
    for found in receivers::scan(tokens) {
        let sign = Sign::Feature(found.feature.to_owned());
        made.findings.push(add(
            sign,
            Role::Uses,
            found.first,
            (found.first, found.last),
            Condition::Always,
        ));
    }
    for found in strings::scan(tokens) {
        let shown = (found.token, found.token);
        made.findings.push(add(
            found.sign,
            found.role,
            found.token,
            shown,
            Condition::Always,
        ));
    }
    for (feature, first, last, only_with) in sequences(tokens) {
        let sign = Sign::Feature(feature.to_owned());
        let finding = add(sign, Role::Uses, first, (first, last), Condition::Always);
        match only_with {
            Some(other) => made.dependent.push((other.to_owned(), finding)),
            None => made.findings.push(finding),
        }
    }
    regions
}

/// Macros whose arguments are source text for somewhere else.
const QUOTES: [&str; 4] = [
    "quote",
    "quote_spanned",
    "parse_quote",
    "parse_quote_spanned",
];

/// What is in the body of a macro definition, or in `quote!`, counts where the macro is used.
fn expansion(tokens: &Tokens<'_>, i: usize) -> Condition {
    let is_body = |open: usize| {
        tokens.close(open) > i
            && (QUOTES.contains(&tokens.at(open.wrapping_sub(2))) && tokens.at(open - 1) == "!"
                || tokens.are(open.wrapping_sub(3), &["macro_rules", "!"]))
    };
    match (2..i).any(is_body) {
        true => Condition::Atom(Atom::Expanded),
        false => Condition::Always,
    }
}

/// Token sequences of the table: feature, first and last token, and the feature without which they mean nothing.
fn sequences<'s>(tokens: &Tokens<'_>) -> Vec<(&'s str, usize, usize, Option<&'s str>)> {
    let signs: &'s [_] = &Signs::get().tokens;
    let mut found = Vec::new();
    for i in 0..tokens.list.len() {
        let here = tokens.at(i);
        for sign in signs {
            // `::` is two tokens here.
            let first = &sign.tokens[0];
            if here != first && !(first == "::" && here == ":") {
                continue;
            }
            let Some(last) = matches(tokens, i, &sign.tokens) else {
                continue;
            };
            let inside = sign.within.is_empty() || within(tokens, i, &sign.within);
            if inside {
                found.push((sign.feature.as_str(), i, last, sign.only_with.as_deref()));
            }
        }
    }
    found
}

fn matches(tokens: &Tokens<'_>, start: usize, wanted: &[String]) -> Option<usize> {
    let mut i = start;
    for word in wanted {
        if word == "::" {
            if !tokens.are(i, &[":", ":"]) {
                return None;
            }
            i += 2;
        } else {
            if tokens.at(i) != word {
                return None;
            }
            i += 1;
        }
    }
    Some(i - 1)
}

/// Whether token `i` stands in the arguments of a call of one of the macros.
fn within(tokens: &Tokens<'_>, i: usize, macros: &[String]) -> bool {
    (2..i).rev().any(|open| {
        tokens.close(open) > i
            && tokens.at(open - 1) == "!"
            && macros.iter().any(|name| name == tokens.at(open - 2))
    })
}
