//! Files that are neither Rust nor makefiles: Kconfig's macro calls, scripts, target specifications, configuration of Rust's tools.

use gateless_linux::condition::Condition;
use gateless_linux::kconfig::file::Macro;
use gateless_linux::makefile::words::words;

use crate::finding::{Finding, Place, Role, Sign};
use crate::makefile::options;
use crate::rust::conditions::one_line;
use crate::rust::strings::{is_z, target_features};
use crate::signs::Signs;

/// The text of a file, and what is odd about its encoding.
pub fn text(bytes: Vec<u8>) -> (String, Option<String>) {
    let wide = match bytes.get(..2) {
        Some([0xff, 0xfe]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        Some([0xfe, 0xff]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if let Some(order) = wide {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| order([pair[0], pair[1]]))
            .collect();
        let what = "it is UTF-16; rustc takes only UTF-8".to_owned();
        return (String::from_utf16_lossy(&units), Some(what));
    }
    match String::from_utf8(bytes) {
        Ok(text) => match text.strip_prefix('\u{feff}') {
            Some(rest) => (rest.to_owned(), None),
            None => (text, None),
        },
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let what = format!("not valid UTF-8 (byte {at})");
            (
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                Some(what),
            )
        }
    }
}

/// Line of the first mark of an unresolved merge.
pub fn conflict(text: &str) -> Option<usize> {
    if !text.contains("<<<<<<< ") {
        return None;
    }
    text.lines()
        .position(|line| line.starts_with("<<<<<<< "))
        .map(|index| index + 1)
}

pub(super) fn finding(sign: Sign, role: Role, file: &str, line: usize, text: &str) -> Finding {
    Finding {
        sign,
        file: file.to_owned(),
        line,
        text: one_line(text),
        role,
        condition: Condition::Always,
        place: Place::Build,
    }
}

/// Options in the macro calls of a Kconfig file. They ask whether the compiler takes something.
pub fn kconfig_macros(macros: &[Macro]) -> Vec<Finding> {
    let mut found = Vec::new();
    for call in macros {
        let list = words(&call.text.text);
        for option in options::scan(&list, false) {
            let word = &list[option.word];
            let mut place = finding(
                option.sign,
                option.role,
                "",
                call.text.line(word.offset),
                call.text.text.trim(),
            );
            place.place = Place::Probe;
            if let Some(symbol) = &call.symbol {
                place.condition = Condition::config(symbol);
            }
            found.push(place);
        }
    }
    found
}

/// Whether a text that runs programs has to do with Rust's.
pub fn can_hold_a_gate(text: &str) -> bool {
    [
        "RUSTC",
        "RUSTFLAGS",
        "RUSTDOC",
        "CARGO",
        "rustc",
        "rustup",
        "rust-toolchain",
        "cargo",
    ]
    .iter()
    .any(|name| text.contains(name))
}

/// What one command line of a shell says, also in the file of another tool.
pub fn command(code: &str, file: &str, line: usize) -> Vec<Finding> {
    let is_rustdoc = code.contains("RUSTDOC") || code.contains("rustdoc");
    options::scan(&words(code), is_rustdoc)
        .into_iter()
        .filter(|option| match &option.sign {
            Sign::Variable(_) | Sign::Feature(_) | Sign::Option { .. } => true,
            Sign::Practice(id) => id == options::UNSTABLE_TOOLCHAIN,
            Sign::TargetKey(_) | Sign::TargetFeature(_) => false,
        })
        .map(|option| finding(option.sign, option.role, file, line, code))
        .collect()
}

/// A shell script: words by the shell's quoting, comments left out.
pub fn shell(text: &str, file: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if !can_hold_a_gate(text) {
        return found;
    }
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') {
            continue;
        }
        found.extend(command(code, file, index + 1));
        let exports = code.strip_prefix("export ").map(str::trim) == Some("RUSTC_BOOTSTRAP");
        if exports {
            let sign = Sign::Variable("RUSTC_BOOTSTRAP".to_owned());
            found.push(finding(sign, Role::Opens, file, index + 1, code));
        }
    }
    found
}

