//! What one cell takes: both builds, both boots, and what compares them. Each step is a gateless command of its own.

use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::Result;
use gateless_model::targets::{Cell, Compared, FailedStep, Fidelity, RunRecord, VERSION, Variant};
use serde_json::Value;

use crate::date;

/// A finished command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Exit code; nothing if a signal ended it.
    pub exit: Option<i32>,
    /// What it printed as its answer.
    pub stdout: String,
    /// The end of what it said besides.
    pub stderr: String,
}

/// One gateless command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Arguments, without the program.
    pub arguments: Vec<String>,
    /// The compiler, where the cell names one.
    pub rustc: Option<String>,
}

impl Command {
    /// As it can be typed.
    pub fn shown(&self) -> String {
        let words = std::iter::once("gateless").chain(self.arguments.iter().map(String::as_str));
        let line = shlex::try_join(words).unwrap_or_else(|_| self.arguments.join(" "));
        match &self.rustc {
            Some(rustc) => format!("GATELESS_RUSTC={rustc} {line}"),
            None => line,
        }
    }
}

/// How a cell is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Output directory of the gateless build; the gated one's has `-gated` at its end.
    pub out: Utf8PathBuf,
    /// Whether upstream's own build is made as well, and compared.
    pub gated: bool,
    /// Whether missing packages are installed.
    pub yes: bool,
    /// Processes at a time.
    pub jobs: Option<u16>,
    /// What this gateless is: version and hash of the program.
    pub gateless: String,
    /// Tests that fail in upstream's own builds for the same width and byte order: without a gated build to compare with, they decide nothing.
    pub known_failures: Vec<String>,
}

/// A finished cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The record, its log not kept yet.
    pub record: RunRecord,
    /// The log that it rests on, if there is one.
    pub log: Option<Utf8PathBuf>,
}

/// Runs a cell. `runner` runs one command and is told its name; it fails only if the whole matrix has to stop (an interruption).
///
/// The first step that fails ends the cell, except that boots whose tests failed are still compared.
pub fn run(
    cell: &Cell,
    options: &Options,
    runner: &mut dyn FnMut(&str, &Command) -> Result<Done>,
) -> Result<Finished> {
    let start = Instant::now();
    let mut run = Run {
        cell,
        options,
        runner,
        result: Variant {
            name: cell.arch.clone(),
            preset: Some(cell.preset.clone()),
            ..Variant::default()
        },
        failed: None,
        failed_tests: None,
        failed_names: Vec::new(),
        commands: Vec::new(),
        log: None,
    };
    run.all()?;
    run.judge_failed_tests();
    run.result.date = Some(date::now());
    Ok(Finished {
        record: RunRecord {
            version: VERSION,
            cell: cell.clone(),
            gateless: options.gateless.clone(),
            result: run.result,
            failed: run.failed,
            commands: run.commands,
            seconds: start.elapsed().as_secs(),
        },
        log: run.log,
    })
}

struct Run<'a> {
    cell: &'a Cell,
    options: &'a Options,
    runner: &'a mut dyn FnMut(&str, &Command) -> Result<Done>,
    result: Variant,
    failed: Option<FailedStep>,
    /// The first boot whose tests did not all pass.
    failed_tests: Option<FailedStep>,
    /// The names of the tests that did not pass in the gateless boot.
    failed_names: Vec<String>,
    commands: Vec<String>,
    log: Option<Utf8PathBuf>,
}

/// Whether a compiler is named by its release (`1.85`), rather than by a path.
fn is_release(rustc: &str) -> bool {
    !rustc.contains('/') && rustc.starts_with(|c: char| c.is_ascii_digit())
}

/// How a boot ended.
#[derive(PartialEq, Eq)]
enum Boot {
    /// All tests ran, and passed or not.
    Complete,
    /// The kernel stopped before that, or never came so far.
    Incomplete,
}

