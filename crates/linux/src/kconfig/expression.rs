//! Kconfig expressions: `A && (!B || C = y)`.

use std::fmt;

/// The values of an option, in Kconfig's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tri {
    /// Off.
    No,
    /// A module.
    Module,
    /// On, or built in.
    Yes,
}

impl Tri {
    /// `n`, `m` or `y`.
    pub fn of(text: &str) -> Option<Self> {
        match text {
            "n" => Some(Self::No),
            "m" => Some(Self::Module),
            "y" => Some(Self::Yes),
            _ => None,
        }
    }

    /// As in .config, with `n` for what is not set.
    pub fn letter(self) -> &'static str {
        match self {
            Self::No => "n",
            Self::Module => "m",
            Self::Yes => "y",
        }
    }
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `y`, `m` or `n`.
    Constant(Tri),
    /// A symbol.
    Symbol(String),
    /// A symbol compared with `y`, `m` or `n`: whether it shall be equal, and to what.
    Equals(String, bool, Tri),
    /// What only Kconfig can tell: other comparisons, strings, macro calls.
    Other(String),
    /// `!A`.
    Not(Box<Expression>),
    /// `A && B`.
    And(Box<Expression>, Box<Expression>),
    /// `A || B`.
    Or(Box<Expression>, Box<Expression>),
}

impl Expression {
    /// Reads `text`; what can't be read is [`Expression::Other`] as a whole.
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader {
            tokens: tokens(text),
            at: 0,
        };
        match reader.any() {
            Some(found) if reader.at == reader.tokens.len() => found,
            _ => Self::Other(text.trim().to_owned()),
        }
    }

    /// What it is certain to be, where `value` knows some symbols; `None` where that is not certain.
    pub fn value(&self, value: &dyn Fn(&str) -> Option<Tri>) -> Option<Tri> {
        match self {
            Self::Constant(tri) => Some(*tri),
            Self::Symbol(name) => value(name),
            Self::Equals(name, equal, tri) => Some(if (value(name)? == *tri) == *equal {
                Tri::Yes
            } else {
                Tri::No
            }),
            Self::Other(_) => None,
            Self::Not(inner) => Some(match inner.value(value)? {
                Tri::No => Tri::Yes,
                Tri::Module => Tri::Module,
                Tri::Yes => Tri::No,
            }),
            Self::And(one, other) => match (one.value(value), other.value(value)) {
                (Some(Tri::No), _) | (_, Some(Tri::No)) => Some(Tri::No),
                (one, other) => Some(one?.min(other?)),
            },
            Self::Or(one, other) => match (one.value(value), other.value(value)) {
                (Some(Tri::Yes), _) | (_, Some(Tri::Yes)) => Some(Tri::Yes),
                (one, other) => Some(one?.max(other?)),
            },
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(tri) => f.write_str(tri.letter()),
            Self::Symbol(name) => f.write_str(name),
            Self::Equals(name, equal, tri) => {
                let sign = if *equal { "=" } else { "!=" };
                write!(f, "{name}{sign}{}", tri.letter())
            }
            Self::Other(text) => f.write_str(text),
            Self::Not(inner) => write!(f, "!{inner}"),
            Self::And(one, other) => write!(f, "({one} && {other})"),
            Self::Or(one, other) => write!(f, "({one} || {other})"),
        }
    }
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
}

impl Reader {
    fn next_is(&mut self, wanted: &str) -> bool {
        let is = self
            .tokens
            .get(self.at)
            .is_some_and(|token| token == wanted);
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
        let left = self.tokens.get(self.at)?.clone();
        if matches!(left.as_str(), ")" | "&&" | "||") {
            return None;
        }
        self.at += 1;
        let operator = self.tokens.get(self.at).cloned().unwrap_or_default();
        if ["=", "!=", "<", ">", "<=", ">="].contains(&operator.as_str()) {
            let right = self.tokens.get(self.at + 1)?.clone();
            self.at += 2;
            return Some(comparison(&left, &operator, &right));
        }
        Some(match Tri::of(unquoted(&left)) {
            Some(tri) => Expression::Constant(tri),
            None if left.starts_with(['$', '"', '\'']) => Expression::Other(left),
            None => Expression::Symbol(left),
        })
    }
}

fn comparison(left: &str, operator: &str, right: &str) -> Expression {
    match (operator, Tri::of(unquoted(right))) {
        ("=" | "!=", Some(tri)) if !left.starts_with(['$', '"', '\'']) => {
            Expression::Equals(left.to_owned(), operator == "=", tri)
        }
        _ => Expression::Other(format!("{left} {operator} {right}")),
    }
}

fn unquoted(token: &str) -> &str {
    token.trim_matches(['"', '\''])
}

fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => break,
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
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
        let (token, after) = rest.split_at(length);
        found.push(token.to_owned());
        rest = after.trim_start();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_comparisons_macros_and_comments_are_read() {
        for (text, wanted) in [
            ("A && !B || C", "((A && !B) || C)"),
            ("(A || B)&&C=y # why", "((A || B) && C=y)"),
            ("A != n", "A!=n"),
            (
                "X < 5 && $(cc-option,-f(a)) && y",
                "((X < 5 && $(cc-option,-f(a))) && y)",
            ),
            ("\"$(ARCH)\" = \"x86\"", "\"$(ARCH)\" = \"x86\""),
            ("A &&", "A &&"),
        ] {
            assert_eq!(Expression::parse(text).to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_leaves_only_what_it_cannot_change() {
        let value = |name: &str| (name == "OFF").then_some(Tri::No);
        for (text, wanted) in [
            ("OFF && UNKNOWN", Some(Tri::No)),
            ("!OFF || UNKNOWN", Some(Tri::Yes)),
            ("UNKNOWN || OFF", None),
            ("OFF = n", Some(Tri::Yes)),
            ("!UNKNOWN && 1 < 2", None),
        ] {
            assert_eq!(Expression::parse(text).value(&value), wanted, "{text}");
        }
    }
}
