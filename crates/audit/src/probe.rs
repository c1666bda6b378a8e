//! The smallest programs that need each entry of the ledger, given to compilers.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_ledger::{Entry, Observed, Probe, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::parallel;
use gateless_rustc::answers::Answers;
use gateless_rustc::diagnostic::{self, Event, Said};

/// The answer of `gateless probe`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Matrix {
    /// 1.
    pub version: u32,
    /// The compilers, in the order asked.
    pub compilers: Vec<Asked>,
    /// One per entry of the ledger.
    pub entries: Vec<Row>,
}

/// A compiler that was asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// Program.
    pub path: String,
    /// Release.
    pub release: String,
}

/// One entry.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Why no program can show it, for those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
    /// One per compiler.
    pub results: Vec<Outcome>,
}

/// What one compiler made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// `accepted`, `gated`, `absent`; nothing if it could not be tried.
    pub observed: Option<String>,
    /// The compiler's first words when it refused, or why it could not be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Whether the ledger's status for this compiler says the same; nothing if either does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_agrees: Option<bool>,
}

/// Probes all `entries` with all compilers.
pub fn matrix(entries: &[(&str, &Entry)], compilers: &[Utf8PathBuf]) -> io::Result<Matrix> {
    let asked: Vec<Answers> = compilers
        .iter()
        .map(|path| Answers::ask(path))
        .collect::<io::Result<_>>()?;
    let jobs: Vec<(usize, usize)> = (0..entries.len())
        .flat_map(|entry| (0..asked.len()).map(move |compiler| (entry, compiler)))
        .collect();
    let outcomes = parallel::map(&jobs, |&(entry, compiler)| {
        outcome(entries[entry].1, &asked[compiler])
    });
    let mut results: BTreeMap<(usize, usize), Outcome> = jobs.into_iter().zip(outcomes).collect();
    let rows = entries
        .iter()
        .enumerate()
        .map(|(i, (id, entry))| Row {
            id: (*id).to_owned(),
            none: entry.probe.as_ref().and_then(|probe| probe.none.clone()),
            results: (0..asked.len())
                .filter_map(|compiler| results.remove(&(i, compiler)))
                .collect(),
        })
        .collect();
    Ok(Matrix {
        version: 1,
        compilers: asked
            .iter()
            .map(|compiler| Asked {
                path: compiler.path.to_string(),
                release: compiler.release.clone(),
            })
            .collect(),
        entries: rows,
    })
}

fn outcome(entry: &Entry, compiler: &Answers) -> Outcome {
    let untried = |why: String| Outcome {
        observed: None,
        says: Some(why),
        ledger_agrees: None,
    };
    let Some(probe) = &entry.probe else {
        return untried("the entry has no probe".to_owned());
    };
    if let Some(why) = &probe.none {
        return untried(why.clone());
    }
    match observe(probe, compiler) {
        Ok((Some(observed), says)) => Outcome {
            observed: Some(name(observed).to_owned()),
            says,
            ledger_agrees: agrees(entry, observed, compiler),
        },
        Ok((None, says)) => untried(says.unwrap_or_default()),
        Err(error) => untried(error.to_string()),
    }
}

/// `accepted`, `gated` or `absent`.
pub fn name(observed: Observed) -> &'static str {
    match observed {
        Observed::Accepted => "accepted",
        Observed::Gated => "gated",
        Observed::Absent => "absent",
    }
}

/// Whether the ledger says what was observed: its record for this release, else its `status` and `stable_since`.
fn agrees(entry: &Entry, observed: Observed, compiler: &Answers) -> Option<bool> {
    if let Some(recorded) = entry.observed.get(&compiler.release) {
        return Some(*recorded == observed);
    }
    let is_stable = match entry.status_for(compiler.minor()) {
        Status::Stable => true,
        Status::Unknown => return None,
        Status::Unstable | Status::PermaUnstable | Status::Wish => false,
    };
    Some(is_stable == (observed == Observed::Accepted))
}