impl Run<'_> {
    fn all(&mut self) -> Result<()> {
        let out = self.options.out.clone();
        if !self.build(&out, false)? {
            return Ok(());
        }
        self.result.built = true;
        if self.boot(&out, false)? == Boot::Incomplete {
            return Ok(());
        }
        self.result.booted = true;
        self.attest(&out)?;
        if !self.options.gated {
            return Ok(());
        }
        let gated = Utf8PathBuf::from(format!("{out}-gated"));
        if !self.build(&gated, true)? || self.boot(&gated, true)? == Boot::Incomplete {
            return Ok(());
        }
        self.compare(&out, &gated)?;
        self.fidelity(&gated, &out)
    }

    /// A test that fails in upstream's own build as well says nothing about gateless: it is counted, but the cell is not a failure for it.
    fn judge_failed_tests(&mut self) {
        let alike = self
            .result
            .compared
            .is_some_and(|compared| compared.different == 0);
        let known = &self.options.known_failures;
        let is_known = !self.options.gated
            && !self.failed_names.is_empty()
            && self.failed_names.iter().all(|name| known.contains(name));
        if !alike
            && !is_known
            && let Some(failed) = self.failed_tests.take()
        {
            self.failed = Some(failed);
        }
    }

    fn build(&mut self, out: &Utf8Path, gated: bool) -> Result<bool> {
        let mut arguments = vec![
            "build".to_owned(),
            "--arch".to_owned(),
            self.cell.arch.clone(),
            "--release".to_owned(),
            self.cell.release.clone(),
            "--config".to_owned(),
            self.cell.preset.clone(),
            "--out".to_owned(),
            out.to_string(),
        ];
        arguments.extend(gated.then(|| "--gated".to_owned()));
        arguments.extend(self.options.yes.then(|| "--yes".to_owned()));
        if let Some(jobs) = self.options.jobs {
            arguments.extend(["--jobs".to_owned(), jobs.to_string()]);
        }
        let done = self.step(if gated { "build --gated" } else { "build" }, arguments)?;
        let log = out.join("build.log");
        if !gated && log.is_file() {
            self.log = Some(log);
        }
        Ok(done.exit == Some(0))
    }

    fn boot(&mut self, out: &Utf8Path, gated: bool) -> Result<Boot> {
        let arguments = vec![
            "boot".to_owned(),
            "--no-build".to_owned(),
            "--arch".to_owned(),
            self.cell.arch.clone(),
            "--out".to_owned(),
            out.to_string(),
            "--json".to_owned(),
        ];
        let log = out.join("boot.log");
        // An old console must not be taken for this boot's.
        match fs_err::remove_file(&log) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let done = self.step(if gated { "boot, gated" } else { "boot" }, arguments)?;
        if gated {
            return Ok(complete(&done));
        }
        if log.is_file() {
            self.log = Some(log);
        }
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_default();
        let number = |name: &str| {
            let value = answer.pointer(&format!("/totals/{name}"))?.as_u64()?;
            usize::try_from(value).ok()
        };
        self.result.tests_passed = number("passed");
        self.result.tests_skipped = number("skipped");
        let cases = answer["tests"].as_array().into_iter().flatten();
        let bad =
            cases.filter(|case| !matches!(case["status"].as_str(), Some("passed" | "skipped")));
        let names = bad.map(|case| case["name"].as_str().unwrap_or_default().to_owned());
        // Whatever is wrong besides failed tests is a reason of its own.
        self.failed_names = match answer["reasons"].as_array().map(Vec::len) {
            Some(1) => names.collect(),
            _ => Vec::new(),
        };
        self.result.tests_failed = number("failed").zip(number("crashed")).map(|(a, b)| a + b);
        Ok(complete(&done))
    }

    fn attest(&mut self, out: &Utf8Path) -> Result<()> {
        let done = self.step(
            "attest",
            vec!["attest".to_owned(), "--json".to_owned(), out.to_string()],
        )?;
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_default();
        self.result.attested = Some(answer["gateless"] == true && done.exit == Some(0));
        let crates = answer["crates"].as_array().into_iter().flatten();
        let runs = crates.flat_map(|found| found["runs"].as_array().into_iter().flatten());
        let versions: Vec<&str> = runs.filter_map(|run| run["version"].as_str()).collect();
        self.result.rustc = versions.first().map(|version| {
            let word = version.split_whitespace().nth(1);
            word.unwrap_or(version).to_owned()
        });
        if let Some(weaker) = answer["weaker_than_gated"].as_object() {
            self.result.weaker_than_gated = weaker.keys().cloned().collect();
        }
        self.result.release = release(out);
        Ok(())
    }

    fn compare(&mut self, out: &Utf8Path, gated: &Utf8Path) -> Result<()> {
        let arguments = vec![
            "compare".to_owned(),
            "--json".to_owned(),
            gated.to_string(),
            out.to_string(),
        ];
        let done = self.step("compare", arguments)?;
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_default();
        let alike = answer["same"]
            .as_u64()
            .and_then(|same| usize::try_from(same).ok());
        let different = answer["different"].as_array().map(Vec::len);
        self.result.compared = alike
            .zip(different)
            .map(|(alike, different)| Compared { alike, different });
        Ok(())
    }

    fn fidelity(&mut self, gated: &Utf8Path, out: &Utf8Path) -> Result<()> {
        let arguments = vec![
            "fidelity".to_owned(),
            "--json".to_owned(),
            gated.to_string(),
            out.to_string(),
        ];
        let done = self.step("fidelity", arguments)?;
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_default();
        self.result.fidelity = fidelity(&answer["totals"]);
        Ok(())
    }

    /// Runs one command, and remembers the first that fails; of boots, those that came to an end apart.
    fn step(&mut self, name: &str, mut arguments: Vec<String>) -> Result<Done> {
        // A release is for those to find who take one; to the others the compiler makes no difference.
        let (release, program) = match &self.cell.rustc {
            Some(rustc) if is_release(rustc) => (Some(rustc.clone()), None),
            other => (None, other.clone()),
        };
        if let Some(release) = release
            && matches!(arguments[0].as_str(), "build" | "boot")
        {
            arguments.splice(1..1, ["--toolchain".to_owned(), release]);
        }
        let command = Command {
            arguments,
            rustc: program,
        };
        self.commands.push(command.shown());
        let done = (self.runner)(name, &command)?;
        let booted = command.arguments[0] == "boot" && complete(&done) == Boot::Complete;
        let first = if booted {
            &mut self.failed_tests
        } else {
            &mut self.failed
        };
        if done.exit != Some(0) && first.is_none() {
            *first = Some(FailedStep {
                step: name.to_owned(),
                exit: done.exit,
                message: last_lines(&done.stderr),
            });
        }
        Ok(done)
    }
}

