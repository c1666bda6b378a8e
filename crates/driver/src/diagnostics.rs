//! rustc's diagnostics: read as JSON, shown in the form the call asked for, with the kernel's own file names.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};

use cargo_metadata::diagnostic::Diagnostic;
use gateless_lower::Lowered;
use gateless_rustc::diagnostic::{Event, Said};
use serde_json::Value;

use crate::invocation::{Invocation, Kind};
use crate::mapping::Mapping;
use crate::rendered::{self, Sources, Style};
use crate::restore;

/// The form in which the call wants its diagnostics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Text for people, coloured or not.
    Human {
        /// Whether to colour.
        colour: bool,
    },
    /// `--error-format=json`, with the `--json` values passed.
    Json(Vec<String>),
    /// `--error-format=short`.
    Short,
}

impl Format {
    /// Reads `--error-format`, `--json` and `--color`.
    pub fn of(call: &Invocation) -> Self {
        match call.value("error-format") {
            Some("json") => Format::Json(call.values("json").map(str::to_owned).collect()),
            Some("short") => Format::Short,
            _ => Format::Human {
                colour: match call.value("color") {
                    Some("always") => true,
                    Some("never") => false,
                    _ => std::io::stderr().is_terminal(),
                },
            },
        }
    }

    /// Whether an argument asks for a form; [`Format::arguments`] take its place.
    pub fn is_of(argument: &Kind) -> bool {
        matches!(argument, Kind::Value("error-format" | "json" | "color", _))
    }

    /// The form of the text.
    fn style(&self) -> Style {
        let has = |json: &[String], name: &str| {
            json.iter()
                .any(|value| value.split(',').any(|part| part == name))
        };
        match self {
            Format::Human { colour } => Style {
                colour: *colour,
                short: false,
            },
            Format::Short => Style {
                colour: false,
                short: true,
            },
            Format::Json(json) => Style {
                colour: has(json, "diagnostic-rendered-ansi"),
                short: has(json, "diagnostic-short"),
            },
        }
    }

    /// Arguments that make the compiler print JSON from which [`show`] makes this form.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--error-format=json".to_owned()];
        match self {
            Format::Human { colour: true } => {
                arguments.push("--json=diagnostic-rendered-ansi".to_owned())
            }
            Format::Human { colour: false } => {}
            Format::Short => arguments.push("--json=diagnostic-short".to_owned()),
            Format::Json(json) => {
                arguments.extend(json.iter().map(|value| format!("--json={value}")))
            }
        }
        arguments
    }
}

pub use gateless_rustc::diagnostic::parse;

/// Whether a diagnostic is about a feature that is stable by now.
pub fn is_about_stable_feature(diagnostic: &Diagnostic) -> bool {
    let code = diagnostic.code.as_ref();
    code.is_some_and(|code| code.code == "stable_features")
}

/// Whether a diagnostic is about a gate being closed, which lowering is there for.
pub fn is_of_gate(diagnostic: &Diagnostic) -> bool {
    Event::hear(diagnostic).is_some_and(|event| event.is_gate())
}

/// Whether a diagnostic is the one that counts the others.
pub fn is_summary(diagnostic: &Diagnostic) -> bool {
    Event::hear(diagnostic).is_some_and(|event| matches!(event.said, Said::Summary))
}

/// Prints what the compiler said to standard error, told of the originals where it is about lowered sources.
pub fn show(stderr: &str, format: &Format, mapping: &Mapping, lowered: Option<&Lowered<'_>>) {
    tell(&shown(stderr, format, mapping, lowered));
}

