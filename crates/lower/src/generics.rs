//! Generic parameter lists as source text, repetitions of macro bodies (`$(, $x)*`) included.

use ra_ap_syntax::Edition;

use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{Tokens, one_line};

/// What a parameter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `'a`
    Lifetime,
    /// `T`
    Type,
    /// `const N: usize`, with the type.
    Const(String),
    /// A repetition of parameters in a macro body, with its operator (`*`, `+`, `?`).
    Repeated(Vec<Param>, char),
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// What it is.
    pub kind: Kind,
    /// Its name; for a repetition, the repetition of the names.
    pub name: String,
    /// As declared, without its default and its attributes but `cfg`.
    pub declared: String,
    /// Whether it is marked `#[pointee]`.
    pub is_pointee: bool,
}

impl Param {
    /// A lifetime without bounds.
    pub fn lifetime(name: &str) -> Self {
        Self {
            kind: Kind::Lifetime,
            name: name.to_owned(),
            declared: name.to_owned(),
            is_pointee: false,
        }
    }

    /// A type parameter with its declaration.
    pub fn ty(name: &str, declared: String) -> Self {
        Self {
            kind: Kind::Type,
            name: name.to_owned(),
            declared,
            is_pointee: false,
        }
    }

    /// Whether it is a lifetime.
    pub fn is_lifetime(&self) -> bool {
        self.kind == Kind::Lifetime
    }
}

/// Reads a list with its angle brackets. The edits are of the text that `list` was taken from, `base` is where it starts there.
pub fn parse(list: &str, base: usize, edits: &[Edit], edition: Edition) -> Vec<Param> {
    let tokens = Tokens::new(list, edition);
    let last = tokens.list.len().saturating_sub(1);
    parts(&tokens, 1, last)
        .into_iter()
        .filter_map(|(first, end)| param(&tokens, first, end, base, edits, edition))
        .collect()
}

/// Splits at commas outside of brackets of all kinds. A repetition is a part of its own.
fn parts(tokens: &Tokens<'_>, first: usize, end: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let (mut start, mut i, mut angles) = (first, first, 0);
    while i < end {
        // Within a parameter (`T: A $(+ $b)*`) it is a part of that, unless it brings its own comma.
        let repetition = tokens.at(i) == "$"
            && tokens.opens(i + 1, "(")
            && angles == 0
            && (start == i || tokens.at(i + 2) == ",");
        if repetition || (tokens.at(i) == "," && angles == 0) {
            if start < i {
                parts.push((start, i));
            }
            if repetition {
                let stop = after_repetition(tokens, i, end);
                parts.push((i, stop));
                (start, i) = (stop, stop);
                continue;
            }
            start = i + 1;
        }
        match tokens.at(i) {
            "<" => angles += 1,
            ">" if i == 0 || tokens.at(i - 1) != "-" => angles -= 1,
            _ => {}
        }
        i = tokens.close(i).max(i) + 1;
    }
    if start < end {
        parts.push((start, end));
    }
    parts
}

/// Token after a repetition that starts with `$` at `i`.
fn after_repetition(tokens: &Tokens<'_>, i: usize, end: usize) -> usize {
    let close = tokens.close(i + 1);
    let operator = |i: usize| i < end && ["*", "+", "?"].contains(&tokens.at(i));
    if operator(close + 1) {
        close + 2
    } else if operator(close + 2) {
        close + 3
    } else {
        close + 1
    }
}

