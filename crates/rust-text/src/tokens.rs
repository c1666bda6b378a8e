//! The tokens of a file without comments and white space, the same inside and outside of macros.

use std::ops::Range;

use ra_ap_parser::{LexedStr, SyntaxKind};
use ra_ap_syntax::Edition;

/// One token. Punctuation is one character each, also where Rust glues it.
#[derive(Debug, Clone)]
pub struct Token {
    /// What the lexer says it is.
    pub kind: SyntaxKind,
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// For an opening bracket, the index of its closing one; else the token's own index.
    pub close: usize,
}

/// All tokens of a text.
pub struct Tokens<'a> {
    /// The text.
    pub text: &'a str,
    /// Its tokens in order.
    pub list: Vec<Token>,
}

impl<'a> Tokens<'a> {
    /// Splits `text`. Brackets without a partner are their own partner.
    pub fn new(text: &'a str, edition: Edition) -> Self {
        let lexed = LexedStr::new(edition, text);
        let mut list: Vec<Token> = Vec::with_capacity(lexed.len() / 2);
        let mut open: Vec<usize> = Vec::new();
        for i in 0..lexed.len() {
            let kind = lexed.kind(i);
            if kind.is_trivia() || kind == SyntaxKind::SHEBANG {
                continue;
            }
            let index = list.len();
            match kind {
                SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY => open.push(index),
                SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY => {
                    if let Some(start) = open.pop() {
                        list[start].close = index;
                    }
                }
                _ => {}
            }
            list.push(Token {
                kind,
                range: lexed.text_range(i),
                close: index,
            });
        }
        Self { text, list }
    }

    /// Text of token `i`, or the empty text past the end.
    pub fn at(&self, i: usize) -> &'a str {
        self.list
            .get(i)
            .map_or("", |token| &self.text[token.range.clone()])
    }

    /// Whether token `i` opens a group with `bracket` that is closed.
    pub fn opens(&self, i: usize, bracket: &str) -> bool {
        self.at(i) == bracket && self.list[i].close > i
    }

    /// Whether the tokens from `i` on are these.
    pub fn are(&self, i: usize, texts: &[&str]) -> bool {
        texts
            .iter()
            .enumerate()
            .all(|(n, text)| self.at(i + n) == *text)
    }

    /// The closing bracket of the group that `i` opens.
    pub fn close(&self, i: usize) -> usize {
        self.list[i].close
    }

    /// Bytes from the start of token `first` to the end of token `last`.
    pub fn bytes(&self, first: usize, last: usize) -> Range<usize> {
        self.list[first].range.start..self.list[last].range.end
    }

    /// The value of a string literal without escapes that need more than a look, or nothing.
    pub fn string(&self, i: usize) -> Option<String> {
        if self.list.get(i)?.kind != SyntaxKind::STRING {
            return None;
        }
        let text = self.at(i);
        if let Some(raw) = text.strip_prefix('r') {
            let raw = raw.trim_matches('#');
            return Some(raw.strip_prefix('"')?.strip_suffix('"')?.to_owned());
        }
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        let mut value = String::new();
        let mut good = true;
        ra_ap_syntax::unescape::unescape_str(inner, |_, part| match part {
            Ok(c) => value.push(c),
            Err(error) => good &= !error.is_fatal(),
        });
        good.then_some(value)
    }
}

/// `edition` as the parser has it; unknown ones are read as the newest.
pub fn edition(edition: &str) -> Edition {
    match edition {
        "2015" => Edition::Edition2015,
        "2018" => Edition::Edition2018,
        "2021" => Edition::Edition2021,
        _ => Edition::Edition2024,
    }
}

/// Source text on one line and without comments.
pub fn one_line(text: &str, edition: Edition) -> String {
    if !text.contains('\n') && !text.contains("//") && !text.contains("/*") {
        return text.to_owned();
    }
    let tokens = Tokens::new(text, edition);
    let mut line = String::with_capacity(text.len());
    let mut end = 0;
    for token in &tokens.list {
        if token.range.start > end {
            line.push(' ');
        }
        line.push_str(&text[token.range.clone()].replace('\n', "\\n"));
        end = token.range.end;
    }
    line
}

/// Line of a byte offset, starting at 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset]
        .iter()
        .filter(|&&b| b == b'\n')
        .count()
}
