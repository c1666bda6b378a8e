//! A matrix's results in a few lines.

use std::fmt::Write;

use gateless_model::targets::RunRecord;

use crate::plan::slug;

/// Whether everything about a run is as it should be.
pub fn is_good(record: &RunRecord) -> bool {
    let result = &record.result;
    record.failed.is_none()
        && result.built
        && result.booted
        && result.attested == Some(true)
        && result
            .compared
            .is_none_or(|compared| compared.different == 0)
}

/// One line a cell, then the totals.
pub fn text(records: &[RunRecord]) -> String {
    let mut text = String::new();
    let slugs: Vec<String> = records.iter().map(|record| slug(&record.cell)).collect();
    let width = slugs.iter().map(String::len).max().unwrap_or_default();
    for (record, slug) in records.iter().zip(&slugs) {
        let _ = writeln!(text, "{slug:width$}  {}", line(record));
    }
    let good = records.iter().filter(|record| is_good(record)).count();
    let _ = write!(text, "{good} of {} cells good", records.len());
    text
}

fn line(record: &RunRecord) -> String {
    let result = &record.result;
    let mut parts = Vec::new();
    if let (Some(passed), Some(failed), Some(skipped)) = (
        result.tests_passed,
        result.tests_failed,
        result.tests_skipped,
    ) {
        parts.push(format!(
            "{passed} passed, {failed} failed, {skipped} skipped"
        ));
    } else if result.built {
        parts.push("built, not booted".to_owned());
    } else {
        parts.push("not built".to_owned());
    }
    if let Some(compared) = result.compared {
        parts.push(format!(
            "{} as gated, {} not",
            compared.alike, compared.different
        ));
    }
    if let Some(fidelity) = result.fidelity {
        parts.push(format!(
            "{} of {} functions identical",
            fidelity.identical, fidelity.functions
        ));
    }
    if let Some(failed) = &record.failed {
        let exit = failed
            .exit
            .map_or("a signal".to_owned(), |exit| format!("exit {exit}"));
        let said = first_lines(&failed.message).join("\n    ");
        parts.push(format!("FAILED in {} ({exit}): {said}", failed.step));
    }
    parts.join("; ")
}

/// How many lines of what failed are shown.
const SHOWN: usize = 5;

/// What a command said first of what failed: its error, with the lines that belong to it, and not what to do about it.
fn first_lines(message: &str) -> Vec<&str> {
    let own = |line: &&str, what: &str| line.starts_with(&format!("gateless: {what}: "));
    let lines: Vec<&str> = message.lines().collect();
    match lines.iter().position(|line| own(line, "error")) {
        Some(at) => {
            let error = lines[at..].iter().copied();
            error
                .take_while(|line| !own(line, "help"))
                .take(SHOWN)
                .collect()
        }
        None => lines.last().copied().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use gateless_model::targets::{Compared, FailedStep};

    use super::*;
    use crate::store::tests::record;

    #[test]
    fn each_cell_has_a_line_and_the_last_line_counts_the_good_ones() {
        let mut good = record("um", "");
        good.result.attested = Some(true);
        good.result.tests_passed = Some(3);
        good.result.tests_failed = Some(0);
        good.result.tests_skipped = Some(1);
        let mut bad = record("arm", "");
        bad.result.booted = false;
        bad.failed = Some(FailedStep {
            step: "boot".to_owned(),
            exit: Some(5),
            message: "a\nno time".to_owned(),
        });
        assert_eq!(
            text(&[good, bad]),
            "um-small-7.3   3 passed, 0 failed, 1 skipped\n\
             arm-small-7.3  built, not booted; FAILED in boot (exit 5): no time\n1 of 2 cells good"
        );
    }

    #[test]
    fn the_first_lines_of_what_failed_are_shown_and_not_its_help() {
        let message = "  CC  a.o\ngateless: error: make failed with exit status 2:\nerror: a.rs:1\nerror: b\ngateless: help: read the log\n";
        assert_eq!(
            first_lines(message),
            [
                "gateless: error: make failed with exit status 2:",
                "error: a.rs:1",
                "error: b"
            ]
        );
        assert_eq!(first_lines("a\nno time"), ["no time"]);
    }

    #[test]
    fn a_cell_is_good_only_if_proven_and_like_the_gated_build() {
        let mut run = record("um", "");
        assert!(!is_good(&run), "not attested");
        run.result.attested = Some(true);
        assert!(is_good(&run));
        run.result.compared = Some(Compared {
            alike: 1,
            different: 1,
        });
        assert!(!is_good(&run), "other results than gated");
    }
}
