//! What a boot comes to: passed, or why not.

use gateless_model::Exit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::console::Ended;
use crate::ktap::{Document, Status, Test};
use crate::trouble::{Kind, Trouble};

/// What a boot comes to. Each has an exit code of its own, which scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every planned test has a result, none failed, and at least one passed.
    Passed,
    /// A test failed or has no result, a suite that should be there is not, or the kernel went wrong after its tests.
    Failed,
    /// The kernel panicked, oopsed or just stopped before the last plan was complete.
    Panic,
    /// The time limit was reached.
    Timeout,
    /// The kernel ended by itself and never printed KTAP.
    NoKtap,
}

impl Outcome {
    /// The exit code of `gateless boot`.
    pub fn exit(self) -> Exit {
        match self {
            Outcome::Passed => Exit::Yes,
            Outcome::Failed => Exit::No,
            Outcome::Panic => Exit::Panic,
            Outcome::Timeout => Exit::Timeout,
            Outcome::NoKtap => Exit::NoKtap,
        }
    }
}

/// An outcome with its reasons, the most important first; no reasons if it is [`Outcome::Passed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What it comes to.
    pub outcome: Outcome,
    /// Why, for people.
    pub reasons: Vec<String>,
}

impl Verdict {
    fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Verdict {
            outcome,
            reasons: vec![reason.into()],
        }
    }
}

/// Judges a boot by its documents, the trouble on its console and the way it ended.
///
/// `absent` names tests that the build promises and that are not in the log (see [`crate::expected`]).
pub fn judge(
    documents: &[Document],
    trouble: &[Trouble],
    ended: &Ended,
    absent: &[String],
) -> Verdict {
    let complete = complete_line(documents);
    let place = stopped_at(documents);
    let fatal = trouble.iter().find(|trouble| match trouble.kind {
        Kind::Panic | Kind::Oops => complete.is_none_or(|line| trouble.line < line),
        // Without any test this is a kernel without KUnit; between tests it is the end of them.
        Kind::NoRoot => !documents.is_empty() && complete.is_none_or(|line| trouble.line < line),
        Kind::Bug | Kind::Warning | Kind::Executor => false,
    });
    if let Some(fatal) = fatal {
        let text = &fatal.text;
        return Verdict::new(
            Outcome::Panic,
            format!("line {}: {text}{place}", fatal.line),
        );
    }
    let when = if complete.is_some() {
        ", after all tests had ended"
    } else {
        &place
    };
    match ended {
        Ended::TimedOut(limit) => {
            return Verdict::new(
                Outcome::Timeout,
                format!("no end within {} s{when}", limit.as_secs_f64()),
            );
        }
        Ended::Flooded(bytes) => {
            return Verdict::new(
                Outcome::Timeout,
                format!("no end within {} MiB of output{when}", bytes >> 20),
            );
        }
        Ended::Exited(_) | Ended::Killed(_) | Ended::Unknown => {}
    }
    if documents.is_empty() {
        let mut verdict = Verdict::new(
            Outcome::NoKtap,
            format!("no KTAP on the console{}", manner(ended)),
        );
        verdict.reasons.extend(
            trouble
                .iter()
                .map(|trouble| format!("line {}: {}", trouble.line, trouble.text)),
        );
        return verdict;
    }
    let unplanned = documents
        .iter()
        .find(|document| document.main.plan.is_none());
    if complete.is_none() && unplanned.is_none() {
        return Verdict::new(
            Outcome::Panic,
            format!(
                "the kernel stopped before its tests were complete{}{place}",
                manner(ended)
            ),
        );
    }
    let mut reasons = failures(documents);
    if let Some(document) = unplanned {
        reasons.push(format!(
            "the KTAP from line {} on has no plan: tests may be missing",
            document.first_line
        ));
    }
    reasons.extend(absent.iter().cloned());
    reasons.extend(
        trouble
            .iter()
            .filter(|trouble| {
                matches!(
                    trouble.kind,
                    Kind::Panic | Kind::Oops | Kind::Bug | Kind::Executor
                )
            })
            .map(|trouble| format!("line {}: {}", trouble.line, trouble.text)),
    );
    let no_root = trouble.iter().any(|trouble| trouble.kind == Kind::NoRoot);
    if !no_root && !matches!(ended, Ended::Exited(0) | Ended::Unknown) {
        reasons.push(format!("the machine did not end cleanly{}", manner(ended)));
    }
    let outcome = if reasons.is_empty() {
        Outcome::Passed
    } else {
        Outcome::Failed
    };
    Verdict { outcome, reasons }
}

