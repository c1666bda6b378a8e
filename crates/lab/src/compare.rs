//! Two boots compared, test by test.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use schemars::JsonSchema;
use serde::Serialize;

use crate::console::Ended;
use crate::expected::Expected;
use crate::results::{CaseStatus, Results};

/// Version of the shape.
pub const VERSION: u32 = 1;

/// How two sets of results differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Comparison {
    /// [`VERSION`].
    pub version: u32,
    /// Tests with the same name and the same status in both.
    pub same: usize,
    /// Tests that differ, by name.
    pub different: Vec<Difference>,
}

/// One test that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// Full name.
    pub name: String,
    /// Status in the first set; `None` if the test is not there.
    pub first: Option<CaseStatus>,
    /// Status in the second set; `None` if the test is not there.
    pub second: Option<CaseStatus>,
}

/// Compares by full name.
pub fn compare(first: &Results, second: &Results) -> Comparison {
    let first = statuses(first);
    let second = statuses(second);
    let mut names: Vec<&str> = first.keys().chain(second.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let mut comparison = Comparison {
        version: VERSION,
        same: 0,
        different: Vec::new(),
    };
    for name in names {
        let (a, b) = (first.get(name).copied(), second.get(name).copied());
        if a == b {
            comparison.same += 1;
        } else {
            comparison.different.push(Difference {
                name: name.to_owned(),
                first: a,
                second: b,
            });
        }
    }
    comparison
}

fn statuses(results: &Results) -> BTreeMap<&str, CaseStatus> {
    results
        .tests
        .iter()
        .map(|test| (test.name.as_str(), test.status))
        .collect()
}

impl Comparison {
    /// Whether both have the same tests with the same results, and at least one.
    pub fn is_equal(&self) -> bool {
        self.different.is_empty() && self.same > 0
    }

    /// For people; `first` and `second` name the two sets.
    pub fn text(&self, first: &str, second: &str) -> String {
        let word = |status: Option<CaseStatus>| status.map_or("not there", CaseStatus::word);
        let mut text = String::new();
        for difference in &self.different {
            let (a, b) = (word(difference.first), word(difference.second));
            let _ = writeln!(text, "{}: {a} in {first}, {b} in {second}", difference.name);
        }
        let _ = writeln!(
            text,
            "{} tests alike, {} different",
            self.same,
            self.different.len()
        );
        text
    }
}

/// Reads results from `path`: an output folder that was booted (its boot.json), a JSON answer of `gateless boot`,
/// or the log of a console.
///
/// # Errors
/// If there is no such file, or it has no results.
pub fn read(path: &Utf8Path) -> Result<Results> {
    if path.is_dir() {
        let json = path.join("boot.json");
        if !json.is_file() {
            return Err(
                Failure::failed(format!("{path} has not been booted (no boot.json)"))
                    .help("boot it with `gateless boot`"),
            );
        }
        return Results::from_json(&json);
    }
    if fs_err::read(path)?.first() == Some(&b'{') {
        return Results::from_json(path);
    }
    Results::from_log(path, &Ended::Unknown, &Expected::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(log: &str) -> Results {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("console");
        fs_err::write(&path, log).unwrap();
        read(&path).unwrap()
    }

    #[test]
    fn every_kind_of_difference_is_named() {
        let first = results("KTAP version 1\n1..3\nok 1 a\nok 2 b\nok 3 c\n");
        let second = results("KTAP version 1\n1..3\nok 1 a\nnot ok 2 b\nok 3 d\n");
        let comparison = compare(&first, &second);
        assert!(!comparison.is_equal());
        assert_eq!(
            comparison.text("gated", "gateless"),
            "b: passed in gated, failed in gateless\nc: passed in gated, not there in gateless\n\
             d: not there in gated, passed in gateless\n1 tests alike, 3 different\n"
        );
    }

    #[test]
    fn the_order_of_tests_does_not_matter() {
        let first = results("KTAP version 1\n1..2\nok 1 a\nok 2 b\n");
        let second = results("KTAP version 1\n1..2\nok 1 b\nok 2 a\n");
        assert!(compare(&first, &second).is_equal());
    }

    #[test]
    fn two_boots_without_any_test_are_not_equal() {
        assert!(!compare(&results("nothing\n"), &results("nothing\n")).is_equal());
    }

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_answer() {
        let mut schema = serde_json::to_string_pretty(&schemars::schema_for!(Comparison)).unwrap();
        schema.push('\n');
        expect_test::expect_file!["../schema/compare.json"].assert_eq(&schema);
    }

    #[test]
    fn a_folder_that_was_not_booted_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let failure = read(Utf8Path::from_path(folder.path()).unwrap()).unwrap_err();
        assert!(failure.what.ends_with("has not been booted (no boot.json)"));
    }
}
