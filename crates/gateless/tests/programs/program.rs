//! Building one program by both compilers, and comparing all that can be seen.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::verdict::Verdict;

/// How long a compiled program may run.
const TIME: Duration = Duration::from_secs(20);

/// How long a compiler may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// A program: one file, and the libraries that it uses.
#[derive(Debug, Clone)]
pub struct Program {
    /// The file's name without its extension.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    edition: String,
    flags: Vec<String>,
    kind: Kind,
    /// Whether it is only checked, and neither built nor run.
    pub is_only_checked: bool,
    /// Libraries that it uses, by name.
    libraries: Vec<(String, Program)>,
}

/// What is made of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Program,
    Library,
    Macros,
}

impl Program {
    /// The program in a file, with the libraries of its group that lie in `directory`.
    pub fn of(path: &Path, directory: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let group = name.split('_').next().unwrap();
        let mut libraries = Vec::new();
        for (kind, own_name, suffix) in [
            (Kind::Library, "lib", "lib"),
            (Kind::Macros, group, "macros"),
        ] {
            let library = directory.join(format!("{group}_{suffix}.rs"));
            if library.is_file() && library != path && !name.ends_with("_macros") {
                let mut library = Self::of_file(&library);
                library.kind = kind;
                libraries.push((own_name.to_owned(), library));
            }
        }
        let mut program = Self::of_file(path);
        if name.ends_with("_macros") {
            program.kind = Kind::Macros;
        }
        program.libraries = libraries;
        program
    }

    /// The program in a file that uses no library of its own.
    pub fn of_file(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let directive = |name: &str| {
            let mut values = text.lines().filter_map(|line| {
                let (key, value) = line.strip_prefix("//@")?.split_once(':')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            });
            values.next()
        };
        let is_program = text.contains("fn main");
        Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            path: path.to_owned(),
            edition: directive("edition").unwrap_or("2021".to_owned()),
            flags: directive("compile-flags")
                .map(|flags| flags.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            kind: if is_program {
                Kind::Program
            } else {
                Kind::Library
            },
            is_only_checked: false,
            libraries: Vec::new(),
        }
    }
}

/// How the two compilers compare.
pub struct Compared {
    /// In a word.
    pub verdict: Verdict,
    /// Whether the gated compiler accepts the program.
    pub is_valid: bool,
    /// Whether it names a feature that is none of those which gateless lowers, so that it is refused before anything is compiled.
    pub is_beyond: bool,
    /// What kind of difference it is: the first error of gateless, without what is this program's own.
    pub reason: String,
    /// The difference in words.
    pub why: String,
}

/// Who compiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compiler {
    Gated,
    Gateless,
}

/// What came of a program.
struct Outcome {
    /// Whether the compiler accepted it.
    accepted: bool,
    /// The compiler's diagnostics: level, code, message, primary spans.
    diagnostics: Vec<String>,
    /// Everything that it printed.
    stderr: String,
    /// Exit, standard output and standard error of the program.
    ran: Option<(String, String, String)>,
}

/// A directory for what is compiled, with the wrapper in it.
pub struct Bench(tempfile::TempDir);

impl Bench {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        symlink(
            env!("CARGO_BIN_EXE_gateless"),
            directory.path().join("gateless-rustc"),
        )?;
        Ok(Self(directory))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Compares what comes of a program.
    pub fn compare(&self, program: &Program) -> Compared {
        let gated = self.outcome(program, Compiler::Gated);
        let gateless = self.outcome(program, Compiler::Gateless);
        let verdict = match (gated.accepted, gateless.accepted) {
            (true, true) if gated.ran != gateless.ran => Verdict::Miscompile,
            (false, true) => Verdict::FalseAccept,
            (true, false) => Verdict::RefusesValid,
            _ if gated.diagnostics != gateless.diagnostics
                || gateless.stderr.contains("__gateless") =>
            {
                Verdict::DifferentMessage
            }
            _ => Verdict::Agrees,
        };
        let told = |outcome: &Outcome| {
            format!(
                "accepted: {}\n{}\nran: {:?}",
                outcome.accepted,
                outcome.diagnostics.join("\n"),
                outcome.ran
            )
        };
        let other = if gateless.diagnostics.is_empty() {
            &gateless.stderr
        } else {
            ""
        };
        Compared {
            verdict,
            is_valid: gated.accepted,
            is_beyond: gateless.stderr.starts_with("error: gateless: ")
                && gateless.stderr.contains(": the feature `"),
            reason: reason(&gated, &gateless),
            why: format!(
                "== gated compiler\n{}\n== gateless-rustc\n{}\n{other}",
                told(&gated),
                told(&gateless)
            ),
        }
    }

    fn outcome(&self, program: &Program, compiler: Compiler) -> Outcome {
        let directory = self.0.path().join(format!("{compiler:?}"));
        std::fs::create_dir_all(&directory).unwrap();
        let mut externs = Vec::new();
        let mut libraries_accepted = true;
        let mut told = String::new();
        for (name, library) in &program.libraries {
            let file = match library.kind {
                Kind::Macros => format!("lib{name}.so"),
                _ => format!("lib{name}.rlib"),
            };
            let output = directory.join(file);
            let ran = self.compile(library, compiler, Some(name), &output, &[]);
            libraries_accepted &= ran.status.success();
            told.push_str(&String::from_utf8_lossy(&ran.stderr));
            externs.push(format!("--extern={name}={}", output.display()));
        }
        let output = directory.join("out");
        let ran = self.compile(program, compiler, None, &output, &externs);
        told.push_str(&String::from_utf8_lossy(&ran.stderr));
        let accepted = libraries_accepted && ran.status.success();
        Outcome {
            accepted,
            diagnostics: diagnostics(&told),
            stderr: told,
            ran: (accepted && program.kind == Kind::Program && !program.is_only_checked)
                .then(|| run(&output)),
        }
    }