/// The line at which the last plan was complete, if all are.
fn complete_line(documents: &[Document]) -> Option<usize> {
    documents
        .iter()
        .map(|document| document.complete_line)
        .try_fold(None, |last, line| Some(last.max(Some(line?))))?
}

fn manner(ended: &Ended) -> String {
    match ended {
        Ended::Exited(code) => format!(" (exit code {code})"),
        Ended::Killed(signal) => format!(" (killed by signal {signal})"),
        Ended::TimedOut(_) | Ended::Flooded(_) | Ended::Unknown => String::new(),
    }
}

/// `, in suite S after its test T`, for a kernel that stopped in the middle.
fn stopped_at(documents: &[Document]) -> String {
    let Some(document) = documents.last() else {
        return ", before any test".to_owned();
    };
    let last = document.main.subtests.last();
    match last {
        Some(suite) if suite.parent && suite.result_line.is_none() => {
            let after = suite
                .subtests
                .iter()
                .rev()
                .find(|test| test.result_line.is_some());
            let after = after.map_or("before its first test ended".to_owned(), |test| {
                format!("after test {}", test.name)
            });
            format!(", in suite {}, {after}", suite.name)
        }
        Some(suite) => format!(", after suite {}", suite.name),
        None => ", before the first suite".to_owned(),
    }
}

fn failures(documents: &[Document]) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut passed = 0;
    for document in documents {
        let counts = document.main.counts;
        passed += counts.passed;
        if counts.failed > 0 {
            reasons.push(match counts.failed {
                1 => "1 test failed".to_owned(),
                number => format!("{number} tests failed"),
            });
        }
        if counts.crashed > 0 {
            reasons.push(match counts.crashed {
                1 => "1 test has no result".to_owned(),
                number => format!("{number} tests have no result"),
            });
        }
        losses(&document.main, "", &mut reasons);
    }
    if passed == 0 {
        reasons.push("no test passed".to_owned());
    }
    reasons
}

/// Problems of the documents with which results may be lost, apart from missing tests, which are counted above.
fn losses(test: &Test, path: &str, reasons: &mut Vec<String>) {
    use crate::ktap::ProblemKind::MissingTests;
    for problem in &test.problems {
        if problem.kind.is_loss() && !matches!(problem.kind, MissingTests(_)) {
            reasons.push(format!(
                "line {}: {}{}",
                problem.line,
                prefix(path),
                problem.kind
            ));
        }
    }
    if test.subtests.is_empty() && test.status == Status::NoTests && test.problems.is_empty() {
        reasons.push(format!("{}no test ran", prefix(path)));
    }
    for sub in &test.subtests {
        let path = if path.is_empty() {
            sub.name.clone()
        } else {
            format!("{path}.{}", sub.name)
        };
        losses(sub, &path, reasons);
    }
}

