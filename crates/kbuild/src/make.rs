//! Running make: its output into a log, its progress to the caller, its first error into the failure.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use camino::Utf8PathBuf;
use gateless_model::{Failure, Result};

use crate::environment::Change;
use gateless_base::progress::Progress;

/// How make is called for one output directory.
#[derive(Debug, Clone)]
pub struct Make {
    /// The kernel tree, absolute.
    pub tree: Utf8PathBuf,
    /// The output directory (`O=`), absolute.
    pub out: Utf8PathBuf,
    /// Kbuild's ARCH.
    pub arch: String,
    /// Processes at a time (`-j`).
    pub jobs: usize,
    /// Further variables for the command line.
    pub variables: Vec<(String, String)>,
    /// Changes to the environment.
    pub environment: Vec<Change>,
    /// All output is appended to this file; absolute.
    pub log: Utf8PathBuf,
}

/// Lines of an error that are repeated to the user; the log has them all.
const ERROR_LINES: usize = 30;

impl Make {
    /// The arguments for `goals` (goals and further variables).
    pub fn arguments(&self, goals: &[String]) -> Vec<String> {
        let mut arguments = vec![
            "-C".to_owned(),
            self.tree.to_string(),
            format!("-j{}", self.jobs),
            format!("O={}", self.out),
            format!("ARCH={}", self.arch),
        ];
        arguments.extend(
            self.variables
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        arguments.extend(goals.iter().cloned());
        arguments
    }

    /// Starts a new log.
    pub fn begin_log(&self) -> Result<()> {
        let mut text = format!("# gateless {}\n", env!("CARGO_PKG_VERSION"));
        for change in &self.environment {
            text += &match &change.value {
                None => format!("# removed from the environment: {}\n", change.name),
                Some(value) => format!("# set in the environment: {}={value}\n", change.name),
            };
        }
        fs_err::write(&self.log, text)?;
        Ok(())
    }

    /// Runs make for `goals`; every file compiled is one tick.
    ///
    /// A make that fails is a [`Failure`] with the first error in it.
    pub fn run(&self, goals: &[String], progress: &mut dyn Progress) -> Result<()> {
        let arguments = self.arguments(goals);
        let mut log = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)?;
        writeln!(log, "# make {}", arguments.join(" "))?;

        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new("make");
        command
            .args(&arguments)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        for change in &self.environment {
            match &change.value {
                Some(value) => command.env(&change.name, value),
                None => command.env_remove(&change.name),
            };
        }
        let mut child = command.spawn().map_err(|error| {
            Failure::failed("`make` can't be run")
                .because(error)
                .help("run `gateless doctor`, which says how to install it")
        })?;
        // Its copies of the pipe's end must go, or reading would never end.
        drop(command);

        let mut errors = Errors::default();
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        let copied: std::io::Result<()> = loop {
            line.clear();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => break Ok(()),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
            if let Err(error) = log.write_all(&line) {
                break Err(error);
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if let Some(compiled) = compiled(text) {
                progress.tick(compiled);
            }
            errors.add(text);
        };
        // With the reading end gone, a make that still runs ends at its next line of output.
        drop(reader);
        let status = child.wait()?;
        copied?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failure(status, errors))
        }
    }

    fn failure(&self, status: ExitStatus, errors: Errors) -> Failure {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("make failed with exit status {code}"),
            (None, Some(signal)) => format!("make was stopped by signal {signal}"),
            (None, None) => "make failed".to_owned(),
        };
        let lines = errors.lines.join("\n");
        Failure::failed(format!(
            "{how}{}{lines}",
            if lines.is_empty() { "" } else { ":\n" }
        ))
        .help(format!("the whole output is in {}", self.log))
    }
}

/// What a line of Kbuild's output says was made, as in `  RUSTC L rust/kernel.o` or, with V=1, `# CC      init/main.o`.
fn compiled(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("  ")
        .or_else(|| line.strip_prefix("# "))?;
    let (command, _) = rest.split_once(' ')?;
    let known = [
        "CC",
        "AS",
        "LD",
        "AR",
        "RUSTC",
        "RUSTDOC",
        "CLIPPY",
        "BINDGEN",
        "EXPORTS",
        "HOSTCC",
        "HOSTLD",
        "HOSTRUSTC",
        "GEN",
        "UPD",
    ];
    known.contains(&command).then_some(rest)
}

/// The first error in an output, and the lines after it.
#[derive(Debug, Default)]
struct Errors {
    lines: Vec<String>,
}

impl Errors {
    fn add(&mut self, line: &str) {
        let begins = || {
            let lower = line.to_ascii_lowercase();
            // Kconfig's `*** Default configuration is based on` is none, make's `*** No rule to make` is one.
            let shouted = line.contains("***")
                && !line.starts_with("*** Default configuration")
                && line != "***";
            shouted
                || lower.starts_with("error")
                || lower.contains("error:")
                || lower.contains(": error")
                || lower.contains("undefined reference")
                || lower.contains("no space left")
        };
        let noise = || compiled(line).is_some() || line.contains("ing directory '");
        if self.lines.len() < ERROR_LINES && (!self.lines.is_empty() || begins()) && !noise() {
            self.lines.push(line.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateless_base::progress::Silent;

    fn make(root: &camino::Utf8Path) -> Make {
        Make {
            tree: root.to_owned(),
            out: root.join("out"),
            arch: "um".to_owned(),
            jobs: 3,
            variables: vec![("RUSTC".to_owned(), "/r".to_owned())],
            environment: vec![
                Change {
                    name: "MAKEFLAGS".to_owned(),
                    value: None,
                },
                Change {
                    name: "MAKELEVEL".to_owned(),
                    value: None,
                },
            ],
            log: root.join("build.log"),
        }
    }

    #[test]
    fn the_table_of_arguments_is_what_kbuild_expects() {
        let arguments = make("/t".into()).arguments(&["V=1".to_owned(), "prepare".to_owned()]);
        assert_eq!(
            arguments,
            [
                "-C", "/t", "-j3", "O=/t/out", "ARCH=um", "RUSTC=/r", "V=1", "prepare"
            ]
        );
    }

    #[test]
    fn a_failing_make_shows_its_first_error_and_names_the_log() {
        let root = tempfile::tempdir().unwrap();
        let root = camino::Utf8Path::from_path(root.path()).unwrap();
        fs_err::write(root.join("Makefile"), "all:\n\t@echo '  CC      a.o'\n\t@echo 'a.c:1: error: bad thing'\n\t@echo more\n\t@false\n").unwrap();
        let make = make(root);
        make.begin_log().unwrap();
        let failure = make.run(&[], &mut Silent).unwrap_err();
        assert!(
            failure.what.contains("exit status 2")
                && failure.what.contains("a.c:1: error: bad thing\nmore"),
            "{}",
            failure.what
        );
        assert!(!failure.what.contains("a.o"));
        assert!(failure.help.unwrap().contains("build.log"));
        let log = fs_err::read_to_string(&make.log).unwrap();
        assert!(
            log.contains("# removed from the environment: MAKEFLAGS")
                && log.contains("CC      a.o")
                && log.contains("bad thing")
        );
    }

    #[test]
    fn what_was_compiled_is_seen_in_quiet_and_in_verbose_output() {
        assert_eq!(
            compiled("  RUSTC L rust/kernel.o"),
            Some("RUSTC L rust/kernel.o")
        );
        assert_eq!(
            compiled("# CC      init/main.o"),
            Some("CC      init/main.o")
        );
        assert_eq!(compiled("  gcc -c x.c"), None);
        assert_eq!(compiled("make[1]: Entering directory '/x'"), None);
    }
}