/// A Python program: string literals that are an option as a whole, and `RUSTC_BOOTSTRAP` where it is set.
pub fn python(text: &str, file: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if !text.contains("-Z") && !text.contains("RUSTC_BOOTSTRAP") {
        return found;
    }
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') {
            continue;
        }
        let list = literals(code);
        for (nth, &(at, literal)) in list.iter().enumerate() {
            // `["rustc", "-Z", "name"]` is one option in two literals.
            let split = match (literal, list.get(nth + 1)) {
                ("-Z", Some((_, name))) => Some(format!("-Z{name}")),
                _ => None,
            };
            let option = split.as_deref().unwrap_or(literal);
            if is_z(option) && !option.contains(' ') {
                let sign = Sign::option(option);
                found.push(finding(sign, Role::Uses, file, index + 1, code));
            }
            let after = code[at + literal.len()..]
                .trim_start_matches(['"', '\''])
                .trim_start();
            let is_set = after.starts_with(':')
                || (after.starts_with(']')
                    && after[1..].trim_start().starts_with('=')
                    && !after[1..].trim_start().starts_with("=="))
                || (after.starts_with(',')
                    && (code.contains("putenv") || code.contains("setdefault")));
            let names = literal == "RUSTC_BOOTSTRAP" && is_set;
            if names || literal.contains("RUSTC_BOOTSTRAP=") && !literal.contains(' ') {
                let sign = Sign::Variable("RUSTC_BOOTSTRAP".to_owned());
                found.push(finding(sign, Role::Opens, file, index + 1, code));
            }
        }
    }
    found
}

/// String literals of one line, with their offsets.
fn literals(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize)> = None;
    let mut escaped = false;
    for (i, c) in code.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (open, c) {
            (_, '\\') => escaped = true,
            (None, '"' | '\'') => open = Some((c, i + 1)),
            (None, '#') => break,
            (Some((quote, start)), c) if c == quote => {
                found.push((start, &code[start..i]));
                open = None;
            }
            _ => {}
        }
    }
    found
}

/// Configuration of cargo, rustup and rustfmt: options in strings, unstable tables, a toolchain that is not stable.
pub fn toml(text: &str, file: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') {
            continue;
        }
        let mut push =
            |sign: Sign, role: Role| found.push(finding(sign, role, file, index + 1, code));
        for (_, literal) in literals(code) {
            for word in literal.split_whitespace().filter(|word| is_z(word)) {
                push(Sign::option(word), Role::Uses);
            }
            if code.contains("channel") && Signs::get().toolchains.is_unstable(literal) {
                push(unstable_toolchain(), Role::Opens);
            }
        }
        // rustup's older form of `rust-toolchain`: the channel, and nothing else.
        if file.rsplit('/').next() == Some("rust-toolchain")
            && Signs::get().toolchains.is_unstable(code)
        {
            push(unstable_toolchain(), Role::Opens);
        }
        if code == "[unstable]" || code.starts_with("cargo-features") {
            push(Sign::Practice("cargo_unstable".to_owned()), Role::Opens);
        }
        let key = code
            .split('=')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"');
        if key == "RUSTC_BOOTSTRAP" {
            push(Sign::Variable("RUSTC_BOOTSTRAP".to_owned()), Role::Opens);
        }
        if key == "unstable_features" && code.contains("true") {
            push(
                Sign::Practice("rustfmt_unstable_options".to_owned()),
                Role::Opens,
            );
        }
    }
    found
}

/// A toolchain whose compiler takes gates.
pub(super) fn unstable_toolchain() -> Sign {
    Sign::Practice(options::UNSTABLE_TOOLCHAIN.to_owned())
}

