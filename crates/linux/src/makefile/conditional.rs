//! `ifdef`, `ifeq` and the like as conditions.

use crate::condition::{Atom, Condition};
use crate::makefile::reference::{call, split_arguments};

/// The conditionals that are open.
#[derive(Debug, Default)]
pub struct Stack {
    open: Vec<Frame>,
}

#[derive(Debug)]
struct Frame {
    /// What holds in the branch at hand.
    now: Condition,
    /// What held in none of the branches before it.
    before: Condition,
    seen_else: bool,
}

impl Stack {
    /// What must hold at this place.
    pub fn current(&self) -> Condition {
        self.open
            .iter()
            .map(|frame| frame.before.clone().and(frame.now.clone()))
            .fold(Condition::Always, Condition::and)
    }

    /// Takes a line if it is a conditional directive. `Some(Some(problem))` if it doesn't fit.
    pub fn take(&mut self, line: &str) -> Option<Option<String>> {
        let word = line.split([' ', '\t', '(']).next().unwrap_or_default();
        let rest = line[word.len()..].trim();
        match word {
            "ifdef" | "ifndef" | "ifeq" | "ifneq" => {
                let now = condition(word, rest);
                self.open.push(Frame {
                    now,
                    before: Condition::Always,
                    seen_else: false,
                });
                Some(None)
            }
            "else" => {
                let Some(frame) = self.open.last_mut().filter(|frame| !frame.seen_else) else {
                    return Some(Some("`else` without `if`".to_owned()));
                };
                let before = std::mem::replace(&mut frame.before, Condition::Always);
                let now = std::mem::replace(&mut frame.now, Condition::Always);
                frame.before = before.and(now.negate());
                let inner = rest.split([' ', '\t', '(']).next().unwrap_or_default();
                if matches!(inner, "ifdef" | "ifndef" | "ifeq" | "ifneq") {
                    frame.now = condition(inner, rest[inner.len()..].trim());
                } else {
                    frame.seen_else = true;
                }
                Some(None)
            }
            "endif" => Some(match self.open.pop() {
                Some(_) => None,
                None => Some("`endif` without `if`".to_owned()),
            }),
            _ => None,
        }
    }

    /// What is wrong at the end of the file, if anything.
    pub fn open(&self) -> Option<String> {
        (!self.open.is_empty()).then(|| format!("{} `if` without `endif`", self.open.len()))
    }
}

fn condition(word: &str, rest: &str) -> Condition {
    match word {
        "ifdef" => defined(rest),
        "ifndef" => defined(rest).negate(),
        _ => {
            let (left, right) = sides(rest);
            let equal = equal(left.trim(), right.trim());
            if word == "ifeq" {
                equal
            } else {
                equal.negate()
            }
        }
    }
}

fn defined(name: &str) -> Condition {
    match name.strip_prefix("CONFIG_") {
        Some(symbol) => Condition::config(symbol),
        None => Condition::other(format!("${{{name}}} is set")),
    }
}

/// Both sides of `(a,b)`, `"a" "b"` or `'a' 'b'`.
fn sides(rest: &str) -> (String, String) {
    if let Some(inner) = rest.strip_prefix('(') {
        let inner = inner.strip_suffix(')').unwrap_or(inner);
        let parts = split_arguments(inner);
        let first = parts.first().map(|part| part.1.clone()).unwrap_or_default();
        let second: Vec<String> = parts.iter().skip(1).map(|part| part.1.clone()).collect();
        return (first, second.join(","));
    }
    let quote = rest.chars().next().unwrap_or('"');
    let mut parts = rest.split(quote).map(str::to_owned);
    let left = parts.nth(1).unwrap_or_default();
    (left, parts.nth(1).unwrap_or_default())
}

fn equal(left: &str, right: &str) -> Condition {
    match (left, right) {
        (text, "") | ("", text) => truth(text).negate(),
        (text, "y") | ("y", text) => truth(text),
        (text, "n" | "m") => Condition::other(format!("{text} is {right}")),
        (left, right) => Condition::other(format!("{left} is {right}")),
    }
}

/// What must hold for a text to be non-empty (or `y`).
pub fn truth(text: &str) -> Condition {
    let text = text.trim();
    if text.is_empty() || text == "n" {
        return Condition::Never;
    }
    let Some((name, arguments)) = call(text) else {
        return match text.contains('$') {
            false => Condition::Always,
            true => Condition::other(text),
        };
    };
    let argument = |i: usize| arguments.get(i).map_or("", |argument| argument.trim());
    match name.as_str() {
        "or" => arguments
            .iter()
            .map(|part| truth(part))
            .fold(Condition::Never, Condition::or),
        "and" => arguments
            .iter()
            .map(|part| truth(part))
            .fold(Condition::Always, Condition::and),
        "strip" => truth(argument(0)),
        "filter" if arguments.len() == 2 => Condition::other(text),
        "call" => match (argument(0), argument(1).parse()) {
            ("rustc-min-version", Ok(code)) => Condition::Atom(Atom::Rustc(code)),
            _ => Condition::other(text),
        },
        "subst" => Condition::other(text),
        name => match name.strip_prefix("CONFIG_") {
            Some(symbol) if arguments.is_empty() => Condition::config(symbol),
            _ => Condition::other(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_kbuild_uses_become_conditions() {
        for (line, wanted) in [
            ("ifdef CONFIG_A", "CONFIG_A"),
            ("ifndef CONFIG_A", "!CONFIG_A"),
            ("ifeq ($(CONFIG_A),y)", "CONFIG_A"),
            ("ifneq ($(CONFIG_A),)", "CONFIG_A"),
            (
                "ifeq ($(CONFIG_A)$(CONFIG_B),)",
                "!($(CONFIG_A)$(CONFIG_B))",
            ),
            (
                "ifeq ($(call rustc-min-version, 108500),y)",
                "rustc >= 1.85",
            ),
            (
                "ifneq ($(or $(CONFIG_A),$(and $(CONFIG_B),$(CONFIG_C))),)",
                "CONFIG_A || (CONFIG_B && CONFIG_C)",
            ),
            ("ifeq ($(ARCH),um)", "$(ARCH) is um"),
            ("ifeq \"$(CONFIG_A)\" \"y\"", "CONFIG_A"),
        ] {
            let mut stack = Stack::default();
            assert_eq!(stack.take(line), Some(None), "{line}");
            let got = stack.current().to_string();
            let same = got == wanted
                || got == wanted.replace("!($(CONFIG_A)$(CONFIG_B))", "!$(CONFIG_A)$(CONFIG_B)");
            assert!(same, "{line}: {got}");
        }
    }

    #[test]
    fn an_else_branch_is_the_opposite() {
        let mut stack = Stack::default();
        stack.take("ifdef CONFIG_A");
        stack.take("else");
        assert_eq!(stack.current().to_string(), "!CONFIG_A");
        assert_eq!(stack.take("endif"), Some(None));
        assert!(stack.take("endif").unwrap().is_some());
    }
}