/// Prints what is shown already.
pub fn tell(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// What the compiler said, in the call's form, told of the originals where it is about lowered sources.
pub fn shown(
    stderr: &str,
    format: &Format,
    mapping: &Mapping,
    lowered: Option<&Lowered<'_>>,
) -> String {
    let mut all = String::new();
    let mut left_out = 0;
    for line in stderr.lines() {
        let found = serde_json::from_str::<Diagnostic>(line);
        if lowered.is_some_and(|lowered| found.is_ok_and(|found| lowered.is_of_lowering(&found))) {
            left_out += 1;
            continue;
        }
        let Some(line) = counted(line, left_out) else {
            continue;
        };
        let line = &*line;
        let text = restored(line, format, mapping, lowered).unwrap_or_else(|| {
            match (format, serde_json::from_str::<Diagnostic>(line)) {
                (Format::Json(_), _) | (_, Err(_)) => format!("{line}\n"),
                (_, Ok(diagnostic)) => diagnostic.rendered.unwrap_or(diagnostic.message),
            }
        });
        all.push_str(&mapping.restore(&text));
    }
    all
}

/// A line of the compiler's output. Where it counts warnings, `left_out` of them are not counted; nothing where none is left to count.
fn counted(line: &str, left_out: usize) -> Option<Cow<'_, str>> {
    let count = || {
        let found: Diagnostic = serde_json::from_str(line).ok()?;
        let counts = found.spans.is_empty() && found.code.is_none();
        let words = found.message.strip_suffix(" emitted").filter(|_| counts)?;
        let words = words.strip_suffix('s').unwrap_or(words);
        let words = words.strip_suffix(" warning")?;
        let digits = words.rfind(|c: char| !c.is_ascii_digit());
        let start = digits.map_or(0, |at| at + 1);
        let before = found.message[..start].to_owned();
        Some((before, words[start..].parse::<usize>().ok()?, found.message))
    };
    let Some((before, all, message)) = (left_out > 0).then(count).flatten() else {
        return Some(line.into());
    };
    let rest = all.saturating_sub(left_out);
    let new = match (rest, before.strip_suffix("; ")) {
        (0, None) => return None,
        (0, Some(errors)) => errors.to_owned(),
        (1, _) => format!("{before}1 warning emitted"),
        _ => format!("{before}{rest} warnings emitted"),
    };
    // In `message` and in `rendered`.
    Some(line.replace(&message, &new).into())
}

/// A line of the compiler's output in the call's form, if it is a diagnostic of which the original sources say something else.
fn restored(
    line: &str,
    format: &Format,
    mapping: &Mapping,
    lowered: Option<&Lowered<'_>>,
) -> Option<String> {
    let lowered = lowered?;
    let mut value: Value = serde_json::from_str(line).ok()?;
    if !restore::restore(&mut value, lowered) {
        return None;
    }
    let diagnostic: Diagnostic = serde_json::from_value(value.clone()).ok()?;
    let text = |name: &str| {
        let own = lowered.original_text(name).map(str::to_owned);
        own.or_else(|| fs_err::read_to_string(mapping.cwd.join(name)).ok())
    };
    let sources = Sources {
        text: &text,
        name: &|name| mapping.restore(name),
    };
    let rendered = rendered::render(&diagnostic, &sources, format.style());
    Some(match format {
        Format::Json(_) => {
            value["rendered"] = Value::String(rendered);
            format!("{value}\n")
        }
        _ => rendered,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_that_are_not_shown_are_not_counted() {
        let line = |message: &str| {
            let rendered = format!("{message}\n\n");
            serde_json::json!({
                "$message_type": "diagnostic", "message": message, "code": null, "level": "warning",
                "spans": [], "children": [], "rendered": rendered,
            })
            .to_string()
        };
        let cases = [
            ("3 warnings emitted", 0, Some("3 warnings emitted")),
            ("3 warnings emitted", 1, Some("2 warnings emitted")),
            ("2 warnings emitted", 1, Some("1 warning emitted")),
            ("1 warning emitted", 1, None),
            (
                "aborting due to 1 previous error; 1 warning emitted",
                1,
                Some("aborting due to 1 previous error"),
            ),
            ("unused variable: `x`", 1, Some("unused variable: `x`")),
        ];
        for (before, left_out, after) in cases {
            let before = line(before);
            let new = counted(&before, left_out);
            assert_eq!(new.as_deref(), after.map(line).as_deref(), "{before}");
        }
    }
}
