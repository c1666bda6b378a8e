//! Running small tools for their answer.

use std::process::{Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

/// Runs `program` with `args` and returns what it printed on stdout.
///
/// The locale is C, stdin is empty. An exit status other than 0 is an error that carries the last line of stderr.
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
        Failure::failed(format!("`{}` can't be run", name(command))).because(error)
    })
}

fn failed(command: &Command, output: &Output) -> Failure {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last = stderr
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .unwrap_or("nothing on stderr");
    Failure::failed(format!(
        "`{}` failed ({}): {last}",
        name(command),
        output.status
    ))
}

fn name(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|arg| arg.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// The absolute path of the first executable `name` in the directories of PATH, symbolic links not resolved.
pub fn find_on_path(name: &str) -> Option<Utf8PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter_map(|directory| Utf8PathBuf::from_path_buf(directory).ok())
        .map(|directory| directory.join(name))
        .find(|candidate| is_executable(candidate))
        .and_then(|found| camino::absolute_utf8(found).ok())
}

/// Whether `path` is a file that somebody may execute.
pub fn is_executable(path: &Utf8Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
