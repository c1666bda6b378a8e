//! Two boots compared, test by test; and what the two kernels say of the processor's vulnerabilities.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use schemars::JsonSchema;
use serde::Serialize;

use crate::console::Ended;
use crate::expected::Expected;
use crate::figures::Figure;
use crate::results::{Case, CaseStatus, Results};

/// Version of the shape.
pub const VERSION: u32 = 1;

/// How two sets of results differ.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// [`VERSION`].
    pub version: u32,
    /// Tests with the same name and the same status in both.
    pub same: usize,
    /// Tests that differ, by name.
    pub different: Vec<Difference>,
    /// Lines about vulnerabilities and mitigations that both kernels printed.
    pub same_vulnerabilities: usize,
    /// Such lines that only the first kernel printed.
    pub vulnerabilities_of_first: Vec<String>,
    /// Such lines that only the second kernel printed.
    pub vulnerabilities_of_second: Vec<String>,
    /// Tests of which both printed something to be compared, and the same.
    pub same_prints: usize,
    /// Tests that printed something else, or in another order.
    pub different_prints: Vec<PrintsDiffer>,
    /// Figures that both measured; they decide nothing.
    pub figures: Vec<Ratio>,
}

/// A test that did not print the same in both boots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PrintsDiffer {
    /// Full name.
    pub name: String,
    /// Lines that only the first boot printed.
    pub only_first: Vec<String>,
    /// Lines that only the second boot printed.
    pub only_second: Vec<String>,
}

/// A figure of both boots.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Ratio {
    /// Full name of the test, and the figure's.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Median, smallest and largest of the first boot.
    pub first: [f64; 3],
    /// Median, smallest and largest of the second boot.
    pub second: [f64; 3],
    /// Second median over the first.
    pub ratio: f64,
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

