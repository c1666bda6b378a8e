//! Receivers that need `arbitrary_self_types`: `self: P` where `P` is no pointer that the language itself allows.
//!
//! A raw pointer on the way to `Self` needs `arbitrary_self_types_pointers` as well, a gate of its own.
//!
//! Stable are `Self`, references, `Pin` of what is allowed, and the standard library's `Box`, `Rc` and `Arc` (Rust reference, "Associated functions").

use std::collections::BTreeSet;

use gateless_rust_text::tokens::Tokens;

/// A receiver that needs a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The feature.
    pub feature: &'static str,
    /// First token of `self: TYPE`.
    pub first: usize,
    /// Last token.
    pub last: usize,
}

/// The receivers `self: TYPE` whose type needs a gate.
pub fn scan(tokens: &Tokens<'_>) -> Vec<Found> {
    let std = standard_pointers(tokens);
    let mut found = Vec::new();
    for i in 0..tokens.list.len() {
        if tokens.at(i) != "self" || tokens.at(i + 1) != ":" || tokens.at(i + 2) == ":" {
            continue;
        }
        if !is_parameter(tokens, i) {
            continue;
        }
        let end = type_end(tokens, i + 2);
        let own = own_type(tokens, i);
        if end == i + 2 || allowed(tokens, i + 2, end, &std, own.as_deref()) {
            continue;
        }
        let feature = if has_raw_pointer(tokens, i + 2, end) {
            "arbitrary_self_types_pointers"
        } else {
            "arbitrary_self_types"
        };
        found.push(Found {
            feature,
            first: i,
            last: end - 1,
        });
    }
    found
}

/// Whether `self` at `i` is the first parameter of a function.
fn is_parameter(tokens: &Tokens<'_>, i: usize) -> bool {
    let mut open = i.wrapping_sub(1);
    if tokens.at(open) == "mut" {
        open = open.wrapping_sub(1);
    }
    while tokens.at(open) == "]" {
        // Attributes of the parameter.
        let Some(start) = (0..open).rev().find(|&o| tokens.close(o) == open) else {
            return false;
        };
        open = start.wrapping_sub(2);
    }
    if tokens.at(open) != "(" {
        return false;
    }
    (open.saturating_sub(80)..open)
        .rev()
        .take_while(|&j| !matches!(tokens.at(j), ";" | "{" | "}"))
        .any(|j| tokens.at(j) == "fn")
}

/// Whether a raw pointer is among the types from `first` to `end`. No other type has a `*` in it.
fn has_raw_pointer(tokens: &Tokens<'_>, first: usize, end: usize) -> bool {
    (first..end).any(|i| tokens.at(i) == "*" && matches!(tokens.at(i + 1), "const" | "mut"))
}

fn type_end(tokens: &Tokens<'_>, first: usize) -> usize {
    let mut angle = 0i32;
    let mut i = first;
    while i < tokens.list.len() {
        match tokens.at(i) {
            "<" => angle += 1,
            ">" if tokens.at(i - 1) != "-" => angle -= 1,
            "," if angle <= 0 => break,
            ")" | "]" | "}" => break,
            _ => {}
        }
        i = tokens.close(i).max(i) + 1;
    }
    i
}

fn allowed(
    tokens: &Tokens<'_>,
    mut first: usize,
    end: usize,
    std: &BTreeSet<String>,
    own: Option<&str>,
) -> bool {
    loop {
        match tokens.at(first) {
            "&" => first += 1,
            "mut" => first += 1,
            lifetime if lifetime.starts_with('\'') => first += 1,
            // An interpolated lifetime (`& #lt Self`).
            _ => break,
        }
    }
    if tokens.at(first) == "*" {
        return false;
    }
    if matches!(tokens.at(first), "#" | "$") && tokens.at(first + 1) != "crate" {
        // A type that only the macro's caller knows.
        return true;
    }
    // The path up to its generic arguments.
    let mut last = first;
    let mut i = first;
    let mut explicit_std = false;
    while i < end && tokens.at(i) != "<" {
        if !matches!(tokens.at(i), ":" | "$") {
            explicit_std |= matches!(tokens.at(i), "std" | "alloc") && tokens.at(i + 1) == ":";
            last = i;
        }
        i += 1;
    }
    let name = tokens.at(last);
    let inside = (i + 1, end.saturating_sub(1));
    match name {
        "Self" => true,
        "Pin" => inside.0 < inside.1 && allowed(tokens, inside.0, inside.1, std, own),
        "Box" | "Rc" | "Arc" if explicit_std || std.contains(name) => true,
        name => own == Some(name),
    }
}