fn complete(done: &Done) -> Boot {
    // 1: a test failed, which is a result (crates/model, exit codes).
    if matches!(done.exit, Some(0 | 1)) {
        Boot::Complete
    } else {
        Boot::Incomplete
    }
}

/// Functions by verdict; everything unexplained counts, of functions or not.
fn fidelity(totals: &Value) -> Option<Fidelity> {
    let number = |kind: &str, name: &str| {
        let value = totals.get(kind)?.get(name)?.as_u64()?;
        usize::try_from(value).ok()
    };
    let mut unexplained = 0;
    for kind in totals.as_object()?.keys() {
        unexplained += number(kind, "unexplained")?;
    }
    Some(Fidelity {
        functions: number("functions", "total")?,
        identical: number("functions", "identical")?,
        explained: number("functions", "explained")?,
        unexplained,
    })
}

/// The release that Kbuild wrote down in the output directory.
fn release(out: &Utf8Path) -> Option<String> {
    let text = fs_err::read_to_string(out.join("include/config/kernel.release")).ok()?;
    let release = text.trim().to_owned();
    (!release.is_empty()).then_some(release)
}

/// The last lines that are worth a look.
fn last_lines(text: &str) -> String {
    const LINES: usize = 8;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell() -> Cell {
        Cell {
            arch: "arm64".to_owned(),
            release: "7.3".to_owned(),
            rustc: Some("/r/rustc".to_owned()),
            preset: "arm64-small".to_owned(),
        }
    }

    const BOOT: &str = r#"{"totals":{"tests":5,"passed":3,"failed":1,"skipped":0,"crashed":1}}"#;
    const ATTEST: &str = r#"{"gateless":true,"crates":[{"runs":[{"version":"rustc 1.95.0 (abc 2026)"}]}],"weaker_than_gated":{"x":["core"]}}"#;
    const FIDELITY: &str = r#"{"totals":{"functions":{"total":9,"identical":7,"explained":2,"unexplained":0},"data":{"total":1,"identical":0,"explained":0,"unexplained":1}}}"#;

    /// Runs the cell with the exit codes that differ from 0, by the first word of the step.
    fn tried(exits: &[(&str, i32)], gated: bool) -> (Finished, Vec<String>) {
        tried_as(exits, gated, r#"{"same":4,"different":[{}]}"#)
    }

    /// The same with another answer of the comparison.
    fn tried_as(exits: &[(&str, i32)], gated: bool, compared: &str) -> (Finished, Vec<String>) {
        tried_with(exits, gated, compared, BOOT)
    }

    /// The same with another answer of the boot.
    fn tried_with(
        exits: &[(&str, i32)],
        gated: bool,
        compared: &str,
        boot: &str,
    ) -> (Finished, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap().join("o");
        fs_err::create_dir_all(out.join("include/config")).unwrap();
        fs_err::write(out.join("include/config/kernel.release"), "7.3.4\n").unwrap();
        let options = Options {
            out: out.clone(),
            gated,
            yes: true,
            jobs: Some(2),
            gateless: "g".to_owned(),
            known_failures: vec!["s.bad".to_owned(), "s.worse".to_owned()],
        };
        let mut names = Vec::new();
        let finished = run(&cell(), &options, &mut |name, command| {
            names.push(name.to_owned());
            assert_eq!(command.rustc.as_deref(), Some("/r/rustc"));
            let stdout = match command.arguments[0].as_str() {
                "boot" => {
                    fs_err::write(out.join("boot.log"), "console").unwrap();
                    boot
                }
                "attest" => ATTEST,
                "compare" => compared,
                "fidelity" => FIDELITY,
                _ => "",
            };
            let exit = exits.iter().find(|(step, _)| *step == name);
            Ok(Done {
                exit: Some(exit.map_or(0, |(_, exit)| *exit)),
                stdout: stdout.to_owned(),
                stderr: "\nwhy\n".to_owned(),
            })
        });
        (finished.unwrap(), names)
    }

    #[test]
    fn a_release_is_given_to_the_steps_that_find_compilers_and_a_path_to_all() {
        let release = Cell {
            rustc: Some("1.85".to_owned()),
            ..cell()
        };
        let directory = tempfile::tempdir().unwrap();
        let options = Options {
            out: Utf8Path::from_path(directory.path()).unwrap().join("o"),
            gated: true,
            yes: false,
            jobs: None,
            gateless: "g".to_owned(),
            known_failures: Vec::new(),
        };
        let finished = run(&release, &options, &mut |_, command| {
            assert_eq!(command.rustc, None);
            Ok(Done {
                exit: Some(0),
                stdout: match command.arguments[0].as_str() {
                    "boot" => BOOT,
                    "attest" => ATTEST,
                    "fidelity" => FIDELITY,
                    _ => r#"{"same":5,"different":[]}"#,
                }
                .to_owned(),
                stderr: String::new(),
            })
        });
        for command in finished.unwrap().record.commands {
            let takes_one = ["gateless build ", "gateless boot "]
                .iter()
                .any(|begin| command.starts_with(begin));
            assert_eq!(
                command.contains(" --toolchain 1.85 "),
                takes_one,
                "{command}"
            );
        }
    }

    #[test]
    fn a_good_cell_does_everything_and_its_numbers_are_those_of_the_answers() {
        let (finished, names) = tried(&[], true);
        assert_eq!(
            names.join("; "),
            "build; boot; attest; build --gated; boot, gated; compare; fidelity"
        );
        let result = finished.record.result;
        assert!(result.built && result.booted && finished.record.failed.is_none());
        assert_eq!(
            (
                result.tests_passed,
                result.tests_failed,
                result.tests_skipped
            ),
            (Some(3), Some(2), Some(0))
        );
        assert_eq!(
            result.compared,
            Some(Compared {
                alike: 4,
                different: 1
            })
        );
        let fidelity = Fidelity {
            functions: 9,
            identical: 7,
            explained: 2,
            unexplained: 1,
        };
        assert_eq!(result.fidelity, Some(fidelity));
        assert_eq!(
            (result.attested, result.weaker_than_gated),
            (Some(true), vec!["x".to_owned()])
        );
        assert_eq!(
            (result.release.as_deref(), result.rustc.as_deref()),
            (Some("7.3.4"), Some("1.95.0"))
        );
        assert!(finished.log.unwrap().ends_with("boot.log"));
        assert!(
            finished.record.commands[0]
                .starts_with("GATELESS_RUSTC=/r/rustc gateless build --arch arm64")
        );
    }

    #[test]
    fn without_a_gated_build_only_tests_that_fail_upstream_too_may_fail() {
        let boot = |names: &[&str], reasons: &str| {
            let cases: Vec<String> = names
                .iter()
                .map(|name| format!(r#"{{"name":"{name}","status":"failed"}}"#))
                .collect();
            format!(
                r#"{{"totals":{{"passed":1,"failed":1,"skipped":0,"crashed":0}},"reasons":[{reasons}],"tests":[{}]}}"#,
                cases.join(",")
            )
        };
        for (names, reasons, is_good) in [
            (&["s.bad"][..], r#""1 of 2 failed""#, true),
            (&["s.bad", "s.other"][..], r#""2 of 2 failed""#, false),
            (
                &["s.bad"][..],
                r#""1 of 2 failed","a suite is missing""#,
                false,
            ),
            (&[][..], r#""a suite is missing""#, false),
        ] {
            let answer = boot(names, reasons);
            let (finished, _) = tried_with(&[("boot", 1)], false, "", &answer);
            assert_eq!(finished.record.failed.is_none(), is_good, "{answer}");
        }
        let answer = boot(&["s.bad"], r#""1 of 2 failed""#);
        let different = r#"{"same":4,"different":[{}]}"#;
        let (finished, _) = tried_with(&[("boot", 1)], true, different, &answer);
        assert!(finished.record.failed.is_some());
    }

    #[test]
    fn a_kernel_that_was_not_built_or_stopped_is_not_called_booted() {
        let (finished, names) = tried(&[("build", 3)], true);
        assert_eq!(names, ["build"]);
        assert!(!finished.record.result.built && !finished.record.result.booted);
        let failed = finished.record.failed.unwrap();
        assert_eq!(
            (failed.step.as_str(), failed.exit, failed.message.as_str()),
            ("build", Some(3), "why")
        );
        for exit in [3, 4, 5, 6] {
            let (finished, names) = tried(&[("boot", exit)], true);
            assert_eq!(names, ["build", "boot"]);
            assert!(finished.record.result.built && !finished.record.result.booted);
        }
    }

    #[test]
    fn failed_tests_and_open_gates_do_not_end_a_cell_and_are_not_forgotten() {
        let (finished, names) = tried(&[("boot", 1), ("fidelity", 1)], true);
        assert_eq!(names.len(), 7);
        assert!(finished.record.result.booted);
        assert_eq!(
            finished.record.failed.unwrap().step,
            "boot",
            "the first that failed"
        );
        let (finished, _) = tried(&[("attest", 1)], false);
        assert_eq!(finished.record.result.attested, Some(false));
    }

    #[test]
    fn tests_that_fail_in_the_gated_build_as_well_are_counted_and_make_no_failed_cell() {
        let both = [("boot", 1), ("boot, gated", 1)];
        let alike = r#"{"same":5,"different":[]}"#;
        let (finished, _) = tried_as(&both, true, alike);
        assert_eq!(finished.record.failed, None);
        assert_eq!(finished.record.result.tests_failed, Some(2));
        let (finished, _) = tried_as(&[both[0], both[1], ("fidelity", 1)], true, alike);
        assert_eq!(finished.record.failed.unwrap().step, "fidelity");
        let (finished, _) = tried(&both, true);
        assert_eq!(
            finished.record.failed.unwrap().step,
            "boot",
            "not the same tests"
        );
        let (finished, _) = tried(&[both[0]], false);
        assert_eq!(
            finished.record.failed.unwrap().step,
            "boot",
            "nothing to compare with"
        );
    }

    #[test]
    fn without_the_gated_build_nothing_is_compared() {
        let (finished, names) = tried(&[], false);
        assert_eq!(names, ["build", "boot", "attest"]);
        assert_eq!(
            (
                finished.record.result.compared,
                finished.record.result.fidelity
            ),
            (None, None)
        );
    }
}
