//! rustc's diagnostics: read as JSON, shown in the form the call asked for, with the kernel's own file names.

use std::io::{IsTerminal, Write};

use cargo_metadata::diagnostic::Diagnostic;

use crate::invocation::{Invocation, Kind};
use crate::mapping::Mapping;

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

/// The diagnostics in what the compiler printed.
pub fn parse(stderr: &str) -> Vec<Diagnostic> {
    stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// Prints what the compiler said to standard error.
pub fn show(stderr: &str, format: &Format, mapping: &Mapping) {
    let mut out = std::io::stderr().lock();
    for line in stderr.lines() {
        let text = match (format, serde_json::from_str::<Diagnostic>(line)) {
            (Format::Json(_), _) | (_, Err(_)) => format!("{line}\n"),
            (_, Ok(diagnostic)) => diagnostic.rendered.unwrap_or(diagnostic.message),
        };
        // Nobody is left to tell when standard error is closed.
        let _ = out.write_all(mapping.restore(&text).as_bytes());
    }
}
