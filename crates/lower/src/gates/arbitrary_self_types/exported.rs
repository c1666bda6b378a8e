//! Receivers in exported macros. Where such a macro is used in another crate, the compiler's complaint is about a file that is not
//! part of that crate, so they are lowered with the macro.

use gateless_rust_text::tokens::Tokens;

use super::facts::Key;
use crate::gate::Source;

/// First bytes of the types of all receivers in the bodies of exported `macro_rules!` macros that stable Rust may refuse.
pub fn receivers(tokens: &Tokens<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    let mut exported = false;
    for i in 0..tokens.list.len() {
        exported |= tokens.at(i) == "macro_export";
        if tokens.are(i, &["macro_rules", "!"]) {
            let open = i + 3;
            if exported
                && tokens
                    .list
                    .get(open)
                    .is_some_and(|token| token.close > open)
            {
                found.extend((open..tokens.close(open)).filter_map(|i| receiver(tokens, i)));
            }
            exported = false;
        }
    }
    found
}

/// Whether the crate has a method with one of the receivers, rather than macros alone, which it exports and never calls.
pub fn are_methods<'k>(receivers: impl Iterator<Item = &'k Key>, source: &Source<'_>) -> bool {
    let mut receivers = receivers;
    receivers.any(|&(file, offset)| match macro_around(source, file, offset) {
        Some(name) => is_called(source, name),
        None => true,
    })
}

/// The name of the macro whose definition a byte of a file is in.
fn macro_around<'a>(source: &Source<'a>, file: usize, offset: usize) -> Option<&'a str> {
    let tokens = Tokens::new(source.original(file), source.edition);
    let mut all = 0..tokens.list.len();
    let at = all.find(|&i| {
        tokens.are(i, &["macro_rules", "!"])
            && i + 3 < tokens.list.len()
            && tokens.bytes(i + 3, tokens.close(i + 3)).contains(&offset)
    })?;
    Some(tokens.at(at + 2))
}

/// Whether a macro is called anywhere in the crate but in itself; not in comments, which show how to. An import under its own name is no call.
fn is_called(source: &Source<'_>, name: &str) -> bool {
    let mut files = 0..source.files.list.len();
    files.any(|file| {
        let text = source.original(file);
        if !text.contains(name) {
            return false;
        }
        let tokens = Tokens::new(text, source.edition);
        let is_in_itself = |i: usize| {
            (3..=i).any(|open| {
                let is_own = tokens.are(open - 3, &["macro_rules", "!", name]);
                is_own && (i == open || tokens.close(open) > i)
            })
        };
        let is_imported = |i: usize| {
            let start = (0..i).rfind(|&k| ["use", ";"].contains(&tokens.at(k)));
            start.is_some_and(|at| tokens.at(at) == "use") && tokens.at(i + 1) != "as"
        };
        let is_defined = |i: usize| i >= 2 && tokens.are(i - 2, &["macro_rules", "!"]);
        let mut all = 0..tokens.list.len();
        all.any(|i| tokens.at(i) == name && !is_defined(i) && !is_in_itself(i) && !is_imported(i))
    })
}

/// The type of the receiver of the function whose parameters are the group that `open` opens.
fn receiver(tokens: &Tokens<'_>, open: usize) -> Option<usize> {
    let is_function = (open.saturating_sub(24)..open)
        .rev()
        .take_while(|&i| !["{", "}", ";", ")"].contains(&tokens.at(i)))
        .any(|i| tokens.at(i) == "fn");
    if !tokens.opens(open, "(") || !is_function {
        return None;
    }
    let first = if tokens.at(open + 1) == "mut" {
        open + 2
    } else {
        open + 1
    };
    if !tokens.are(first, &["self", ":"]) || tokens.at(first + 2) == ":" {
        return None;
    }
    let own = ["&", "mut", "Self", "Box", "Pin", "<", ">"];
    let mut ty = (first + 2..tokens.close(open)).take_while(|&i| tokens.at(i) != ",");
    let other = ty.any(|i| !own.contains(&tokens.at(i)) && !tokens.at(i).starts_with('\''));
    other.then(|| tokens.list[first + 2].range.start)
}

#[cfg(test)]
mod tests {
    use ra_ap_syntax::Edition;

    use super::*;

    #[test]
    fn a_macro_that_is_only_exported_makes_no_method() {
        let text = "#![feature(arbitrary_self_types)]\n/// m! {}\n#[macro_export] macro_rules! m { () => { fn f(self: Arc<Self>) {} } }\n";
        let has_methods = |text: &str| {
            let scratch = crate::testing::Scratch::new(&[("lib.rs", text)]);
            scratch.lower("lib.rs", &[], |lowered| lowered.unwrap().has_methods())
        };
        assert!(!has_methods(text));
        let recursive = text.replace(") {} } }", ") {} }; (x) => { m!(); } }");
        assert!(!has_methods(&format!("{recursive}pub use m;\n")));
        assert!(has_methods(&format!("{text}impl S {{ m!(); }}\n")));
        assert!(has_methods(&format!("{text}pub use m as n;\n")));
    }

    #[test]
    fn only_receivers_of_exported_macros_are_found() {
        let text = "macro_rules! a { () => { fn f(self: Arc<Self>) {} } } #[macro_export] macro_rules! b { ($n:ident) => { fn $n<'a>(self: &'a $crate::Arc<Self>) {} fn g(self: &Self) {} fn h(x: Arc<u8>) {} fn i(mut self: Pin<Box<Self>>) {} } }";
        let tokens = Tokens::new(text, Edition::Edition2021);
        assert_eq!(receivers(&tokens), [text.find("&'a $crate").unwrap()]);
    }
}
