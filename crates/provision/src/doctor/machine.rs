//! Programs and C headers of this machine.

use std::process::Command;

use camino::Utf8Path;
use gateless_base::{process, program};
use gateless_model::{Failure, Result, Version};

/// The program's path, with its version where a minimum is given; `name` may be a path.
pub(super) fn find_program(name: &str, minimum: Option<Version>) -> Result<String> {
    let path = if name.contains('/') {
        Some(Utf8Path::new(name).to_owned()).filter(|path| program::is_executable(path))
    } else {
        program::find(name)
    };
    let path = path.ok_or_else(|| {
        Failure::no(if name.contains('/') {
            format!("{name} is no program that can be run")
        } else {
            format!("no `{name}` on PATH")
        })
    })?;
    let Some(minimum) = minimum else {
        return Ok(path.to_string());
    };
    let output = process::output_of(Command::new(&path).arg("--version"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    match text.lines().find_map(last_version) {
        Some(found) if found >= minimum => Ok(format!("{found} ({path})")),
        Some(found) => Err(Failure::no(format!("{path} is {found}, which is too old"))),
        None => Err(Failure::no(format!("`{path} --version` prints no version"))),
    }
}

/// The program of a command: what comes before it is a wrapper, as in `ccache gcc`.
fn program_of(command: &str) -> &str {
    command.split_whitespace().last().unwrap_or_default()
}

/// GNU tools print the distribution's package version in parentheses before their own.
fn last_version(line: &str) -> Option<Version> {
    line.split_whitespace().rev().find_map(Version::find)
}

/// Whether the compiler of host programs (a command, perhaps with a wrapper) finds a header. Where that compiler is missing, which is said by itself,
/// another one is asked.
pub(super) fn find_header(file: &str, host: &str) -> Result<String> {
    let is_there = |command: &str| find_program(program_of(command), None).is_ok();
    let Some(asked) = [host, "cc", "gcc", "clang"]
        .into_iter()
        .find(|command| is_there(command))
    else {
        return match Utf8Path::new("/usr/include").join(file) {
            path if path.is_file() => Ok(path.into_string()),
            path => Err(Failure::no(format!(
                "no {path}, and no C compiler to ask for another place"
            ))),
        };
    };
    let mut words = asked.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .args(["-E", "-include", file, "-x", "c", "/dev/null"]);
    match process::stdout_of(&mut command) {
        Ok(_) => Ok(file.to_owned()),
        Err(_) => Err(Failure::no(format!("{asked} does not find {file}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_own_version_is_read_and_not_its_packages() {
        assert_eq!(
            last_version("gcc (Debian 12.2.0-14+deb12u1) 12.2.1"),
            Some(Version::new(12, 2, 1))
        );
        assert_eq!(
            last_version("GNU ld (GNU Binutils for Debian) 2.40"),
            Some(Version::new(2, 40, 0))
        );
        assert_eq!(last_version("bc 1.07.1"), Some(Version::new(1, 7, 1)));
        assert_eq!(
            last_version("Copyright 1991-1994, 1997 Free Software Foundation, Inc."),
            None
        );
    }
}
