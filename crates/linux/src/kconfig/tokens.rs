//! The words of a Kconfig line, and expressions made of them.

use super::expression::{Comparison, Expression, Operand, Tri};

/// Splits `VALUE if CONDITION` at its `if`; the condition is `None` where there is none.
pub(super) fn split_if(text: &str) -> (&str, Option<Expression>) {
    let tokens = tokens(text);
    match tokens.iter().find(|token| token.text == "if") {
        Some(at) => {
            let condition = &text[at.start + "if".len()..];
            (text[..at.start].trim(), Some(Expression::parse(condition)))
        }
        None => (text.trim(), None),
    }
}

/// The text without its comment: a `#` in a string or in a macro call begins none.
pub(super) fn without_comment(text: &str) -> &str {
    let end = tokens(text).last().map_or(0, Token::end);
    text[..end].trim()
}

/// What a quoted word holds; another word as it is.
pub(super) fn unquoted(word: &str) -> &str {
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let inner = word.strip_prefix(quote)?;
        Some(inner.strip_suffix(quote).unwrap_or(inner))
    });
    quoted.unwrap_or(word)
}

/// Bytes of the quoted word that `text` begins with, quotes included.
pub(super) fn quoted_length(text: &str) -> usize {
    let quote = text.chars().next();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if Some(c) == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[derive(Debug)]
struct Token<'a> {
    text: &'a str,
    start: usize,
}

impl Token<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut start = text.len() - text.trim_start().len();
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let length = match first {
            '#' => break,
            '"' | '\'' => quoted_length(rest),
            '$' => macro_length(rest),
            '(' | ')' => 1,
            '&' | '|' | '=' | '<' | '>' | '!' => match rest.get(..2) {
                Some("&&" | "||" | "!=" | "<=" | ">=") => 2,
                _ => 1,
            },
            _ => rest
                .find(|c: char| c.is_whitespace() || "()&|=<>!\"'$#".contains(c))
                .unwrap_or(rest.len()),
        };
        found.push(Token {
            text: &rest[..length],
            start,
        });
        let after = &rest[length..];
        start += length + (after.len() - after.trim_start().len());
    }
    found
}

/// Bytes of `$(...)` with the parentheses in it.
fn macro_length(rest: &str) -> usize {
    let mut depth = 0usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return at + 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    rest.len()
}

impl Expression {
    /// Reads `text`; what can't be read is [`Expression::Unreadable`] as a whole.
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader {
            tokens: tokens(text),
            at: 0,
        };
        match reader.any() {
            Some(found) if reader.at == reader.tokens.len() => found,
            _ => Self::Unreadable(text.trim().to_owned()),
        }
    }
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| token.text)
    }

    fn next_is(&mut self, wanted: &str) -> bool {
        let is = self.peek() == Some(wanted);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Option<Expression> {
        let mut found = self.all()?;
        while self.next_is("||") {
            found = Expression::Or(Box::new(found), Box::new(self.all()?));
        }
        Some(found)
    }

    fn all(&mut self) -> Option<Expression> {
        let mut found = self.one()?;
        while self.next_is("&&") {
            found = Expression::And(Box::new(found), Box::new(self.one()?));
        }
        Some(found)
    }

    fn one(&mut self) -> Option<Expression> {
        if self.next_is("!") {
            return Some(Expression::Not(Box::new(self.one()?)));
        }
        if self.next_is("(") {
            let found = self.any()?;
            return self.next_is(")").then_some(found);
        }
        let left = self.operand()?;
        if let Some(comparison) = self.peek().and_then(Comparison::of) {
            self.at += 1;
            return Some(Expression::Compare(left, comparison, self.operand()?));
        }
        Some(match left {
            Operand::Symbol(name) => Expression::Symbol(name),
            Operand::Macro(text) => Expression::Macro(text),
            Operand::Text(text) => match Tri::of(&text) {
                Some(tri) => Expression::Constant(tri),
                None => Expression::Text(text),
            },
        })
    }

    fn operand(&mut self) -> Option<Operand> {
        let word = self.peek()?;
        let is_operator = matches!(word, "(" | ")" | "&&" | "||" | "!" | "&" | "|");
        if is_operator || Comparison::of(word).is_some() {
            return None;
        }
        self.at += 1;
        let text = unquoted(word);
        Some(if word.contains("$(") || word.starts_with('$') {
            Operand::Macro(word.to_owned())
        } else if text.len() < word.len() || Tri::of(word).is_some() || is_number(word) {
            Operand::Text(text.to_owned())
        } else {
            Operand::Symbol(word.to_owned())
        })
    }
}

/// Whether a word is a number; `64BIT` is a symbol.
fn is_number(word: &str) -> bool {
    super::expression::number(word).is_some()
}
