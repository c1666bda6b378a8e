//! The words of a compiler's command line that open, pass or use something unstable.

use gateless_linux::makefile::words::Word;
use gateless_rust_text::tokens::{self, Tokens};

use crate::finding::{Role, Sign};
use crate::rust::attributes;
use crate::rust::conditions::Regions;
use crate::rust::strings::{is_z, target_features};
use crate::signs::Signs;

/// One thing in a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What.
    pub sign: Sign,
    /// What it does.
    pub role: Role,
    /// Index of the word.
    pub word: usize,
    /// What to show.
    pub shown: String,
}

/// Looks through the words. `rustdoc` says whether the command is rustdoc's.
pub fn scan(list: &[Word], rustdoc: bool) -> Vec<Found> {
    let mut found = Vec::new();
    for (i, word) in list.iter().enumerate() {
        let next = list.get(i + 1).map(|word| word.text.as_str());
        let before = i.checked_sub(1).map(|j| list[j].text.as_str());
        if chooses_unstable(before, &word.text) {
            found.push(Found {
                sign: Sign::Practice(UNSTABLE_TOOLCHAIN.to_owned()),
                role: Role::Opens,
                word: i,
                shown: format!("{} {}", before.unwrap_or_default(), word.text),
            });
        }
        one(&word.text, next, rustdoc, &mut |sign, role, shown: &str| {
            found.push(Found {
                sign,
                role,
                word: i,
                shown: shown.to_owned(),
            });
        });
    }
    found
}

/// The ledger's id of a build that takes a compiler with gates open.
pub const UNSTABLE_TOOLCHAIN: &str = "unstable_toolchain";

/// Whether `word`, with `before` in front of it, chooses a toolchain with gates open: `cargo +nightly`, `rustup run nightly`.
fn chooses_unstable(before: Option<&str>, word: &str) -> bool {
    let toolchains = &Signs::get().toolchains;
    match word.strip_prefix('+') {
        Some(channel) => {
            toolchains.is_unstable(channel)
                && before.is_some_and(|program| toolchains.is_program(program))
        }
        None => {
            let (option, channel) = match word.split_once('=') {
                Some((option, channel)) => (Some(option), channel),
                None => (before, word),
            };
            toolchains.is_unstable(channel)
                && option.is_some_and(|option| toolchains.before.iter().any(|one| one == option))
        }
    }
}

fn one(text: &str, next: Option<&str>, rustdoc: bool, push: &mut dyn FnMut(Sign, Role, &str)) {
    let joined;
    let text = match (text, next) {
        ("-Z" | "-C", Some(next)) => {
            joined = format!("{text}{next}");
            joined.as_str()
        }
        _ => text,
    };
    if is_z(text) {
        push(Sign::option(text), Role::Uses, text);
        if let Some(attribute) = text
            .strip_prefix("-Zcrate-attr=")
            .or_else(|| text.strip_prefix("-Zcrate_attr="))
        {
            source(&format!("#![{attribute}]"), text, push);
        }
        return;
    }
    if let Some((variable, value)) = text.split_once('=') {
        if variable == "RUSTC_BOOTSTRAP" {
            return push(Sign::Variable(variable.to_owned()), Role::Opens, text);
        }
        let flag_variables = &Signs::get().toolchains.flag_variables;
        if flag_variables.iter().any(|name| name == variable) {
            let list: Vec<&str> = value.split([' ', '\t', '\u{1f}']).collect();
            for (i, word) in list.iter().enumerate() {
                one(word, list.get(i + 1).copied(), rustdoc, push);
            }
            return;
        }
    }
    if text.contains("![") {
        source(
            &text.replace("$(pound)", "#").replace("\\#", "#"),
            text,
            push,
        );
    }
    let target = text.strip_prefix("--target=").or(match text {
        "--target" => next,
        _ => None,
    });
    if target.is_some_and(|target| target.ends_with(".json")) {
        let sign = Sign::Option {
            name: "--target".to_owned(),
            value: Some("*.json".to_owned()),
        };
        return push(sign, Role::Uses, text);
    }
    if let Some(features) = text.strip_prefix("-Ctarget-feature=") {
        for name in target_features(features) {
            push(Sign::TargetFeature(name.to_owned()), Role::Uses, text);
        }
        return;
    }
    let sign = Sign::option(text);
    if let Sign::Option { name, .. } = &sign {
        let options = &Signs::get().options;
        if options.rustc.contains(name) || (rustdoc && options.rustdoc.contains(name)) {
            return push(sign, Role::Uses, text);
        }
    }
    if let Some(id) = practice(text) {
        push(Sign::Practice(id.to_owned()), Role::Uses, text);
    }
}

