//! rustc's diagnostics: read as JSON, shown in the form the call asked for, with the kernel's own file names.

use std::io::{IsTerminal, Write};

use cargo_metadata::diagnostic::Diagnostic;
use gateless_lower::Lowered;
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
    let is_shown = |line: &&str| {
        let found = serde_json::from_str::<Diagnostic>(line);
        !lowered.is_some_and(|lowered| found.is_ok_and(|found| lowered.is_of_lowering(&found)))
    };
    for line in stderr.lines().filter(is_shown) {
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
