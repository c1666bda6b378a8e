//! A matrix for schedulers that exist: one job a cell, and one that puts the results together.

mod github_actions;
mod gitlab;
mod slurm;

use gateless_model::targets::Cell;

/// A scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduler {
    /// A workflow for GitHub Actions.
    GithubActions,
    /// A pipeline for GitLab CI.
    Gitlab,
    /// A batch script for Slurm: a job array.
    Slurm,
}

/// The text for a scheduler. `options` go to every job's `gateless matrix`.
pub fn emit(scheduler: Scheduler, cells: &[Cell], options: &[String]) -> String {
    let jobs: Vec<Job> = cells.iter().map(|cell| Job::of(cell, options)).collect();
    match scheduler {
        Scheduler::GithubActions => github_actions::emit(&jobs),
        Scheduler::Gitlab => gitlab::emit(&jobs),
        Scheduler::Slurm => slurm::emit(&jobs),
    }
}

/// One cell's job.
struct Job {
    /// Name: letters, digits, dots and dashes.
    name: String,
    /// Arguments of `gateless matrix`, as one line of shell.
    arguments: String,
}

impl Job {
    fn of(cell: &Cell, options: &[String]) -> Self {
        let mut words = vec![
            "--arch",
            &cell.arch,
            "--release",
            &cell.release,
            "--preset",
            &cell.preset,
        ];
        if let Some(rustc) = &cell.rustc {
            words.extend(["--rustc", rustc]);
        }
        words.extend(options.iter().map(String::as_str));
        Self {
            name: crate::plan::slug(cell),
            // Null characters can't be in arguments.
            arguments: shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" ")),
        }
    }
}

/// A text in double quotes, as YAML takes it: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Vec<Cell> {
        ["um", "arm64"]
            .map(|arch| Cell {
                arch: arch.to_owned(),
                release: "7.3".to_owned(),
                rustc: (arch == "um").then(|| "/opt/my rust/rustc".to_owned()),
                preset: format!("{arch}-small"),
            })
            .to_vec()
    }

    #[test]
    fn each_form_has_every_cell_and_collects() {
        let github = emit(Scheduler::GithubActions, &cells(), &["--yes".to_owned()]);
        expect_test::expect_file!["../../tests/github-actions.yml"].assert_eq(&github);
        let gitlab = emit(Scheduler::Gitlab, &cells(), &["--yes".to_owned()]);
        expect_test::expect_file!["../../tests/gitlab-ci.yml"].assert_eq(&gitlab);
        let slurm = emit(Scheduler::Slurm, &cells(), &["--yes".to_owned()]);
        expect_test::expect_file!["../../tests/slurm.sh"].assert_eq(&slurm);
        for text in [github, gitlab, slurm] {
            assert!(
                text.contains("um-small")
                    && text.contains("--arch arm64 --release 7.3 --preset arm64-small --yes"),
                "{text}"
            );
            assert!(text.contains("matrix --collect"), "{text}");
        }
    }

    #[test]
    fn the_script_for_slurm_is_a_shell_script_that_runs_the_cell_of_its_number() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("job.sh");
        fs_err::write(&script, emit(Scheduler::Slurm, &cells(), &[])).unwrap();
        let bin = directory.path().join("bin");
        fs_err::create_dir(&bin).unwrap();
        for (name, text) in [
            ("srun", "#!/bin/sh\nexec \"$@\"\n"),
            ("gateless", "#!/bin/sh\nfor word; do echo \"$word\"; done\n"),
        ] {
            let path = bin.join(name);
            fs_err::write(&path, text).unwrap();
            use std::os::unix::fs::PermissionsExt as _;
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let output = std::process::Command::new("bash")
            .arg(&script)
            .current_dir(directory.path())
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("SLURM_ARRAY_TASK_ID", "0")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        assert!(
            text.contains("matrix\n--arch\num\n") && text.contains("--rustc\n/opt/my rust/rustc\n"),
            "{text}"
        );
    }
}
