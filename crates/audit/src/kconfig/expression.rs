//! Kconfig expressions as conditions.

use gateless_linux::condition::{Atom, Condition};

/// Reads `A && (!B || C >= 3)`. What it can't read becomes [`Atom::Other`].
pub fn expression(text: &str) -> Condition {
    let tokens = tokens(text);
    let mut reader = Reader { tokens, at: 0 };
    let found = reader.any();
    if reader.at < reader.tokens.len() {
        return Condition::other(text.trim());
    }
    found
}

fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let rest = &text[i..];
        let length = match bytes[i] {
            b' ' | b'\t' => {
                i += 1;
                continue;
            }
            b'"' | b'\'' => rest[1..]
                .find(bytes[i] as char)
                .map_or(rest.len(), |end| end + 2),
            b'$' => reference_length(rest),
            b'(' | b')' => 1,
            b'&' | b'|' | b'=' | b'<' | b'>' | b'!' => {
                let two = rest.get(..2).unwrap_or_default();
                if ["&&", "||", "!=", "<=", ">="].contains(&two) {
                    2
                } else {
                    1
                }
            }
            _ => rest
                .find(|c: char| " \t()&|=<>!\"'$".contains(c))
                .unwrap_or(rest.len())
                .max(1),
        };
        let mut end = i + length;
        while !text.is_char_boundary(end) {
            end += 1;
        }
        found.push(text[i..end].to_owned());
        i = end;
    }
    found
}

fn reference_length(rest: &str) -> usize {
    let mut depth = 0usize;
    for (i, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    rest.len()
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
}

impl Reader {
    fn next_is(&mut self, wanted: &str) -> bool {
        let is = self.tokens.get(self.at).is_some_and(|t| t == wanted);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Condition {
        let mut found = self.all();
        while self.next_is("||") {
            found = found.or(self.all());
        }
        found
    }

    fn all(&mut self) -> Condition {
        let mut found = self.one();
        while self.next_is("&&") {
            found = found.and(self.one());
        }
        found
    }

    fn one(&mut self) -> Condition {
        if self.next_is("!") {
            return self.one().negate();
        }
        if self.next_is("(") {
            let found = self.any();
            self.next_is(")");
            return found;
        }
        let Some(left) = self.tokens.get(self.at).cloned() else {
            return Condition::other("");
        };
        self.at += 1;
        let operator = self.tokens.get(self.at).cloned().unwrap_or_default();
        if ["=", "!=", "<", ">", "<=", ">="].contains(&operator.as_str()) {
            let right = self.tokens.get(self.at + 1).cloned().unwrap_or_default();
            self.at += 2;
            return comparison(&left, &operator, &right);
        }
        match left.as_str() {
            "y" | "m" => Condition::Always,
            "n" => Condition::Never,
            name if name.starts_with(['$', '"', '\'']) => Condition::other(name),
            name => Condition::config(name),
        }
    }
}

fn comparison(left: &str, operator: &str, right: &str) -> Condition {
    let number: Option<u32> = right.parse().ok();
    match (left, operator, number) {
        ("RUSTC_VERSION", ">=", Some(code)) => Condition::Atom(Atom::Rustc(code)),
        ("RUSTC_VERSION", ">", Some(code)) => Condition::Atom(Atom::Rustc(code + 1)),
        ("RUSTC_VERSION", "<", Some(code)) => Condition::Atom(Atom::Rustc(code)).negate(),
        ("RUSTC_VERSION", "<=", Some(code)) => Condition::Atom(Atom::Rustc(code + 1)).negate(),
        (name, "=", _) if matches!(right, "y" | "m") => Condition::config(name),
        (name, "=", _) if right == "n" => Condition::config(name).negate(),
        (name, "!=", _) if right == "n" => Condition::config(name),
        _ => Condition::other(format!("{left} {operator} {right}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_comparisons_and_macros_are_read() {
        for (text, wanted) in [
            ("A && !B || C", "(CONFIG_A && !CONFIG_B) || CONFIG_C"),
            ("(A || B) && C", "(CONFIG_A || CONFIG_B) && CONFIG_C"),
            ("RUSTC_VERSION < 108800", "rustc < 1.88"),
            (
                "$(rustc-option,-Zx=(a)) && A=y",
                "$(rustc-option,-Zx=(a)) && CONFIG_A",
            ),
            ("GCC_VERSION >= 50000", "GCC_VERSION >= 50000"),
            ("y", "always"),
        ] {
            assert_eq!(expression(text).to_string(), wanted, "{text}");
        }
    }
}
