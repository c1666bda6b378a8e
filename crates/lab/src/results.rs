//! The answer of a boot: every test by its full name, and what else happened. Printed as JSON, kept as
//! `OUT/boot.json`, compared by [`crate::compare`].

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, hash};
use gateless_model::{Failure, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::console::Ended;
use crate::expected::Expected;
use crate::figures::{self, Figure};
use crate::ktap::{self, Document, Status, Test};
use crate::outcome::{self, Outcome};
use crate::trouble::{self, Trouble};
use crate::vulnerabilities;

/// Version of the shape.
pub const VERSION: u32 = 1;

/// Lines of a failed test that are kept.
const FIRST_LINES: usize = 12;

/// Everything that is known about one boot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// [`VERSION`].
    pub version: u32,
    /// What it comes to.
    pub outcome: Outcome,
    /// Why it did not pass; empty if it passed.
    pub reasons: Vec<String>,
    /// Numbers of test cases over everything.
    pub totals: Totals,
    /// Suites in the order of the log.
    pub suites: Vec<Suite>,
    /// Test cases in the order of the log.
    pub tests: Vec<Case>,
    /// Panics, oopses, warnings and the like on the console.
    pub trouble: Vec<Trouble>,
    /// What the kernel says of the processor's vulnerabilities and its mitigations, line by line.
    #[serde(default)]
    pub vulnerabilities: Vec<String>,
    /// Where the log is not what KTAP asks for, or the build's promises are unclear.
    pub notes: Vec<String>,
    /// What the machine was emulated by; nothing for a kernel that is a program itself, and where only a log was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<Emulator>,
    /// Path of the raw console log.
    pub log: String,
    /// SHA-256 of the raw console log.
    pub log_sha256: String,
    /// What was found out about the boot from outside of the machine, in KTAP as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_logs: Vec<FurtherLog>,
}

/// What emulated a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Emulator {
    /// What it says of its version.
    pub version: String,
    /// Its arguments that take the place of the tree's, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
}

/// KTAP that gateless wrote down about a machine, and what it was written down from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FurtherLog {
    /// Path.
    pub path: String,
    /// SHA-256.
    pub sha256: String,
}

/// Numbers of test cases; a case is a test without subtests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// All of them.
    pub tests: usize,
    /// `ok`.
    pub passed: usize,
    /// `not ok`.
    pub failed: usize,
    /// `ok ... # SKIP`.
    pub skipped: usize,
    /// Planned, but without a result.
    pub crashed: usize,
}

/// One suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Name.
    pub name: String,
    /// Its own result.
    pub status: CaseStatus,
    /// Numbers of its cases.
    pub totals: Totals,
}

/// One test case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Full name: suite and case (and parameter), with dots between. No two cases have the same.
    pub name: String,
    /// How it ended.
    pub status: CaseStatus,
    /// How long it took in seconds by the kernel's clock, where the console prints times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Where it is in the source, if it says so (doctests do).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_reason: Option<String>,
    /// What the kernel printed before a result that is not good: the first lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub message: Vec<String>,
    /// What it printed for two boots to be compared by (`# prints: TEXT`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prints: Vec<String>,
    /// What it measured (`# figure: NAME VALUE UNIT`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<Figure>,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaseStatus {
    /// `ok`.
    Passed,
    /// `not ok`.
    Failed,
    /// `ok ... # SKIP`.
    Skipped,
    /// Planned, but without a result.
    Crashed,
    /// A suite in which no test ran.
    NoTests,
}

impl CaseStatus {
    /// Whether this is a result that one can be content with.
    pub fn is_good(self) -> bool {
        matches!(self, CaseStatus::Passed | CaseStatus::Skipped)
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            CaseStatus::Passed => "passed",
            CaseStatus::Failed => "failed",
            CaseStatus::Skipped => "skipped",
            CaseStatus::Crashed => "no result",
            CaseStatus::NoTests => "no tests",
        }
    }
}

impl From<Status> for CaseStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Passed => CaseStatus::Passed,
            Status::Failed => CaseStatus::Failed,
            Status::Skipped => CaseStatus::Skipped,
            Status::Crashed => CaseStatus::Crashed,
            Status::NoTests => CaseStatus::NoTests,
        }
    }
}

impl Results {
    /// Reads the console log at `log` and judges it, given how the machine ended and what the build promises.
    ///
    /// # Errors
    /// If the log can't be read.
    pub fn from_log(log: &Utf8Path, ended: &Ended, expected: &Expected) -> Result<Results> {
        Results::from_logs(log, &[], ended, expected)
    }

