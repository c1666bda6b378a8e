//! Answers on stdout and failures on stderr.

use std::error::Error;
use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};
use gateless_model::{Failure, Result};

/// Prints one line of an answer on stdout.
///
/// A closed pipe (`| head`) is no error; the exit code stays that of the answer.
pub fn line(text: impl std::fmt::Display) -> Result<()> {
    match writeln!(anstream::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed("stdout can't be written").because(error))
        }
        _ => Ok(()),
    }
}

/// Prints an answer as JSON on stdout.
pub fn json(answer: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(answer)
        .map_err(|error| Failure::failed("the answer can't be written as JSON").because(error))?;
    line(text)
}

/// Prints one line of progress on stderr; if that fails there is nowhere to say so.
pub fn note(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "gateless: {text}");
}

/// Passes on a line of a command's stderr.
pub fn passed_on(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Prints a failure, what caused it, and what to do.
pub fn failure(failure: &Failure) {
    let error = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let help = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    note(format_args!("{error}error{error:#}: {failure}"));
    let mut cause = failure.source();
    while let Some(current) = cause {
        note(format_args!("caused by: {current}"));
        cause = current.source();
    }
    if let Some(text) = failure.help.as_deref().filter(|text| !text.is_empty()) {
        note(format_args!("{help}help{help:#}: {text}"));
    }
}