/// Compares tests by full name, and lines about vulnerabilities by their text.
pub fn compare(first: &Results, second: &Results) -> Comparison {
    let vulnerabilities_of_first = only(&first.vulnerabilities, &second.vulnerabilities);
    let (statuses_of_first, statuses_of_second) = (statuses(first), statuses(second));
    let mut names: Vec<&str> = statuses_of_first
        .keys()
        .chain(statuses_of_second.keys())
        .copied()
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut comparison = Comparison {
        version: VERSION,
        same: 0,
        different: Vec::new(),
        same_vulnerabilities: first.vulnerabilities.len() - vulnerabilities_of_first.len(),
        vulnerabilities_of_first,
        vulnerabilities_of_second: only(&second.vulnerabilities, &first.vulnerabilities),
        same_prints: 0,
        different_prints: Vec::new(),
        figures: figures(first, second),
    };
    comparison.compare_prints(first, second);
    for name in names {
        let (a, b) = (
            statuses_of_first.get(name).copied(),
            statuses_of_second.get(name).copied(),
        );
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

fn figures(first: &Results, second: &Results) -> Vec<Ratio> {
    let mut ratios = Vec::new();
    for (test, other) in pairs(first, second) {
        for figure in &test.figures {
            let same = |candidate: &&Figure| {
                candidate.name == figure.name && candidate.unit == figure.unit
            };
            if let Some(found) = other.figures.iter().find(same) {
                ratios.push(Ratio {
                    name: format!("{}: {}", test.name, figure.name),
                    unit: figure.unit.clone(),
                    first: summed_up(figure),
                    second: summed_up(found),
                    ratio: found.median() / figure.median(),
                });
            }
        }
    }
    ratios
}

fn summed_up(figure: &Figure) -> [f64; 3] {
    let (smallest, largest) = figure.range();
    [figure.median(), smallest, largest]
}

/// Tests that are in both.
fn pairs<'a>(first: &'a Results, second: &'a Results) -> Vec<(&'a Case, &'a Case)> {
    let others: BTreeMap<&str, &Case> = second
        .tests
        .iter()
        .map(|test| (test.name.as_str(), test))
        .collect();
    let tests = first.tests.iter();
    tests
        .filter_map(|test| Some((test, *others.get(test.name.as_str())?)))
        .collect()
}

/// The lines of `these` that are not among `others`, each as often as it is there more often.
fn only(these: &[String], others: &[String]) -> Vec<String> {
    let mut others = others.to_vec();
    let mut only = these.to_vec();
    only.retain(|line| match others.iter().position(|other| other == line) {
        Some(index) => {
            others.swap_remove(index);
            false
        }
        None => true,
    });
    only
}

fn statuses(results: &Results) -> BTreeMap<&str, CaseStatus> {
    results
        .tests
        .iter()
        .map(|test| (test.name.as_str(), test.status))
        .collect()
}

impl Comparison {
    /// Whether both have the same tests with the same results, and at least one, and report the same vulnerabilities.
    pub fn is_equal(&self) -> bool {
        self.different.is_empty()
            && self.same > 0
            && self.vulnerabilities_of_first.is_empty()
            && self.vulnerabilities_of_second.is_empty()
            && self.different_prints.is_empty()
    }

    fn compare_prints(&mut self, first: &Results, second: &Results) {
        for (test, other) in pairs(first, second) {
            if test.prints.is_empty() && other.prints.is_empty() {
                continue;
            }
            if test.prints == other.prints {
                self.same_prints += 1;
                continue;
            }
            self.different_prints.push(PrintsDiffer {
                name: test.name.clone(),
                only_first: only(&test.prints, &other.prints),
                only_second: only(&other.prints, &test.prints),
            });
        }
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
        let sides = [
            (first, &self.vulnerabilities_of_first),
            (second, &self.vulnerabilities_of_second),
        ];
        for (side, lines) in sides {
            for line in lines {
                let _ = writeln!(text, "only in {side}: {line}");
            }
        }
        if self.same_vulnerabilities > 0 {
            let _ = writeln!(
                text,
                "{} lines about vulnerabilities alike",
                self.same_vulnerabilities
            );
        }
        self.write_prints(&mut text, first, second);
        for figure in &self.figures {
            let of = |values: [f64; 3]| {
                format!("{:.0} ({:.0} to {:.0})", values[0], values[1], values[2])
            };
            let _ = writeln!(
                text,
                "{}: {} {unit} in {first}, {} {unit} in {second}, {:.3} times",
                figure.name,
                of(figure.first),
                of(figure.second),
                figure.ratio,
                unit = figure.unit
            );
        }
        text
    }

    fn write_prints(&self, text: &mut String, first: &str, second: &str) {
        for test in &self.different_prints {
            let sides = [(first, &test.only_first), (second, &test.only_second)];
            if test.only_first.is_empty() && test.only_second.is_empty() {
                let _ = writeln!(text, "{} prints the same in another order", test.name);
            }
            for (side, lines) in sides {
                for line in lines {
                    let _ = writeln!(text, "{} prints only in {side}: {line}", test.name);
                }
            }
        }
        if self.same_prints + self.different_prints.len() > 0 {
            let _ = writeln!(
                text,
                "what {} tests print alike, {} different",
                self.same_prints,
                self.different_prints.len()
            );
        }
    }
}

/// Reads results from `path`: an output directory that was booted (its boot.json), a JSON answer of `gateless boot`,
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
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("console");
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
    fn a_vulnerability_that_one_kernel_does_not_mitigate_makes_the_boots_unequal() {
        let of = |state| {
            results(&format!(
                "Spectre V1 : Mitigation: barriers\nSpectre V2 : {state}\nKTAP version 1\n1..1\nok 1 a\n"
            ))
        };
        let (good, bad) = (of("Mitigation: Retpolines"), of("Vulnerable"));
        let comparison = compare(&good, &bad);
        assert!(!comparison.is_equal());
        assert_eq!(
            comparison.text("gated", "gateless"),
            "1 tests alike, 0 different\nonly in gated: Spectre V2 : Mitigation: Retpolines\n\
             only in gateless: Spectre V2 : Vulnerable\n1 lines about vulnerabilities alike\n"
        );
        assert!(compare(&good, &good).is_equal());
    }

    #[test]
    fn a_test_that_prints_something_else_makes_the_boots_unequal() {
        let of = |lines: &[&str]| {
            let lines: String = lines.iter().map(|line| format!("# {line}\n")).collect();
            results(&format!("KTAP version 1\n1..1\n{lines}ok 1 a\n"))
        };
        let first = of(&["prints: init", "prints: exit", "figure: reads 200 1/s"]);
        for (lines, text) in [
            (vec!["prints: init"], "a prints only in gated: exit\n"),
            (
                vec!["prints: init", "prints: EXIT"],
                "a prints only in gated: exit\na prints only in gateless: EXIT\n",
            ),
            (
                vec!["prints: exit", "prints: init"],
                "a prints the same in another order\n",
            ),
            (
                vec![],
                "a prints only in gated: init\na prints only in gated: exit\n",
            ),
        ] {
            let comparison = compare(&first, &of(&lines));
            assert!(!comparison.is_equal(), "{lines:?}");
            let expected = format!(
                "1 tests alike, 0 different\n{text}what 0 tests print alike, 1 different\n"
            );
            assert_eq!(comparison.text("gated", "gateless"), expected);
        }
        let same = compare(
            &first,
            &of(&["prints: init", "prints: exit", "figure: reads 100 1/s"]),
        );
        assert!(same.is_equal(), "figures decide nothing");
        assert_eq!(
            same.text("gated", "gateless"),
            "1 tests alike, 0 different\nwhat 1 tests print alike, 0 different\n\
             a: reads: 200 (200 to 200) 1/s in gated, 100 (100 to 100) 1/s in gateless, 0.500 times\n"
        );
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
    fn a_directory_that_was_not_booted_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let failure = read(Utf8Path::from_path(directory.path()).unwrap()).unwrap_err();
        assert!(failure.what.ends_with("has not been booted (no boot.json)"));
    }
}