fn param(
    tokens: &Tokens<'_>,
    mut first: usize,
    end: usize,
    base: usize,
    edits: &[Edit],
    edition: Edition,
) -> Option<Param> {
    if tokens.at(first) == "$" && tokens.opens(first + 1, "(") {
        let close = tokens.close(first + 1);
        let inner: Vec<Param> = parts(tokens, first + 2, close)
            .into_iter()
            .filter_map(|(a, b)| param(tokens, a, b, base, edits, edition))
            .collect();
        let before = if tokens.at(first + 2) == "," {
            ", "
        } else {
            ""
        };
        let after = if tokens.at(close - 1) == "," { "," } else { "" };
        let tail = &tokens.text[tokens.bytes(close, end - 1)][1..];
        let names: Vec<&str> = inner.iter().map(|param| param.name.as_str()).collect();
        let declared: Vec<&str> = inner.iter().map(|param| param.declared.as_str()).collect();
        let repeat = |items: Vec<&str>| format!("$({before}{}{after}){tail}", items.join(", "));
        let (name, declared) = (repeat(names), repeat(declared));
        let operator = tail.chars().last().unwrap_or('*');
        return Some(Param {
            kind: Kind::Repeated(inner, operator),
            name,
            declared,
            is_pointee: false,
        });
    }
    let (mut is_pointee, mut conditions) = (false, String::new());
    while tokens.at(first) == "#" && tokens.opens(first + 1, "[") {
        let close = tokens.close(first + 1);
        match tokens.at(first + 2) {
            "pointee" => is_pointee = true,
            "cfg" => conditions.push_str(&tokens.text[tokens.bytes(first, close)]),
            _ => {}
        }
        first = close + 1;
    }
    if first >= end {
        return None;
    }
    let (mut i, mut angles, mut stop) = (first, 0, end);
    while i < end {
        match tokens.at(i) {
            "<" => angles += 1,
            ">" if tokens.at(i - 1) != "-" => angles -= 1,
            "=" if angles == 0 => {
                stop = i;
                break;
            }
            _ => {}
        }
        i = tokens.close(i).max(i) + 1;
    }
    let is_const = tokens.at(first) == "const";
    let name_at = if is_const { first + 1 } else { first };
    let name_end = if tokens.at(name_at) == "$" {
        name_at + 1
    } else {
        name_at
    };
    let name = tokens.text[tokens.bytes(name_at, name_end)].to_owned();
    let kind = if is_const {
        Kind::Const(tokens.text[tokens.bytes((name_end + 2).min(stop - 1), stop - 1)].to_owned())
    } else if name.starts_with('\'') {
        Kind::Lifetime
    } else {
        Kind::Type
    };
    let range = tokens.bytes(first, stop - 1);
    let declared = conditions + &one_line(&apply(tokens.text, range, base, edits), edition);
    Some(Param {
        kind,
        name,
        declared,
        is_pointee,
    })
}

fn apply(text: &str, range: std::ops::Range<usize>, base: usize, edits: &[Edit]) -> String {
    let mut inside: Vec<&Edit> = edits
        .iter()
        .filter(|edit| edit.range.start >= base + range.start && edit.range.end <= base + range.end)
        .collect();
    inside.sort_by_key(|edit| edit.range.start);
    let mut copy = String::new();
    let mut done = range.start;
    for edit in inside {
        copy.push_str(&text[done..edit.range.start - base]);
        copy.push_str(&edit.text);
        done = edit.range.end - base;
    }
    copy.push_str(&text[done..range.end]);
    copy
}

/// `<..>` with the declarations, or nothing.
pub fn declared(params: &[Param]) -> String {
    list(params.iter().map(|param| param.declared.as_str()))
}

/// `<..>` with the names, or nothing.
pub fn named(params: &[Param]) -> String {
    list(params.iter().map(|param| param.name.as_str()))
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for item in items {
        if !(text.is_empty()
            || item.starts_with("$(,")
            || text.ends_with(",)*")
            || text.ends_with(",)?"))
        {
            text.push_str(", ");
        }
        text.push_str(item);
    }
    if text.is_empty() {
        text
    } else {
        format!("<{text}>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(list: &str) -> (String, String) {
        let params = parse(list, 0, &[], Edition::Edition2021);
        (declared(&params), named(&params))
    }

    #[test]
    fn defaults_and_attributes_are_left_out() {
        let list = "<'a: 'static, #[pointee] T: Fn(u8) -> Vec<u8> + ?Sized + 'a = str, const N: usize = { 1 + 2 }>";
        assert_eq!(
            both(list),
            (
                "<'a: 'static, T: Fn(u8) -> Vec<u8> + ?Sized + 'a, const N: usize>".into(),
                "<'a, T, N>".into()
            )
        );
        assert!(parse(list, 0, &[], Edition::Edition2021)[1].is_pointee);
    }

    #[test]
    fn repetitions_of_macro_bodies_stay_repetitions() {
        assert_eq!(
            both("<$t: ?Sized $(, $g: $b)*>"),
            ("<$t: ?Sized$(, $g: $b)*>".into(), "<$t$(, $g)*>".into())
        );
        assert_eq!(
            both("<$t: ?Sized $(+ $b)?, U>"),
            ("<$t: ?Sized $(+ $b)?, U>".into(), "<$t, U>".into())
        );
        assert_eq!(
            both("<$($g = $d),*>"),
            ("<$($g),*>".into(), "<$($g),*>".into())
        );
    }
}
