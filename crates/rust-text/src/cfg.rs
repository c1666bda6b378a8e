//! Deciding `cfg` predicates, as far as the configuration is known.

use crate::tokens::Tokens;

/// What is known about a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    Yes,
    /// Doesn't hold.
    No,
    /// Depends on configuration that the compiler sets by itself and that was not listed.
    Unknown,
}

/// Names that rustc sets without being told.
const COMPILER_SET: &[&str] = &[
    "unix",
    "windows",
    "debug_assertions",
    "overflow_checks",
    "panic",
    "proc_macro",
    "ub_checks",
    "test",
    "doc",
    "doctest",
    "miri",
    "sanitize",
    "relocation_model",
    "fmt_debug",
    "emscripten_wasm_eh",
    "contract_checks",
];

/// Decides the predicate that starts at token `first` and ends before token `end`.
pub fn decide(tokens: &Tokens<'_>, first: usize, end: usize, cfg: &[String]) -> Truth {
    let name = tokens.at(first);
    if first + 1 < end && tokens.opens(first + 1, "(") {
        let parts = split_commas(tokens, first + 2, tokens.close(first + 1));
        let mut truths = parts.iter().map(|part| decide(tokens, part.0, part.1, cfg));
        return match name {
            "not" => match truths.next() {
                Some(Truth::Yes) => Truth::No,
                Some(Truth::No) => Truth::Yes,
                _ => Truth::Unknown,
            },
            "all" => truths.fold(Truth::Yes, |a, b| match (a, b) {
                (Truth::No, _) | (_, Truth::No) => Truth::No,
                (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
                _ => Truth::Yes,
            }),
            "any" => truths.fold(Truth::No, |a, b| match (a, b) {
                (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
                (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
                _ => Truth::No,
            }),
            _ => Truth::Unknown,
        };
    }
    let wanted = match tokens.at(first + 1) {
        "=" if first + 1 < end => match tokens.string(first + 2) {
            Some(value) => format!("{name}=\"{value}\""),
            None => return Truth::Unknown,
        },
        _ => name.to_owned(),
    };
    if name == "true" || cfg.contains(&wanted) {
        Truth::Yes
    } else if name.starts_with("target_") || COMPILER_SET.contains(&name) {
        Truth::Unknown
    } else {
        Truth::No
    }
}

/// Splits the tokens from `first` to before `end` at the commas outside of brackets; empty parts are left out.
pub fn split_commas(tokens: &Tokens<'_>, first: usize, end: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut start = first;
    let mut i = first;
    while i < end {
        if tokens.at(i) == "," {
            if start < i {
                parts.push((start, i));
            }
            start = i + 1;
        }
        i = tokens.close(i).max(i) + 1;
    }
    if start < end {
        parts.push((start, end));
    }
    parts
}

#[cfg(test)]
mod tests {
    use ra_ap_syntax::Edition;

    use super::*;

    fn ask(predicate: &str) -> Truth {
        let tokens = Tokens::new(predicate, Edition::Edition2021);
        decide(
            &tokens,
            0,
            tokens.list.len(),
            &["A".into(), "feature=\"x\"".into()],
        )
    }

    #[test]
    fn a_feature_attribute_behind_a_false_condition_does_not_count() {
        assert_eq!(ask("A"), Truth::Yes);
        assert_eq!(ask("not(A)"), Truth::No);
        assert_eq!(ask("feature = \"y\""), Truth::No);
        assert_eq!(ask("all(A, any(B, feature = \"x\"))"), Truth::Yes);
        assert_eq!(ask("all(B, target_arch = \"arm\")"), Truth::No);
        assert_eq!(ask("all(A, target_arch = \"arm\")"), Truth::Unknown);
    }
}