/// Features that a source text on the command line opens or uses.
fn source(code: &str, shown: &str, push: &mut dyn FnMut(Sign, Role, &str)) {
    let tokens = Tokens::new(code, tokens::edition("2021"));
    for found in attributes::scan(&tokens, &mut Regions::default()) {
        // `feature($(variable))`: the names stand where the variable is set.
        if found.feature.starts_with(|c: char| c.is_alphabetic()) {
            push(Sign::Feature(found.feature), found.role, shown);
        }
    }
}

/// The way of building that a word tells of.
pub fn practice(word: &str) -> Option<&'static str> {
    Signs::get().practices.get(word).map(String::as_str)
}

/// `name="value"` for `name=value` in any quoting.
pub fn cfg_name(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !"\"'\\".contains(*c)).collect();
    match plain.split_once('=') {
        Some((name, value)) => format!("{name}=\"{value}\""),
        None => plain,
    }
}

/// The `cfg`s that a command line passes.
pub fn cfgs(list: &[Word]) -> Vec<String> {
    let mut found = Vec::new();
    for (i, word) in list.iter().enumerate() {
        if word.text == "--cfg" {
            found.extend(list.get(i + 1).map(|next| cfg_name(&next.text)));
        } else if let Some(cfg) = word.text.strip_prefix("--cfg=") {
            found.push(cfg_name(cfg));
        }
    }
    found
}

/// Words between commas and blanks, with their offsets.
pub fn comma_words(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.split([',', ' ', '\t', '\n'])
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .map(move |word| (word, word.as_ptr() as usize - text.as_ptr() as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateless_linux::makefile::words::words;

    fn found(text: &str, rustdoc: bool) -> Vec<String> {
        scan(&words(text), rustdoc)
            .iter()
            .map(|found| found.sign.keys()[0].clone())
            .collect()
    }

    #[test]
    fn every_way_to_name_a_gate_on_a_command_line_is_seen() {
        assert_eq!(
            found(
                "RUSTC_BOOTSTRAP=1 $(RUSTC) -Z foo_bar=1 -Zcrate-attr='feature(a, b)' -Ctarget-feature=+x,-y --target=$(objtree)/t.json -C target-feature=+z --sysroot=/dev/null -Zcrate-attr=no_std",
                false
            ),
            [
                "env:RUSTC_BOOTSTRAP",
                "-Zfoo-bar=1",
                "-Zcrate-attr=feature(a, b)",
                "feature:a",
                "feature:b",
                "target-feature:x",
                "target-feature:y",
                "--target=*.json",
                "target-feature:z",
                "practice:private_sysroot",
                "-Zcrate-attr=no_std",
            ]
        );
        assert_eq!(
            found(
                "echo '$(pound)![feature(no_core)]$(pound)![no_core]' | x",
                false
            ),
            ["feature:no_core", "feature:no_core"]
        );
    }

    #[test]
    fn toolchains_with_gates_open_are_seen_behind_the_programs_that_take_them() {
        let unstable = "practice:unstable_toolchain";
        assert_eq!(
            found(
                "cargo +nightly build; $(RUSTC) +nightly-2026-01-01 a.rs; ~/.cargo/bin/rustdoc +beta; rustup run nightly x; rustup --toolchain=nightly",
                false
            ),
            [unstable; 5]
        );
        assert!(
            found(
                "cargo +stable x; +nightly run; cp nightly beta; date +nightly",
                false
            )
            .is_empty()
        );
    }

    #[test]
    fn options_in_variables_for_the_compiler_are_seen() {
        assert_eq!(
            found("RUSTFLAGS=\"-Zshell-flag -Cx -Z other\" cargo build", false),
            ["-Zshell-flag", "-Zother"]
        );
        assert!(found("CFLAGS=-Zi make", false).is_empty());
    }

    #[test]
    fn rustdocs_options_count_in_its_own_commands_only() {
        assert_eq!(found("$(RUSTDOC) --no-run --test", true), ["--no-run"]);
        assert!(found("xargs --no-run-if-empty --no-run", false).is_empty());
    }
}