    fn compile(
        &self,
        program: &Program,
        compiler: Compiler,
        name: Option<&str>,
        output: &Path,
        externs: &[String],
    ) -> Output {
        let mut command = match compiler {
            Compiler::Gated => {
                let mut command = Command::new("rustc");
                command.env("RUSTC_BOOTSTRAP", "1");
                command
            }
            Compiler::Gateless => {
                let mut command = Command::new(self.0.path().join("gateless-rustc"));
                command.env_remove("RUSTC_BOOTSTRAP");
                command
            }
        };
        // Both see the same relative name, which is part of what a program can print.
        command
            .current_dir(program.path.parent().unwrap())
            .env_remove("srctree")
            .env_remove("objtree")
            .arg(program.path.file_name().unwrap())
            .args(["--edition", &program.edition, "--error-format=json"])
            .args(&program.flags)
            .args(externs)
            .arg("-o")
            .arg(output);
        match program.kind {
            Kind::Program => {}
            Kind::Library => {
                command.arg("--crate-type=lib");
            }
            Kind::Macros => {
                command.arg("--crate-type=proc-macro");
            }
        }
        if program.is_only_checked {
            command.arg("--emit=metadata");
        }
        if let Some(name) = name {
            command.arg(format!("--crate-name={name}"));
        }
        limited(command, PATIENCE)
    }
}

/// Runs a compiled program; addresses are made to be the same each time where the machine allows it.
fn run(program: &Path) -> (String, String, String) {
    let mut command = Command::new("setarch");
    command.arg("-R").arg(program).env("RUST_BACKTRACE", "0");
    let output = limited(command, TIME);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.to_string(),
        text(&output.stdout),
        without_thread_numbers(&text(&output.stderr)),
    )
}

/// `thread 'main' (1234) panicked`: the number is another one each time.
fn without_thread_numbers(text: &str) -> String {
    let mut parts = text.split("' (");
    let mut new = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        new.push_str("' (");
        new.push_str(rest);
    }
    new
}

/// The output of a command, which is ended when it takes too long.
fn limited(mut command: Command, time: Duration) -> Output {
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str| files.path().join(name);
    let create = |name: &str| std::fs::File::create(file(name)).unwrap();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(create("out"))
        .stderr(create("err"))
        .spawn()
        .unwrap();
    let start = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if start.elapsed() > time => {
                child.kill().unwrap();
                break child.wait().unwrap();
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    Output {
        status,
        stdout: std::fs::read(file("out")).unwrap(),
        stderr: std::fs::read(file("err")).unwrap(),
    }
}

/// The first thing that only gateless says, or only the gated compiler: without what stands in quotes, and without places.
fn reason(gated: &Outcome, gateless: &Outcome) -> String {
    let only = |one: &Outcome, other: &Outcome| {
        let mut lines = one.diagnostics.iter();
        let line = lines.find(|line| !other.diagnostics.contains(line))?;
        let (_, text) = line.split_once(' ').unwrap_or_default();
        Some(text.trim_start().to_owned())
    };
    let own = || {
        let mut lines = gateless.stderr.lines();
        let line = lines.find_map(|line| line.strip_prefix("error: gateless: "))?;
        let told = line.split_once("can't be lowered here: ");
        // Without the place.
        let rest = || line.split_once(": ").map_or(line, |(_, rest)| rest);
        Some(told.map_or_else(rest, |(_, why)| why).to_owned())
    };
    let missing = || only(gated, gateless).map(|line| format!("without: {line}"));
    let found = own().or_else(|| only(gateless, gated)).or_else(missing);
    let found = found.unwrap_or_default();
    let parts = found.split('`').enumerate();
    let parts = parts.map(|(i, part)| if i % 2 == 1 { "_" } else { part });
    parts.collect::<Vec<_>>().join("`")
}

/// What a user is told, one line a diagnostic, in the order of the places.
fn diagnostics(stderr: &str) -> Vec<String> {
    let found: BTreeSet<String> = stderr
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|value| value["$message_type"] == "diagnostic")
        .filter(|value| {
            let text = value["message"].as_str().unwrap_or_default();
            // Sums of the others.
            !(text.starts_with("aborting due to")
                || text.contains("warning emitted")
                || text.contains("warnings emitted"))
                && value["level"] != "failure-note"
        })
        .map(|value| {
            let spans = value["spans"].as_array().into_iter().flatten();
            let places: Vec<String> = spans
                .filter(|span| span["is_primary"] == true)
                .map(|span| {
                    format!(
                        "{}:{}:{}-{}:{}",
                        span["file_name"].as_str().unwrap_or_default(),
                        span["line_start"],
                        span["column_start"],
                        span["line_end"],
                        span["column_end"]
                    )
                })
                .collect();
            format!(
                "{} {} {}: {}",
                places.join(", "),
                value["level"].as_str().unwrap_or_default(),
                value["code"]["code"].as_str().unwrap_or("-"),
                value["message"].as_str().unwrap_or_default()
            )
        })
        .collect();
    found.into_iter().collect()
}
