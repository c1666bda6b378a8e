//! From lines to documents, by the rules of the kernel's own `tools/testing/kunit/kunit_parser.py`.
//!
//! Nothing in a log makes the parser give up: what is wrong becomes a [`Problem`](super::tree::Problem) of the test
//! at which it was found. Where the two differ, this parser knows more: several documents in one log, results after
//! a plan was complete, missing plans, the kernel's own totals.

use std::sync::LazyLock;

use regex::Regex;

use super::lines::{Line, Stream};
use super::tree::{Document, ProblemKind, Status, Test};

static KTAP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*KTAP version ([0-9]+)$").unwrap());
static TAP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*TAP version ([0-9]+)$").unwrap());
static SUBTEST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*# Subtest: (.*)$").unwrap());
static PLAN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*1\.\.([0-9]+)").unwrap());
static RESULT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(ok|not ok) ([0-9]+) ?(:?- )?([^#]*)( # .*)?$").unwrap());
static SKIP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(ok|not ok) ([0-9]+) ?(:?- )?(.*) # SKIP ?(.*)$").unwrap());
static TOTALS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*# Totals: pass:([0-9]+) fail:([0-9]+) skip:([0-9]+) total:([0-9]+)$").unwrap()
});

/// Kernels nest three levels (suite, case, parameter).
const DEEPEST: usize = 64;
/// All of the kernel's suites together have some ten thousand cases.
const LONGEST_PLAN: usize = 100_000;

/// Every document in the lines, in their order.
pub fn documents(lines: &[Line]) -> Vec<Document> {
    let mut stream = Stream::new(lines);
    let mut documents: Vec<Document> = Vec::new();
    while let Some(line) = stream.peek() {
        let nested = line.text.starts_with(char::is_whitespace);
        if !nested && is_version(&line.text) {
            documents.push(document(&mut stream, line.number));
        } else {
            if let Some(document) = documents.last_mut()
                && RESULT.is_match(&line.text)
            {
                document.main.problem(
                    line.number,
                    ProblemKind::BeyondPlan(line.text.trim().to_owned()),
                );
            }
            stream.pop();
        }
    }
    documents
}

fn document(stream: &mut Stream, first_line: usize) -> Document {
    let mut main = test(stream, 0, Vec::new(), None, 0);
    if main.status != Status::NoTests {
        main.status = main.counts.status();
    }
    let complete_line = match (main.plan, main.missing, main.subtests.last()) {
        (Some(_), 0, Some(last)) => last.result_line,
        (Some(0), _, None) => Some(first_line),
        _ => None,
    };
    Document {
        first_line,
        main,
        complete_line,
    }
}

fn is_version(text: &str) -> bool {
    KTAP.is_match(text) || TAP.is_match(text)
}

/// `previous` is the time of the KTAP line before this test, `depth` 0 for the document itself.
fn test(
    stream: &mut Stream,
    expected: usize,
    log: Vec<String>,
    previous: Option<f64>,
    depth: usize,
) -> Test {
    let mut test = Test::new();
    test.log = log;
    test.log.extend(diagnostics(stream));
    let is_subtest = depth > 0;
    let mut clock = previous;

    if is_subtest {
        let header = version(stream, &mut test, &mut clock);
        let named = subtest(stream, &mut test, &mut clock);
        test.parent = header || named;
    } else {
        test.name = "main".to_owned();
        version(stream, &mut test, &mut clock);
        test.parent = true;
    }
    test.log.extend(diagnostics(stream));
    plan(stream, &mut test, &mut clock);

    if test.parent && depth >= DEEPEST {
        test.problem(stream.number(), ProblemKind::TooDeep);
    } else if test.parent {
        subtests(stream, &mut test, &mut clock, depth);
    }
    if is_subtest {
        test.log.extend(diagnostics(stream));
        if !test.name.is_empty() && !is_result_of(stream, &test) {
            test.problem(stream.number(), ProblemKind::MissingResult);
        } else if stream.peek().is_none() {
            test.status = Status::NoTests;
            test.problem(stream.number(), ProblemKind::EndsEarly);
        } else {
            result(stream, &mut test, expected, clock);
        }
    }
    if test.parent
        && test.subtests.is_empty()
        && test.missing == 0
        && matches!(test.status, Status::Crashed | Status::Passed)
    {
        test.status = Status::NoTests;
        test.problem(stream.number(), ProblemKind::ZeroTests);
    }
    sum_up(&mut test);
    check_totals(&mut test, stream.number());
    test
}