/// Compiles a probe without gates, then with them. Nothing is observed where a crate of the standard library is missing.
pub fn observe(
    probe: &Probe,
    compiler: &Answers,
) -> io::Result<(Option<Observed>, Option<String>)> {
    let program = if probe.rustdoc {
        let beside = compiler.path.with_file_name("rustdoc");
        if !beside.is_file() {
            return Ok((None, Some("no rustdoc beside this compiler".to_owned())));
        }
        beside
    } else {
        compiler.path.clone()
    };
    let targets: Vec<Option<&str>> = if probe.target.is_empty() {
        vec![None]
    } else {
        probe
            .target
            .iter()
            .map(|target| Some(target.as_str()))
            .collect()
    };
    let mut says = None;
    for open in [false, true] {
        for target in &targets {
            let (success, stderr) = compile(probe, &program, *target, open)?;
            let told = diagnostic::parse(&stderr);
            let stderr = diagnostic::rendered(&stderr);
            let is_missing = |event: Event<'_>| matches!(event.said, Said::MissingCrate { .. });
            if Event::all(&told).into_iter().any(is_missing) {
                let what = first_error(&stderr).unwrap_or_default();
                return Ok((None, Some(format!("not tried: {what}"))));
            }
            let warned = probe
                .warning
                .as_ref()
                .is_some_and(|words| stderr.contains(words));
            if success && open {
                return Ok((Some(Observed::Gated), says));
            }
            if success && !warned {
                return Ok((Some(Observed::Accepted), None));
            }
            if !open {
                says = says.or_else(|| first_error(&stderr));
            }
        }
    }
    Ok((Some(Observed::Absent), says))
}

fn compile(
    probe: &Probe,
    program: &Utf8Path,
    target: Option<&str>,
    open: bool,
) -> io::Result<(bool, String)> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("probe.rs");
    let gate = if open { probe.gate.as_str() } else { "" };
    let no_std = if probe.source.contains("no_core") {
        ""
    } else {
        "#![no_std]\n"
    };
    fs_err::write(&file, format!("{gate}\n{no_std}{}", probe.source))?;
    let mut command = Command::new(program);
    command
        .current_dir(directory.path())
        .arg("--error-format=json");
    if let Some(target) = target {
        fs_err::write(directory.path().join("probe.json"), target)?;
        command.arg("--target=probe.json");
    }
    match (probe.rustdoc, probe.emit.as_deref()) {
        (true, _) => {
            command.arg("-o").arg(directory.path().join("doc"));
        }
        (false, Some("cfg")) => {
            command.arg("--print=cfg");
        }
        (false, emit) => {
            let emit = emit.unwrap_or("metadata");
            command
                .arg(format!("--emit={emit}"))
                .arg("--out-dir")
                .arg(directory.path());
        }
    }
    if !probe.rustdoc && probe.emit.as_deref() == Some("cfg") && probe.source.is_empty() {
        command.arg("--crate-type=lib");
    } else {
        command
            .args(["--crate-type=lib", "--edition=2021"])
            .arg(&file);
    }
    command.args(&probe.args);
    if open {
        command.args(&probe.gate_args).env("RUSTC_BOOTSTRAP", "1");
    } else {
        // A nightly compiler, too, answers as a stable one would.
        command.env("RUSTC_BOOTSTRAP", "-1");
    }
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| {
            io::Error::new(error.kind(), format!("`{program}` can't be run: {error}"))
        })?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.success(), stderr))
}

fn first_error(stderr: &str) -> Option<String> {
    let is_error = |line: &&str| line.starts_with("error") || line.starts_with("warning");
    stderr.lines().find(is_error).map(str::to_owned)
}

/// The matrix for people.
pub fn text(matrix: &Matrix) -> String {
    let mut lines = vec![format!(
        "{:<32} {}",
        "",
        matrix
            .compilers
            .iter()
            .map(|compiler| format!("{:<9}", compiler.release))
            .collect::<String>()
            .trim_end()
    )];
    for row in matrix.entries.iter().filter(|row| row.none.is_none()) {
        let cells: String = row
            .results
            .iter()
            .map(|result| {
                let word = result.observed.as_deref().unwrap_or("-");
                let mark = if result.ledger_agrees == Some(false) {
                    "!"
                } else {
                    ""
                };
                format!("{:<9}", format!("{word}{mark}"))
            })
            .collect();
        lines.push(format!("{:<32} {}", row.id, cells.trim_end()));
    }
    lines.push(String::new());
    lines.push(
        "accepted: without a gate; gated: with the gate open; absent: not in this compiler; -: could not be tried; !: the ledger says otherwise"
            .to_owned(),
    );
    let none = matrix
        .entries
        .iter()
        .filter(|row| row.none.is_some())
        .count();
    lines.push(format!(
        "{} entries probed; {none} can't be shown by a program (--json says why)",
        matrix.entries.len() - none
    ));
    lines.join("\n")
}
