//! What programs hand to a compiler or write for it: options, environment variables, target specifications, source text.

use gateless_rust_text::tokens::{self, Tokens};
use ra_ap_parser::SyntaxKind;

use crate::finding::{Role, Sign};
use crate::rust::attributes;
use crate::rust::conditions::Regions;
use crate::signs::Signs;

/// One thing in a string, by the index of the string's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What.
    pub sign: Sign,
    /// What it does.
    pub role: Role,
    /// Token.
    pub token: usize,
}

/// Functions whose first argument is the name of a variable that is set.
const SETTERS: [&str; 3] = ["env", "set_var", "envs"];

/// Looks through all string literals.
pub fn scan(tokens: &Tokens<'_>) -> Vec<Found> {
    let literals: Vec<(usize, String)> = (0..tokens.list.len())
        .filter(|&i| tokens.list[i].kind == SyntaxKind::STRING)
        .filter_map(|i| Some((i, tokens.string(i)?)))
        .collect();
    let writes_target = literals.iter().any(|(_, value)| value == "llvm-target");
    let mut found = Vec::new();
    for (i, value) in &literals {
        let mut push = |sign: Sign, role: Role| {
            found.push(Found {
                sign,
                role,
                token: *i,
            });
        };
        if value.contains("feature(") && value.contains('#') {
            let inner = Tokens::new(value, tokens::edition("2021"));
            for feature in attributes::scan(&inner, &mut Regions::default()) {
                push(Sign::Feature(feature.feature), feature.role);
            }
        }
        if passes_options(value) {
            for option in options(value) {
                push(Sign::option(option), Role::Uses);
            }
        }
        if sets_bootstrap(tokens, *i, value) {
            push(Sign::Variable("RUSTC_BOOTSTRAP".to_owned()), Role::Opens);
        }
        if writes_target {
            if Signs::get().target.keys.contains(value) {
                push(Sign::TargetKey(value.clone()), Role::Uses);
            }
            for feature in target_features(value) {
                push(Sign::TargetFeature(feature.to_owned()), Role::Uses);
            }
        }
    }
    found
}

/// Whether the literal is an option, a line of options, or an instruction to cargo.
fn passes_options(value: &str) -> bool {
    value.starts_with('-') || value.starts_with("cargo:") || value.starts_with("rustc ")
}

/// The `-Z` options in a text of words.
pub fn options(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([' ', '\t', '\n', '=', ':'])
        .map(move |word| {
            let start = word.as_ptr() as usize - value.as_ptr() as usize;
            let rest = &value[start..];
            rest.split([' ', '\t', '\n']).next().unwrap_or(rest)
        })
        .filter(|word| is_z(word))
}

/// Whether a word is a `-Z` option.
pub fn is_z(word: &str) -> bool {
    let name = |rest: &str| rest.split('=').next().unwrap_or_default().to_owned();
    word.strip_prefix("-Z").map(name).is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    })
}

fn sets_bootstrap(tokens: &Tokens<'_>, i: usize, value: &str) -> bool {
    if value == "RUSTC_BOOTSTRAP" {
        return i >= 2
            && tokens.at(i - 1) == "("
            && SETTERS.contains(&tokens.at(i - 2))
            && tokens.at(i + 1) == ",";
    }
    value.contains("RUSTC_BOOTSTRAP=")
}

/// The names in `-mmx,+soft-float`, if that is what the text is.
pub fn target_features(value: &str) -> Vec<&str> {
    let parts: Vec<&str> = value.split(',').filter(|part| !part.is_empty()).collect();
    let is_feature = |part: &&str| {
        part.strip_prefix(['+', '-']).is_some_and(|name| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        })
    };
    if parts.is_empty() || !parts.iter().all(is_feature) {
        return Vec::new();
    }
    parts.iter().map(|part| &part[1..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_scripts_and_generators_are_read() {
        let text = r##"fn main() {
            println!("cargo:rustc-env=RUSTC_BOOTSTRAP=1");
            println!("cargo::rustc-flags=-Zfoo=1 -l x");
            Command::new("rustc").env("RUSTC_BOOTSTRAP", "1").arg("-Zbar_baz").arg("plain -Z text");
            let _ = option_env!("RUSTC_BOOTSTRAP");
            write!(f, "#![feature(gen)]\n#[used(compiler)] static X: u8 = 1;");
        }"##;
        let tokens = Tokens::new(text, tokens::edition("2021"));
        let list: Vec<String> = scan(&tokens)
            .iter()
            .map(|f| f.sign.keys()[0].clone())
            .collect();
        assert_eq!(
            list,
            [
                "env:RUSTC_BOOTSTRAP",
                "-Zfoo=1",
                "env:RUSTC_BOOTSTRAP",
                "-Zbar-baz",
                "feature:gen",
                "feature:used_with_arg"
            ]
        );
    }

    #[test]
    fn a_program_that_writes_a_target_specification_is_one() {
        let text = r#"ts.push("llvm-target", "x"); ts.push("rustc-abi", "y"); let f = "-mmx,+soft-float"; f += ",+retpoline";"#;
        let tokens = Tokens::new(text, tokens::edition("2021"));
        let list: Vec<String> = scan(&tokens).iter().map(|f| f.sign.to_string()).collect();
        assert_eq!(
            list,
            [
                "target-key:llvm-target",
                "target-key:rustc-abi",
                "target-feature:mmx",
                "target-feature:soft-float",
                "target-feature:retpoline"
            ]
        );
    }
}