fn subtests(stream: &mut Stream, test: &mut Test, clock: &mut Option<f64>, depth: usize) {
    let mut number = 1;
    while test.plan.is_none_or(|plan| number <= plan) {
        let log = diagnostics(stream);
        if stream.peek().is_none() || (depth > 0 && is_result_of(stream, test)) {
            test.log.extend(log);
            if let Some(plan) = test.plan {
                test.missing = plan + 1 - number;
                test.counts.crashed += test.missing;
                test.problem(stream.number(), ProblemKind::MissingTests(test.missing));
            }
            break;
        }
        let sub = self::test(stream, number, log, *clock, depth + 1);
        // The last KTAP line read, whatever the subtest was.
        *clock = sub.end.or(*clock);
        test.subtests.push(sub);
        number += 1;
    }
}

/// Skips to the next line of KTAP and returns what was skipped.
fn diagnostics(stream: &mut Stream) -> Vec<String> {
    let mut log = Vec::new();
    while let Some(line) = stream.peek() {
        let text = &line.text;
        if RESULT.is_match(text)
            || SUBTEST.is_match(text)
            || is_version(text)
            || PLAN.is_match(text)
        {
            break;
        }
        log.push(text.clone());
        stream.pop();
    }
    log
}

fn version(stream: &mut Stream, test: &mut Test, clock: &mut Option<f64>) -> bool {
    let Some(line) = stream.peek() else {
        return false;
    };
    let known = if let Some(found) = KTAP.captures(&line.text) {
        &found[1] == "1"
    } else if let Some(found) = TAP.captures(&line.text) {
        matches!(&found[1], "13" | "14")
    } else {
        return false;
    };
    if !known {
        test.problem(
            line.number,
            ProblemKind::Version(line.text.trim().to_owned()),
        );
    }
    *clock = line.time;
    stream.pop();
    true
}

fn subtest(stream: &mut Stream, test: &mut Test, clock: &mut Option<f64>) -> bool {
    let Some((line, found)) = stream
        .peek()
        .and_then(|line| Some((line, SUBTEST.captures(&line.text)?)))
    else {
        return false;
    };
    test.name = found[1].to_owned();
    *clock = line.time;
    stream.pop();
    true
}

fn plan(stream: &mut Stream, test: &mut Test, clock: &mut Option<f64>) {
    let Some((line, found)) = stream
        .peek()
        .and_then(|line| Some((line, PLAN.captures(&line.text)?)))
    else {
        if test.parent {
            test.problem(stream.number(), ProblemKind::NoPlan);
        }
        return;
    };
    match found[1].parse() {
        Ok(number) if number <= LONGEST_PLAN => test.plan = Some(number),
        _ => test.problem(
            line.number,
            ProblemKind::AbsurdPlan(line.text.trim().to_owned()),
        ),
    }
    *clock = line.time;
    stream.pop();
}

fn is_result_of(stream: &Stream, test: &Test) -> bool {
    let found = stream.peek().and_then(|line| RESULT.captures(&line.text));
    found.is_some_and(|found| !found[4].is_empty() && found[4] == test.name)
}

fn result(stream: &mut Stream, test: &mut Test, expected: usize, clock: Option<f64>) {
    let Some((line, found)) = stream
        .peek()
        .and_then(|line| Some((line, RESULT.captures(&line.text)?)))
    else {
        return;
    };
    stream.pop();
    let skip = SKIP.captures(&line.text);
    test.name = skip
        .as_ref()
        .map_or(&found[4], |skip| {
            skip.get(4).map_or("", |name| name.as_str())
        })
        .to_owned();
    if found[2].parse() != Ok(expected) {
        test.problem(
            line.number,
            ProblemKind::Number {
                expected,
                found: found[2].to_owned(),
            },
        );
    }
    test.status = match (&skip, &found[1]) {
        (Some(skip), _) => {
            test.skip_reason = skip[5].to_owned();
            Status::Skipped
        }
        (None, "ok") => Status::Passed,
        (None, _) => Status::Failed,
    };
    test.result_line = Some(line.number);
    test.end = line.time;
    if !test.parent
        && let (Some(start), Some(end)) = (clock, line.time)
    {
        test.seconds = Some((end - start).max(0.0));
    }
}

fn sum_up(test: &mut Test) {
    let own = test.status;
    for sub in &test.subtests {
        test.counts.add(sub.counts);
    }
    if test.counts.total() == 0 {
        test.counts.count(own);
    } else if test.counts.status() == Status::Crashed {
        test.status = Status::Crashed;
    }
    if own == Status::Failed && test.counts.status() == Status::Passed {
        test.counts.count(own);
    }
}

fn check_totals(test: &mut Test, line: usize) {
    let Some(found) = test.log.iter().rev().find_map(|text| TOTALS.captures(text)) else {
        return;
    };
    let counts = [
        test.counts.passed,
        test.counts.failed,
        test.counts.skipped,
        test.counts.total(),
    ];
    let same = counts
        .iter()
        .zip(1..)
        .all(|(count, group)| found[group].parse() == Ok(*count));
    if !same && !test.subtests.is_empty() {
        let text = found[0].trim().to_owned();
        test.problem(test.result_line.unwrap_or(line), ProblemKind::Totals(text));
    }
}
