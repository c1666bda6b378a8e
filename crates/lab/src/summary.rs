//! Results for people.

use std::fmt::Write as _;

use crate::outcome::Outcome;
use crate::results::{Case, Results, Totals};
use crate::trouble::Kind;

/// Failures, kernel messages and notes that are written in full.
const MOST: usize = 20;

/// The results as text: the suites, then what went wrong, then one line with the numbers and one with the outcome.
pub fn summary(results: &Results) -> String {
    let mut text = String::new();
    suites(&mut text, results);
    let bad: Vec<&Case> = results
        .tests
        .iter()
        .filter(|test| !test.status.is_good())
        .collect();
    section(&mut text, "failures", &bad, failure);
    let trouble: Vec<_> = results
        .trouble
        .iter()
        .filter(|trouble| trouble.kind != Kind::NoRoot)
        .collect();
    section(&mut text, "the kernel said", &trouble, |trouble| {
        format!(
            "  line {} ({}): {}\n",
            trouble.line, trouble.kind, trouble.text
        )
    });
    figures(&mut text, results);
    section(&mut text, "notes", &results.notes, |note| {
        format!("  {note}\n")
    });
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}", totals(results.totals));
    let _ = writeln!(text, "{}", verdict(results));
    let _ = writeln!(text, "console: {}", results.log);
    if let Some(emulator) = &results.emulator {
        let _ = writeln!(text, "emulator: {}", emulator.version);
        for replaced in &emulator.replaced {
            let _ = writeln!(text, "  {replaced}");
        }
    }
    text
}

fn suites(text: &mut String, results: &Results) {
    let width = results
        .suites
        .iter()
        .map(|suite| suite.name.chars().count())
        .max()
        .unwrap_or(0);
    for suite in &results.suites {
        let _ = writeln!(
            text,
            "{:width$}  {}: {}",
            suite.name,
            suite.status.word(),
            counted(suite.totals)
        );
    }
}

fn figures(text: &mut String, results: &Results) {
    let mut title = "\nmeasured:\n";
    for test in &results.tests {
        for figure in &test.figures {
            let (smallest, largest) = figure.range();
            text.push_str(std::mem::take(&mut title));
            let _ = writeln!(
                text,
                "  {}: {}: {:.0} {unit} (median of {}, {smallest:.0} to {largest:.0})",
                test.name,
                figure.name,
                figure.median(),
                figure.values.len(),
                unit = figure.unit
            );
        }
    }
}

fn section<T>(text: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}:");
    for item in items.iter().take(MOST) {
        text.push_str(&line(item));
    }
    if items.len() > MOST {
        let _ = writeln!(text, "  ({} more)", items.len() - MOST);
    }
}

fn failure(case: &&Case) -> String {
    let place = case
        .location
        .as_ref()
        .map_or(String::new(), |location| format!(" ({location})"));
    let mut text = format!("  {}: {}{place}\n", case.name, case.status.word());
    for line in &case.message {
        let _ = writeln!(text, "      {line}");
    }
    text
}

/// `395 tests: 394 passed, 0 failed, 1 skipped`, and those without a result if there are any.
pub fn totals(totals: Totals) -> String {
    let tests = if totals.tests == 1 {
        "1 test".to_owned()
    } else {
        format!("{} tests", totals.tests)
    };
    format!("{tests}: {}", counted(totals))
}

fn counted(totals: Totals) -> String {
    let mut text = format!(
        "{} passed, {} failed, {} skipped",
        totals.passed, totals.failed, totals.skipped
    );
    if totals.crashed > 0 {
        let _ = write!(text, ", {} without a result", totals.crashed);
    }
    text
}

fn verdict(results: &Results) -> String {
    let word = match results.outcome {
        Outcome::Passed => return "passed".to_owned(),
        Outcome::Failed => "failed",
        Outcome::Panic => "panic",
        Outcome::Timeout => "time limit",
        Outcome::NoKtap => "no tests",
    };
    let mut text = word.to_owned();
    for (index, reason) in results.reasons.iter().take(MOST).enumerate() {
        let _ = write!(text, "{} {reason}", if index == 0 { ":" } else { ";" });
    }
    if results.reasons.len() > MOST {
        let _ = write!(text, "; and {} more", results.reasons.len() - MOST);
    }
    text
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::console::Ended;
    use crate::expected::Expected;

    fn text(log: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("boot.log");
        fs_err::write(&path, log).unwrap();
        let mut results =
            Results::from_log(&path, &Ended::Exited(0), &Expected::default()).unwrap();
        results.log = "OUT/boot.log".to_owned();
        summary(&results)
    }

    #[test]
    fn failures_come_with_their_first_lines_and_the_numbers_last() {
        let log = "KTAP version 1\n1..2\n  KTAP version 1\n  # Subtest: s\n  1..2\n  # a.location: a.rs:1\n  \
                   # a: EXPECTATION FAILED\n  not ok 1 a\n  ok 2 b # SKIP\nnot ok 1 s\nok 2 other\n";
        expect_test::expect![[r#"
            s      failed: 0 passed, 1 failed, 1 skipped
            other  passed: 1 passed, 0 failed, 0 skipped

            failures:
              s.a: failed (a.rs:1)
                  # a.location: a.rs:1
                  # a: EXPECTATION FAILED

            3 tests: 1 passed, 1 failed, 1 skipped
            failed: 1 test failed
            console: OUT/boot.log
        "#]]
        .assert_eq(&text(log));
    }

    #[test]
    fn a_panic_is_shown_with_where_it_happened() {
        let log = "KTAP version 1\n1..2\n  KTAP version 1\n  # Subtest: s\n  1..2\n  ok 1 a\n  # b.location: b.rs:9\n\
                   Kernel panic - not syncing: Segfault with no mm\n";
        expect_test::expect![[r#"
            s  no result: 1 passed, 0 failed, 0 skipped, 1 without a result

            failures:
              s.(number 2): no result
                  # b.location: b.rs:9
                  Kernel panic - not syncing: Segfault with no mm
              (number 2): no result

            the kernel said:
              line 8 (panic): Kernel panic - not syncing: Segfault with no mm

            notes:
              line 8: 1 planned test has no result
              line 8: s: 1 planned test has no result
              line 8: s: suite has no result line

            3 tests: 1 passed, 0 failed, 0 skipped, 2 without a result
            panic: line 8: Kernel panic - not syncing: Segfault with no mm, in suite s, after test a
            console: OUT/boot.log
        "#]]
        .assert_eq(&text(log));
    }

    #[test]
    fn a_hundred_failures_do_not_scroll_the_numbers_away() {
        let mut log = "KTAP version 1\n1..100\n".to_owned();
        for number in 1..=100 {
            let _ = writeln!(log, "not ok {number} t{number}");
        }
        let text = text(&log);
        assert!(text.contains("  (80 more)\n"));
        assert!(
            text.ends_with("failed: 100 tests failed; no test passed\nconsole: OUT/boot.log\n")
        );
    }
}
