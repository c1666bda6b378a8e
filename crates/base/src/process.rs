//! Child processes: small tools run for their answer, and how a process ended.

use std::process::{Command, ExitStatus, Output, Stdio};

use camino::Utf8Path;
use gateless_model::{Failure, Result};

/// Runs `program` with `args` and returns what it printed on stdout.
///
/// The locale is C, stdin is empty. An exit status other than 0 is an error that carries what it says is wrong.
pub fn stdout(program: &Utf8Path, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args);
    stdout_of(&mut command)
}

/// Like [`stdout`], for a command that is already set up.
pub fn stdout_of(command: &mut Command) -> Result<String> {
    let output = output_of(command)?;
    if !output.status.success() {
        return Err(failed(command, &output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end with empty stdin and the C locale; only a command that can't be started is an error.
pub fn output_of(command: &mut Command) -> Result<Output> {
    command.env("LC_ALL", "C").stdin(Stdio::null());
    command.output().map_err(|error| {
        Failure::failed(format!("`{}` can't be run", shown(command))).because(error)
    })
}

/// The exit code to end with after a child that ended with `status`: its own, or 1 where a signal ended it.
pub fn exit_code(status: ExitStatus) -> u8 {
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}

fn failed(command: &Command, output: &Output) -> Failure {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let (said, help) = said(&stderr);
    let failure = Failure::failed(format!(
        "`{}` failed ({}): {said}",
        shown(command),
        output.status
    ));
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// What a tool says is wrong, and what it says to do: its first line that is marked as an error, with the help below it, else its last line.
fn said(stderr: &str) -> (&str, Option<&str>) {
    let mut lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let error = lines
        .clone()
        .skip_while(|line| !line.starts_with("error:"))
        .take(2);
    match *error.collect::<Vec<_>>() {
        [error] => (error, None),
        [error, next] => (error, next.strip_prefix("help: ")),
        _ => (lines.next_back().unwrap_or("nothing on stderr"), None),
    }
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|arg| arg.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Result<String> {
        stdout("sh".into(), &["-c", script])
    }

    #[test]
    fn a_tool_is_asked_in_the_c_locale_and_without_input() {
        assert_eq!(sh("echo $LC_ALL; cat").unwrap(), "C\n");
    }

    #[test]
    fn an_error_is_repeated_and_not_what_follows_it() {
        let rustup = "error: toolchain '1.99.0' is not installed\nhelp: run `rustup toolchain install` to install it\n\nStack backtrace:\n 12: <unknown>\n";
        assert_eq!(
            said(rustup),
            (
                "error: toolchain '1.99.0' is not installed",
                Some("run `rustup toolchain install` to install it")
            )
        );
        assert_eq!(said("first\nlast\n"), ("last", None));
    }

    #[test]
    fn a_tool_that_fails_or_is_missing_is_named_with_what_it_said() {
        let failure = sh("echo first >&2; echo last >&2; exit 2").unwrap_err();
        assert!(
            failure.what.ends_with("failed (exit status: 2): last"),
            "{failure}"
        );
        let missing = stdout("/no/such/tool".into(), &["-x"]).unwrap_err();
        assert_eq!(missing.what, "`/no/such/tool -x` can't be run");
    }

    #[test]
    fn a_child_that_a_signal_ended_never_counts_as_success() {
        let status = |script: &str| Command::new("sh").args(["-c", script]).status().unwrap();
        assert_eq!(exit_code(status("exit 0")), 0);
        assert_eq!(exit_code(status("exit 101")), 101);
        assert_eq!(exit_code(status("kill -KILL $$")), 1);
    }
}