fn prefix(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{ktap, trouble};

    fn verdict(log: &str, ended: &Ended) -> (Outcome, String) {
        let lines = ktap::split(log.as_bytes());
        let verdict = judge(&ktap::parse(&lines), &trouble::find(&lines), ended, &[]);
        assert_eq!(
            verdict.reasons.is_empty(),
            verdict.outcome == Outcome::Passed,
            "{verdict:?}"
        );
        (verdict.outcome, verdict.reasons.join("; "))
    }

    const GOOD: &str = "\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: s
    1..2
    ok 1 a
    ok 2 b
ok 1 s
";
    const NO_ROOT: &str =
        "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(98,0)\n";
    const PANIC: &str = "Kernel panic - not syncing: Segfault with no mm\n";
    const OK: Ended = Ended::Exited(0);
    const HUNG: Ended = Ended::TimedOut(Duration::from_secs(9));

    #[test]
    fn a_complete_log_passes() {
        assert_eq!(verdict(GOOD, &OK).0, Outcome::Passed);
    }

    #[test]
    fn no_root_file_system_after_the_tests_is_no_failure() {
        assert_eq!(
            verdict(&format!("{GOOD}{NO_ROOT}"), &Ended::Killed(6)).0,
            Outcome::Passed
        );
        assert_eq!(
            verdict(&format!("{GOOD}{NO_ROOT}"), &Ended::Exited(1)).0,
            Outcome::Passed
        );
    }

    #[test]
    fn one_failing_test_fails_the_boot() {
        let (outcome, reasons) = verdict(&GOOD.replace("    ok 2", "    not ok 2"), &OK);
        assert_eq!(
            (outcome, reasons.as_str()),
            (Outcome::Failed, "1 test failed")
        );
    }

    #[test]
    fn a_panic_in_the_middle_of_a_suite_is_told_with_its_place() {
        for (cut, place) in [
            ("    ok 2", "in suite s, after test a"),
            ("    ok 1", "in suite s, before its first test"),
        ] {
            for panic in [PANIC, NO_ROOT, "Oops: 0002 [#1]\n"] {
                for ended in [&OK, &Ended::Killed(6), &HUNG, &Ended::Unknown] {
                    let log = format!("{}{panic}", GOOD.split(cut).next().unwrap());
                    let (outcome, reasons) = verdict(&log, ended);
                    assert_eq!(outcome, Outcome::Panic, "{log}");
                    assert!(
                        reasons.contains(place) && reasons.contains(panic.trim()),
                        "{reasons}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_oops_from_which_the_kernel_recovers_is_still_one() {
        let log = GOOD.replace("    ok 2", "Oops: 0002 [#1]\n    ok 2");
        assert_eq!(verdict(&log, &OK).0, Outcome::Panic);
    }

    #[test]
    fn a_panic_before_any_test_is_no_missing_ktap() {
        assert_eq!(verdict(PANIC, &Ended::Killed(6)).0, Outcome::Panic);
    }

    #[test]
    fn a_panic_after_the_tests_does_not_pass() {
        assert_eq!(
            verdict(&format!("{GOOD}{PANIC}"), &Ended::Killed(6)).0,
            Outcome::Failed
        );
    }

    #[test]
    fn a_kernel_that_hangs_is_told_from_one_that_panics() {
        let (outcome, reasons) = verdict(GOOD.split("    ok 2").next().unwrap(), &HUNG);
        assert_eq!(
            (outcome, reasons.as_str()),
            (
                Outcome::Timeout,
                "no end within 9 s, in suite s, after test a"
            )
        );
        assert_eq!(verdict("Linux version 7.3.4\n", &HUNG).0, Outcome::Timeout);
        assert_eq!(verdict(GOOD, &HUNG).0, Outcome::Timeout);
        assert_eq!(verdict(GOOD, &Ended::Flooded(1 << 20)).0, Outcome::Timeout);
    }

    #[test]
    fn a_kernel_that_stops_silently_does_not_pass() {
        for (index, _) in GOOD.match_indices('\n').rev().skip(1) {
            let (outcome, _) = verdict(&GOOD[..=index], &OK);
            let expected = if index < GOOD.find("\n1..1").unwrap() + 1 {
                Outcome::Failed
            } else {
                Outcome::Panic
            };
            assert_eq!(outcome, expected, "{}", &GOOD[..=index]);
        }
    }

    #[test]
    fn a_kernel_without_tests_is_told() {
        for log in ["", "Linux version 7.3.4\n", NO_ROOT, "kunit: disabled\n"] {
            assert_eq!(verdict(log, &OK).0, Outcome::NoKtap, "{log}");
        }
    }

    #[test]
    fn nothing_but_skipped_tests_is_no_success() {
        let log = "KTAP version 1\n1..1\nok 1 s # SKIP no\n";
        assert_eq!(
            verdict(log, &OK),
            (Outcome::Failed, "no test passed".to_owned())
        );
        assert_eq!(verdict("KTAP version 1\n1..0\n", &OK).0, Outcome::Failed);
    }

    #[test]
    fn one_incomplete_document_among_several_is_not_forgotten() {
        let log = format!("{}{GOOD}", GOOD.split("ok 1 s").next().unwrap());
        assert_ne!(verdict(&log, &OK).0, Outcome::Passed);
    }

    #[test]
    fn a_promised_suite_that_is_absent_fails() {
        let lines = ktap::split(GOOD.as_bytes());
        let verdict = judge(
            &ktap::parse(&lines),
            &[],
            &OK,
            &["suite x is absent".to_owned()],
        );
        assert_eq!(
            (verdict.outcome, verdict.reasons),
            (Outcome::Failed, vec!["suite x is absent".to_owned()])
        );
    }

    #[test]
    fn a_crash_of_the_machine_after_the_tests_does_not_pass() {
        assert_eq!(verdict(GOOD, &Ended::Killed(11)).0, Outcome::Failed);
        assert_eq!(verdict(GOOD, &Ended::Exited(134)).0, Outcome::Failed);
    }

    #[test]
    fn a_bug_message_between_passing_tests_is_not_passed_over() {
        let log = GOOD.replace("    ok 2", "BUG: scheduling while atomic\n    ok 2");
        assert_eq!(
            verdict(&log, &OK),
            (
                Outcome::Failed,
                "line 7: BUG: scheduling while atomic".to_owned()
            )
        );
    }
}