/// Which of `Box`, `Rc` and `Arc` are the standard library's in this file.
fn standard_pointers(tokens: &Tokens<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut foreign = BTreeSet::new();
    let mut kernel = false;
    let mut i = 0;
    while i < tokens.list.len() {
        let word = tokens.at(i);
        if matches!(word, "struct" | "type" | "enum") {
            foreign.insert(tokens.at(i + 1).to_owned());
        }
        kernel |= matches!(word, "no_std" | "kernel");
        if word == "use" {
            let root = (i + 1..i + 4)
                .map(|j| tokens.at(j))
                .find(|word| *word != ":")
                .unwrap_or_default();
            let is_std = matches!(root, "std" | "alloc");
            kernel |= matches!(root, "kernel" | "crate");
            let mut j = i + 1;
            while j < tokens.list.len() && tokens.at(j) != ";" {
                if matches!(tokens.at(j), "Box" | "Rc" | "Arc") {
                    let into = if is_std { &mut found } else { &mut foreign };
                    into.insert(tokens.at(j).to_owned());
                }
                j += 1;
            }
            i = j;
        }
        i += 1;
    }
    // `Box` alone is in std's prelude, which a crate of the kernel does not have.
    if !foreign.contains("Box") && !kernel {
        found.insert("Box".to_owned());
    }
    found
}

/// The name of the type whose `impl` is around token `i`.
fn own_type(tokens: &Tokens<'_>, i: usize) -> Option<String> {
    let open = (0..i)
        .rev()
        .filter(|&open| tokens.at(open) == "{" && tokens.close(open) > i)
        .find(|&open| header(tokens, open).is_some())?;
    header(tokens, open)
}

/// The type of the `impl` whose body opens at `open`.
fn header(tokens: &Tokens<'_>, open: usize) -> Option<String> {
    let mut start = open;
    while start > 0 && !matches!(tokens.at(start - 1), ";" | "{" | "}") {
        start -= 1;
    }
    let at = (start..open).find(|&j| tokens.at(j) == "impl")?;
    let mut first = at + 1;
    let mut angle = 0i32;
    let mut name = None;
    while first < open {
        match tokens.at(first) {
            "<" => angle += 1,
            ">" if tokens.at(first - 1) != "-" => angle -= 1,
            "for" if angle == 0 => name = None,
            "where" if angle == 0 => break,
            word if angle == 0 && word.starts_with(|c: char| c.is_alphabetic()) => {
                name = Some(word.to_owned());
            }
            _ => {}
        }
        first += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let tokens = Tokens::new(text, gateless_rust_text::tokens::edition("2021"));
        scan(&tokens)
            .iter()
            .map(|found| text[tokens.bytes(found.first, found.last)].to_owned())
            .collect()
    }

    #[test]
    fn only_receivers_that_the_language_does_not_allow_are_uses() {
        let text = "use kernel::sync::Arc;\nimpl Node {\n fn a(self: Pin<&mut Self>) {}\n fn b(self: &Node) {}\n fn c(self: Arc<Self>, x: u8) {}\n fn d(self: &'a mut $crate::list::ListArc<Self>) {}\n fn e(mut self: Pin<Box<Self>>) {}\n fn f(self: ::core::pin::Pin<&'_ mut Self>) {}\n fn g(self: &DArc<Node>) {}\n}\nstruct S { x: u8 } fn h() { let a = self::x(); }";
        assert_eq!(
            found(text),
            [
                "self: Arc<Self>",
                "self: &'a mut $crate::list::ListArc<Self>",
                "self: Pin<Box<Self>>",
                "self: &DArc<Node>",
            ]
        );
    }

    #[test]
    fn the_standard_librarys_pointers_need_no_gate() {
        let text = "use std::sync::Arc;\nimpl X { fn a(self: Arc<Self>) {} fn b(self: Box<Self>) {} fn c(self: std::rc::Rc<Self>) {} fn d(self: Rc<Self>) {} }";
        assert_eq!(found(text), ["self: Rc<Self>"]);
    }

    #[test]
    fn raw_pointers_need_the_gate_of_their_own() {
        let text = "impl S { fn a(self: *const Self) {} fn b(self: &*mut Self) {} fn c(self: Pin<*const Self>) {} fn d(self: P<[u8; 2 * 2]>) {} fn e(self: *mut S) {} }";
        let tokens = Tokens::new(text, gateless_rust_text::tokens::edition("2021"));
        let features: Vec<&str> = scan(&tokens).iter().map(|found| found.feature).collect();
        let raw = "arbitrary_self_types_pointers";
        assert_eq!(features, [raw, raw, raw, "arbitrary_self_types", raw]);
    }
}
