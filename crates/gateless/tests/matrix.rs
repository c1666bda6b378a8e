//! `gateless matrix` where nothing can be built: every cell is tried and recorded, and nothing is claimed.

use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};

struct Place {
    _directory: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap().to_owned();
        Self {
            _directory: directory,
            root,
        }
    }

    /// Runs the command without any program on PATH.
    fn matrix(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_gateless"))
            .arg("matrix")
            .args(arguments)
            .env("PATH", self.root.join("none"))
            .env("GATELESS_CACHE", self.root.join("cache"))
            .env_remove("GATELESS_RUSTC")
            .output()
            .unwrap()
    }

    fn records(&self, store: &str) -> Vec<serde_json::Value> {
        let path = self.root.join(store).join("results.jsonl");
        let text = fs_err::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_cell_that_fails_does_not_stop_the_next_and_is_recorded_as_not_built() {
    let place = Place::new();
    let out = place.matrix(&["--arch", "um,aarch64"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    assert!(text(&out).contains("0 of 2 cells good"), "{}", text(&out));
    let records = place.records("cache/results");
    let archs: Vec<_> = records
        .iter()
        .map(|record| &record["cell"]["arch"])
        .collect();
    assert_eq!(archs, ["um", "arm64"], "an alias is the same architecture");
    for record in &records {
        assert_eq!(record["result"]["built"], false);
        assert_eq!(record["result"]["booted"], false);
        assert_eq!(record["failed"]["step"], "build");
        assert!(record["result"].get("log_sha256").is_none());
    }
    let again = place.matrix(&["--arch", "um"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        place.records("cache/results").len(),
        3,
        "what failed is tried again"
    );
}

#[test]
fn results_of_other_places_without_logs_are_refused() {
    let place = Place::new();
    place.matrix(&[
        "--arch",
        "um",
        "--store",
        place.root.join("jobs/1").as_str(),
    ]);
    let collected = place.matrix(&["--collect", place.root.join("jobs").as_str()]);
    assert_eq!(collected.status.code(), Some(1), "{collected:?}");
    let said = String::from_utf8_lossy(&collected.stderr).into_owned();
    assert!(said.contains("um-small-7.3: it cites no log"), "{said}");
    let nowhere = place.matrix(&["--collect", place.root.join("nowhere").as_str()]);
    assert_eq!(nowhere.status.code(), Some(3));
}

#[test]
fn listing_and_emitting_run_nothing() {
    let place = Place::new();
    let list = place.matrix(&["--arch", "arm64,um", "--release", "7.3,7.4", "--list"]);
    assert_eq!(
        text(&list),
        "arm64-small-7.3\narm64-small-7.4\num-small-7.3\num-small-7.4\n"
    );
    let slurm = place.matrix(&["--arch", "arm64,um", "--no-gated", "--emit", "slurm"]);
    assert!(
        text(&slurm).contains("--array=0-1") && text(&slurm).contains("--no-gated"),
        "{}",
        text(&slurm)
    );
    assert!(!place.root.join("cache").exists());
}

/// The very command of each job, but for `--list`, which runs nothing.
#[test]
fn the_command_of_each_emitted_job_is_that_of_its_own_cell_and_installs_unasked() {
    let place = Place::new();
    let emitted = text(&place.matrix(&["--arch", "arm64,um", "--emit", "github-actions"]));
    let command = emitted
        .lines()
        .find_map(|line| line.split_once("- run: target/release/gateless matrix "))
        .map(|(_, command)| command)
        .unwrap();
    let value = |line: &str, key: &str| {
        let (_, value) = line.split_once(key)?;
        Some(value.trim().trim_matches('"').to_owned())
    };
    let names: Vec<String> = emitted
        .lines()
        .filter_map(|line| value(line, "- name: "))
        .collect();
    let arguments: Vec<String> = emitted
        .lines()
        .filter_map(|line| value(line, "arguments: "))
        .collect();
    assert_eq!((names.len(), arguments.len()), (2, 2), "{emitted}");
    for (name, arguments) in names.iter().zip(&arguments) {
        let command = command.replace("${{ matrix.arguments }}", arguments);
        let mut words: Vec<&str> = command.split_whitespace().collect();
        assert!(words.contains(&"--yes"), "{command}");
        words.push("--list");
        assert_eq!(text(&place.matrix(&words)), format!("{name}\n"));
    }
}