    /// The same, with KTAP about the machine in further files, which is read as if it came after the console.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn from_logs(
        log: &Utf8Path,
        further: &[Utf8PathBuf],
        ended: &Ended,
        expected: &Expected,
    ) -> Result<Results> {
        let bytes = fs_err::read(log)?;
        let mut more = Vec::new();
        for path in further {
            more.push((path.as_path(), fs_err::read(path)?));
        }
        Ok(Results::from_bytes(&bytes, log, &more, ended, expected))
    }

    fn from_bytes(
        bytes: &[u8],
        log: &Utf8Path,
        further: &[(&Utf8Path, Vec<u8>)],
        ended: &Ended,
        expected: &Expected,
    ) -> Results {
        let mut lines = ktap::split(bytes);
        let mut documents = ktap::parse(&lines);
        let trouble = trouble::find(&lines);
        for (_, text) in further {
            let more = ktap::split(text);
            let mut new = ktap::parse(&more);
            for document in &mut new {
                document.move_down(lines.len());
            }
            documents.extend(new);
            lines.extend(more);
        }
        let verdict = outcome::judge(&documents, &trouble, ended, &expected.absent(&documents));
        let mut results = Results {
            version: VERSION,
            outcome: verdict.outcome,
            reasons: verdict.reasons,
            totals: Totals::default(),
            suites: Vec::new(),
            tests: Vec::new(),
            trouble,
            vulnerabilities: vulnerabilities::find(&lines),
            notes: Vec::new(),
            emulator: None,
            log: log.to_string(),
            log_sha256: hash::sha256(bytes),
            further_logs: further
                .iter()
                .map(|(path, text)| FurtherLog {
                    path: path.to_string(),
                    sha256: hash::sha256(text),
                })
                .collect(),
        };
        for document in &documents {
            results.add(document);
        }
        make_unique(&mut results.tests);
        let unclear = expected.unclear.iter();
        results.notes.extend(
            unclear.map(|(name, reason)| format!("suite {name} may be missing or not: {reason}")),
        );
        results
    }

    /// Reads results that were written as JSON.
    ///
    /// # Errors
    /// If the file can't be read, is of another version, or of another shape.
    pub fn from_json(path: &Utf8Path) -> Result<Results> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let wrong =
            |error| Failure::failed(format!("{path} has no results of a boot")).because(error);
        let bytes = fs_err::read(path)?;
        let found: Versioned = serde_json::from_slice(&bytes).map_err(wrong)?;
        if found.version != VERSION {
            return Err(Failure::failed(format!(
                "{path} has version {}, not {VERSION}",
                found.version
            ))
            .help("boot again with this gateless"));
        }
        serde_json::from_slice(&bytes).map_err(wrong)
    }

    /// The results as JSON with a final newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("no map with other keys than strings, no failing type");
        text.push('\n');
        text
    }

    /// Writes the results as JSON to the file `path`, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write(&self, path: &Utf8Path) -> Result<()> {
        files::write(path, self.to_json())
    }

    fn add(&mut self, document: &Document) {
        let main = &document.main;
        self.note(main, "");
        self.totals = sum(self.totals, totals(main));
        for (index, suite) in main.subtests.iter().enumerate() {
            let name = named(suite, index);
            self.suites.push(Suite {
                name: name.clone(),
                status: suite.status.into(),
                totals: totals(suite),
            });
            self.cases(suite, &name);
        }
        self.missing(main, "");
    }

    fn cases(&mut self, test: &Test, name: &str) {
        self.note(test, name);
        let leaf = test.subtests.is_empty() && test.missing == 0;
        let sub_failed = test
            .subtests
            .iter()
            .map(|sub| sub.counts.failed)
            .sum::<usize>();
        if leaf || test.counts.failed > sub_failed {
            // A suite with a failure of its own, such as its exit function, is a case too.
            self.tests.push(case(
                test,
                name,
                if leaf { test.status } else { Status::Failed },
            ));
        }
        for (index, sub) in test.subtests.iter().enumerate() {
            self.cases(sub, &format!("{name}.{}", named(sub, index)));
        }
        self.missing(test, name);
    }

    fn missing(&mut self, test: &Test, name: &str) {
        let first = test.subtests.len() + 1;
        let dot = if name.is_empty() { "" } else { "." };
        for number in first..first + test.missing {
            // The kernel was in the first of them when it stopped.
            let message = if number == first {
                first_lines(&test.log)
            } else {
                Vec::new()
            };
            self.tests.push(Case {
                name: format!("{name}{dot}(number {number})"),
                status: CaseStatus::Crashed,
                seconds: None,
                location: None,
                skip_reason: None,
                message,
                prints: Vec::new(),
                figures: Vec::new(),
            });
        }
    }

    fn note(&mut self, test: &Test, name: &str) {
        let colon = if name.is_empty() { "" } else { ": " };
        self.notes.extend(
            test.problems
                .iter()
                .map(|problem| format!("line {}: {name}{colon}{}", problem.line, problem.kind)),
        );
        self.notes.extend(
            figures::figures(&test.log)
                .err()
                .map(|what| format!("{name}{colon}{what}")),
        );
    }
}

fn totals(test: &Test) -> Totals {
    let counts = test.counts;
    Totals {
        tests: counts.total(),
        passed: counts.passed,
        failed: counts.failed,
        skipped: counts.skipped,
        crashed: counts.crashed,
    }
}

fn sum(a: Totals, b: Totals) -> Totals {
    Totals {
        tests: a.tests + b.tests,
        passed: a.passed + b.passed,
        failed: a.failed + b.failed,
        skipped: a.skipped + b.skipped,
        crashed: a.crashed + b.crashed,
    }
}