/// bindgen's options, one a line: attributes that it puts on what it generates.
pub fn bindgen(text: &str, file: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') || !code.starts_with('-') {
            continue;
        }
        let Some(start) = code.find("#[").or_else(|| code.find("#![")) else {
            continue;
        };
        let attribute = code[start..].trim_end_matches(['\'', '"']);
        let tokens = gateless_rust_text::tokens::Tokens::new(
            attribute,
            gateless_rust_text::tokens::edition("2021"),
        );
        let mut regions = crate::rust::conditions::Regions::default();
        for feature in crate::rust::attributes::scan(&tokens, &mut regions) {
            found.push(finding(
                Sign::Feature(feature.feature),
                feature.role,
                file,
                index + 1,
                code,
            ));
        }
    }
    found
}

/// A target specification in JSON: each key, and each target feature.
pub fn spec_findings(text: &str, file: &str) -> Result<Vec<Finding>, serde_json::Error> {
    let value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
    let line_of = |key: &str| {
        text.lines()
            .position(|line| line.contains(&format!("\"{key}\"")))
            .map_or(1, |index| index + 1)
    };
    let mut found = Vec::new();
    for (key, value) in &value {
        let known = Signs::get().target.keys.contains(key);
        if !known && !value.is_string() && !value.is_boolean() && !value.is_number() {
            continue;
        }
        let text = format!("\"{key}\": {value}");
        found.push(finding(
            Sign::TargetKey(key.clone()),
            Role::Uses,
            file,
            line_of(key),
            &text,
        ));
        if key == "features" {
            for name in target_features(value.as_str().unwrap_or_default()) {
                let sign = Sign::TargetFeature(name.to_owned());
                found.push(finding(sign, Role::Uses, file, line_of(key), &text));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(found: &[Finding]) -> Vec<String> {
        found
            .iter()
            .map(|f| format!("{}:{}", f.line, f.sign.keys()[0]))
            .collect()
    }

    #[test]
    fn scripts_are_read_by_their_own_quoting() {
        assert_eq!(
            keys(&shell(
                "# RUSTC_BOOTSTRAP=1\nRUSTC_BOOTSTRAP=1 $RUSTC '-Zfoo=1' x.rs\nexport RUSTC_BOOTSTRAP\n",
                "x.sh"
            )),
            [
                "2:env:RUSTC_BOOTSTRAP",
                "2:-Zfoo=1",
                "3:env:RUSTC_BOOTSTRAP"
            ]
        );
        assert_eq!(
            keys(&python(
                "env[\"RUSTC_BOOTSTRAP\"] = \"1\"\nNAMES = [\"RUSTC_BOOTSTRAP\",]\nrun([\"rustc\", '-Zbar', \"a -Zno b\"])  # \"-Zbaz\"\n",
                "x.py"
            )),
            ["1:env:RUSTC_BOOTSTRAP", "3:-Zbar"]
        );
        assert_eq!(
            keys(&toml(
                "# [unstable]\nrustflags = [\"-Zfoo\", \"-Cx\"]\nchannel = \"nightly-2026\"\n[unstable]\n[env]\nRUSTC_BOOTSTRAP = \"1\"\n",
                "x.toml"
            )),
            [
                "2:-Zfoo",
                "3:practice:unstable_toolchain",
                "4:practice:cargo_unstable",
                "6:env:RUSTC_BOOTSTRAP"
            ]
        );
        assert_eq!(
            keys(&bindgen(
                "# --x '#[cfi_encoding=\"n\"]'\n--with-attribute-custom-enum=a='#[cfi_encoding=\"1a\"]'\n",
                "b"
            )),
            ["2:feature:cfi_encoding"]
        );
    }

    #[test]
    fn odd_encodings_are_named_and_still_read() {
        let (text, odd) = text(b"\xff\xfe#\0!\0".to_vec());
        assert!(text == "#!" && odd.unwrap().contains("UTF-16"));
        let (text, odd) = super::text(b"ab\xffc".to_vec());
        assert!(text.starts_with("ab") && odd.unwrap().contains("byte 2"));
    }
}
