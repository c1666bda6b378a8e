//! The words of a value, with the conditions of the functions around them.

use crate::condition::{Atom, Condition};
use crate::makefile::conditional::truth;
use crate::makefile::reference::{reference_end, split_arguments};

/// One word of a value: references are left as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text, without the shell quotes around parts of it.
    pub text: String,
    /// Where it starts in the value.
    pub offset: usize,
    /// What the functions around it ask for.
    pub condition: Condition,
    /// Names of functions and variables called (`$(call NAME,...)`) around it, outermost first.
    pub inside: Vec<String>,
}

impl Word {
    /// A word that stands alone, as in a command that make has run.
    pub fn plain(text: String) -> Self {
        Self {
            text,
            offset: 0,
            condition: Condition::Always,
            inside: Vec::new(),
        }
    }
}

/// All words, also those in the arguments of functions.
pub fn words(value: &str) -> Vec<Word> {
    let mut found = Vec::new();
    collect(value, 0, &Condition::Always, &[], &mut found);
    found
}

fn collect(
    text: &str,
    base: usize,
    condition: &Condition,
    inside: &[String],
    found: &mut Vec<Word>,
) {
    let bytes = text.as_bytes();
    let mut word = String::new();
    let mut start = 0;
    let mut quote: Option<u8> = None;
    let mut i = 0;
    let mut flush = |word: &mut String, start: usize| {
        if !word.is_empty() {
            found.push(Word {
                text: std::mem::take(word),
                offset: base + start,
                condition: condition.clone(),
                inside: inside.to_vec(),
            });
        }
    };
    let mut nested: Vec<(usize, usize)> = Vec::new();
    while i < bytes.len() {
        let byte = bytes[i];
        if byte == b'$'
            && let Some(end) = reference_end(text, i)
        {
            if word.is_empty() {
                start = i;
            }
            nested.push((i, end));
            // A simple reference stays part of the word; a function's words are collected on their own.
            if text[i + 2..end - 1].contains([' ', '\t', ',']) {
                let before = word.clone();
                if !before.is_empty() {
                    word.push_str("$()");
                }
            } else {
                word.push_str(&text[i..end]);
            }
            i = end;
            continue;
        }
        match byte {
            b'\'' | b'"' => match quote {
                Some(open) if open == byte => quote = None,
                None => {
                    if word.is_empty() {
                        start = i;
                    }
                    quote = Some(byte);
                }
                Some(_) => word.push(byte as char),
            },
            b' ' | b'\t' | b'\n' if quote.is_none() => flush(&mut word, start),
            b';' | b'|' | b'&' if quote.is_none() => flush(&mut word, start),
            b'\\' if i + 1 < bytes.len() && bytes[i + 1].is_ascii() => {
                if word.is_empty() {
                    start = i;
                }
                i += 1;
                word.push(bytes[i] as char);
            }
            _ => {
                if word.is_empty() && quote.is_none() {
                    start = i;
                }
                let c = text[i..].chars().next().unwrap_or(' ');
                word.push(c);
                i += c.len_utf8();
                continue;
            }
        }
        i += 1;
    }
    flush(&mut word, start);
    for (from, to) in nested {
        reference(&text[from..to], base + from, condition, inside, found);
    }
}

/// The words in the arguments of one `$(...)`.
fn reference(
    text: &str,
    base: usize,
    condition: &Condition,
    inside: &[String],
    found: &mut Vec<Word>,
) {
    let inner = &text[2..text.len() - 1];
    let Some(name_end) = inner.find([' ', '\t', ',']) else {
        return;
    };
    let name = &inner[..name_end];
    let rest = inner[name_end..].trim_start();
    let rest_base = base + 2 + (inner.len() - rest.len());
    let arguments = split_arguments(rest);
    let under = |more: Condition| condition.clone().and(more);
    let mut path = inside.to_vec();
    match name {
        "if" => {
            let test = truth(&arguments[0].1);
            path.push("if".to_owned());
            for (i, (offset, argument)) in arguments.iter().enumerate().skip(1) {
                let branch = if i == 1 {
                    test.clone()
                } else {
                    test.clone().negate()
                };
                collect(argument, rest_base + offset, &under(branch), &path, found);
            }
        }
        "call" => {
            let called = arguments[0].1.trim().to_owned();
            let accepts = called.contains("rustc-option");
            path.push(called);
            for (i, (offset, argument)) in arguments.iter().enumerate().skip(1) {
                let more = if accepts && i == 1 {
                    Condition::other(format!("rustc accepts {}", argument.trim()))
                } else {
                    Condition::Always
                };
                collect(argument, rest_base + offset, &under(more), &path, found);
            }
        }
        "filter-out" => {
            // The first argument names what is taken away.
            path.push("filter-out".to_owned());
            for (offset, argument) in arguments.iter().skip(1) {
                collect(argument, rest_base + offset, condition, &path, found);
            }
        }
        _ => {
            path.push(name.to_owned());
            for (offset, argument) in &arguments {
                collect(argument, rest_base + offset, condition, &path, found);
            }
        }
    }
}

/// The condition in a variable's name, as `foo-$(CONFIG_X)` has it.
pub fn name_condition(name: &str) -> Condition {
    let Some(start) = name.find("$(") else {
        return Condition::Always;
    };
    match reference_end(name, start) {
        Some(end) => match truth(&name[start..end]) {
            condition @ Condition::Atom(Atom::Config(_) | Atom::Rustc(_)) => condition,
            Condition::Atom(Atom::Other(text)) if text.contains("CONFIG_") => config_in(&text),
            _ => Condition::Always,
        },
        None => Condition::Always,
    }
}

/// The Kconfig symbols named in a function's text, all of which it is about (`$(subst y,$(CONFIG_A),$(CONFIG_B))`).
fn config_in(text: &str) -> Condition {
    text.split("$(CONFIG_")
        .skip(1)
        .filter_map(|part| part.split(')').next())
        .map(Condition::config)
        .fold(Condition::Always, Condition::and)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_lend_their_words_a_condition_and_quotes_hold_words_together() {
        let list: Vec<String> = words("-Copt $(if $(call rustc-min-version,109800),,-Zllvm_module_flag=a:u32) -Zcrate-attr='feature($(x))' $(call rustc-option,-Zfoo,-Zbar) $(filter-out -Zgone,$(y) -Zkept) \"-Z two\"")
            .iter()
            .map(|word| format!("{} [{}]", word.text, word.condition))
            .collect();
        expect_test::expect![[r#"
            -Copt [always]
            -Zcrate-attr=feature($(x)) [always]
            -Z two [always]
            -Zllvm_module_flag=a:u32 [rustc < 1.98]
            -Zfoo [rustc accepts -Zfoo]
            -Zbar [always]
            $(y) [always]
            -Zkept [always]"#]]
        .assert_eq(&list.join("\n"));
    }

    #[test]
    fn a_symbol_in_a_variables_name_is_its_condition() {
        assert_eq!(name_condition("obj-$(CONFIG_A)").to_string(), "CONFIG_A");
        assert_eq!(
            name_condition("always-$(subst y,$(CONFIG_A),$(CONFIG_B))").to_string(),
            "CONFIG_A && CONFIG_B"
        );
        assert_eq!(name_condition("plain"), Condition::Always);
    }
}