fn named(test: &Test, index: usize) -> String {
    if test.name.is_empty() {
        format!("(number {})", index + 1)
    } else {
        test.name.clone()
    }
}

fn case(test: &Test, name: &str, status: Status) -> Case {
    let status = CaseStatus::from(status);
    let marker = format!("# {}.location: ", test.name);
    Case {
        name: name.to_owned(),
        status,
        seconds: test.seconds,
        location: test
            .log
            .iter()
            .find_map(|line| Some(line.trim().strip_prefix(&marker)?.to_owned())),
        skip_reason: Some(test.skip_reason.clone()).filter(|_| status == CaseStatus::Skipped),
        message: if status.is_good() {
            Vec::new()
        } else {
            first_lines(&test.log)
        },
        prints: figures::prints(&test.log),
        figures: figures::figures(&test.log).unwrap_or_default(),
    }
}

fn first_lines(log: &[String]) -> Vec<String> {
    let said = log
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty() && !is_attribute(line));
    let mut lines: Vec<String> = said.map(str::to_owned).collect();
    if lines.len() > FIRST_LINES {
        let more = lines.len() - FIRST_LINES;
        lines.truncate(FIRST_LINES);
        lines.push(format!("({more} more lines in the log)"));
    }
    lines
}

/// KUnit's attributes (`# case.speed: normal`) say nothing about a failure.
fn is_attribute(line: &str) -> bool {
    line.starts_with("# ") && (line.contains(".speed: ") || line.starts_with("# speed: "))
}

/// Two modules may have a suite of the same name; each case still needs a name of its own.
fn make_unique(tests: &mut [Case]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for test in tests {
        let count = seen.entry(test.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            test.name = format!("{} (again, {count})", test.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
KTAP version 1
1..3
    KTAP version 1
    # Subtest: s
    1..3
    # a.location: rust/kernel/a.rs:1
    # a.speed: normal
    # a: ASSERTION FAILED at rust/kernel/a.rs:3
    Expected 1 == 2
    not ok 1 a
    ok 2 b # SKIP not here
    ok 3 b
not ok 1 s
ok 2 t
";

    fn results() -> Results {
        Results::from_bytes(
            LOG.as_bytes(),
            Utf8Path::new("boot.log"),
            &[],
            &Ended::Exited(0),
            &Expected::default(),
        )
    }

    #[test]
    fn every_test_is_listed_once_by_its_full_name() {
        let tests = results().tests;
        let listed: Vec<_> = tests
            .iter()
            .map(|test| (test.name.as_str(), test.status.word()))
            .collect();
        let expected = [
            ("s.a", "failed"),
            ("s.b", "skipped"),
            ("s.b (again, 2)", "passed"),
            ("t", "passed"),
            ("(number 3)", "no result"),
        ];
        assert_eq!(listed, expected);
        assert_eq!(results().totals.tests, tests.len());
    }

    #[test]
    fn a_failure_has_its_place_and_its_first_lines() {
        let failed = &results().tests[0];
        assert_eq!(failed.location.as_deref(), Some("rust/kernel/a.rs:1"));
        let message = [
            "# a.location: rust/kernel/a.rs:1",
            "# a: ASSERTION FAILED at rust/kernel/a.rs:3",
            "Expected 1 == 2",
        ];
        assert_eq!(failed.message, message);
    }

    #[test]
    fn a_suite_that_fails_by_itself_is_listed() {
        let log = "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: s\n  1..1\n  ok 1 a\nnot ok 1 s\n";
        let results = Results::from_bytes(
            log.as_bytes(),
            Utf8Path::new("x"),
            &[],
            &Ended::Exited(0),
            &Expected::default(),
        );
        let listed: Vec<_> = results
            .tests
            .iter()
            .map(|test| (test.name.as_str(), test.status.word()))
            .collect();
        assert_eq!(listed, [("s", "failed"), ("s.a", "passed")]);
        assert_eq!(results.totals.failed, 1);
    }

    #[test]
    fn json_survives_a_round_trip_and_other_versions_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("boot.json");
        results().write(&path).unwrap();
        assert_eq!(Results::from_json(&path).unwrap(), results());
        fs_err::write(&path, "{\"version\": 2}").unwrap();
        assert!(
            Results::from_json(&path)
                .unwrap_err()
                .what
                .ends_with("has version 2, not 1")
        );
        fs_err::write(&path, "KTAP version 1").unwrap();
        assert!(
            Results::from_json(&path)
                .unwrap_err()
                .what
                .ends_with("has no results of a boot")
        );
    }

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_answer() {
        let mut schema = serde_json::to_string_pretty(&schemars::schema_for!(Results)).unwrap();
        schema.push('\n');
        expect_test::expect_file!["../schema/boot.json"].assert_eq(&schema);
    }

    #[test]
    fn the_hash_is_that_of_the_log() {
        // sha256sum of nothing.
        let results = Results::from_bytes(
            b"",
            Utf8Path::new("x"),
            &[],
            &Ended::Unknown,
            &Expected::default(),
        );
        assert_eq!(
            results.log_sha256,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
