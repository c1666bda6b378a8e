//! `cfg` predicates as conditions, and the tokens they are about.

use gateless_linux::condition::{Atom, Condition};
use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::tokens::Tokens;

/// The predicate between two tokens.
pub fn predicate(tokens: &Tokens<'_>, first: usize, end: usize) -> Condition {
    let name = tokens.at(first);
    if first + 1 < end && tokens.opens(first + 1, "(") {
        let parts = split_commas(tokens, first + 2, tokens.close(first + 1));
        let mut conditions = parts.iter().map(|part| predicate(tokens, part.0, part.1));
        return match name {
            "not" => conditions.next().unwrap_or(Condition::Never).negate(),
            "all" => conditions.fold(Condition::Always, Condition::and),
            "any" => conditions.fold(Condition::Never, Condition::or),
            _ => Condition::other(one_line(&tokens.text[tokens.bytes(first, end - 1)])),
        };
    }
    match (name, tokens.at(first + 1)) {
        ("true", _) => Condition::Always,
        ("false", _) => Condition::Never,
        (name, "=") if first + 2 < end => {
            let value = tokens.string(first + 2).unwrap_or_default();
            match name.strip_prefix("CONFIG_") {
                Some(symbol) => Condition::config(symbol),
                None => Condition::Atom(Atom::Cfg(format!("{name}=\"{value}\""))),
            }
        }
        (name, _) => match name.strip_prefix("CONFIG_") {
            Some(symbol) => Condition::config(symbol),
            None => Condition::Atom(Atom::Cfg(name.to_owned())),
        },
    }
}

/// Ranges of tokens that hold only under a condition.
#[derive(Debug, Default)]
pub struct Regions {
    list: Vec<(usize, usize, Condition)>,
}

impl Regions {
    /// The condition of token `i`.
    pub fn at(&self, i: usize) -> Condition {
        self.list
            .iter()
            .filter(|(first, end, _)| (*first..*end).contains(&i))
            .map(|(_, _, condition)| condition.clone())
            .fold(Condition::Always, Condition::and)
    }

    /// Adds what the attribute at `hash` (its bracket at `open`) is about.
    pub fn add(&mut self, tokens: &Tokens<'_>, hash: usize, open: usize, condition: Condition) {
        let close = tokens.close(open);
        if open == hash + 2 {
            let (first, end) = enclosing(tokens, hash);
            self.list.push((first, end, condition));
        } else {
            self.list
                .push((hash, item_end(tokens, close + 1), condition));
        }
    }
}

/// The innermost group around a token, or the whole file.
fn enclosing(tokens: &Tokens<'_>, i: usize) -> (usize, usize) {
    (0..i)
        .rev()
        .find(|&open| tokens.close(open) > i)
        .map_or((0, tokens.list.len()), |open| (open, tokens.close(open)))
}

/// The token after the item (statement, field, arm) that starts at `i`.
fn item_end(tokens: &Tokens<'_>, mut i: usize) -> usize {
    let mut angle = 0i32;
    while i < tokens.list.len() {
        match tokens.at(i) {
            "#" => {
                let open = i + if tokens.at(i + 1) == "!" { 2 } else { 1 };
                if tokens.opens(open, "[") {
                    i = tokens.close(open) + 1;
                    continue;
                }
            }
            "<" => angle += 1,
            ">" if !matches!(tokens.at(i.wrapping_sub(1)), "-" | "=") => angle = (angle - 1).max(0),
            ";" => return i + 1,
            "," if angle == 0 => return i + 1,
            "{" if tokens.close(i) > i => return tokens.close(i) + 1,
            "}" | ")" | "]" => return i,
            _ => {}
        }
        i = tokens.close(i).max(i) + 1;
    }
    tokens.list.len()
}

/// Text without line ends and doubled blanks.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
