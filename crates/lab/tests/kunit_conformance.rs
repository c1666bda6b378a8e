//! The kernel tree's own KTAP parser is the oracle: every log in tools/testing/kunit/test_data, whole, cut after each
//! line, and without each single line, must give the same tests with the same results and counts.
//!
//! The tree is `$GATELESS_TEST_TREE`. Without it there is nothing to compare with, and the tests show as ignored.

use std::io::Write as _;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_lab::ktap::{self, Status, Test};
use gateless_trials::{Need, cannot_run};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};

/// Reads a JSON list of logs, prints a JSON list of what kunit_json.py makes of each.
const ORACLE: &str = r#"
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import kunit_json, kunit_parser, kunit_printer
answers = []
for log in json.load(sys.stdin):
    test = kunit_parser.parse_run_tests(log.splitlines(), kunit_printer.null_printer)
    answers.append(json.loads(kunit_json.get_json_result(test, kunit_json.Metadata())))
json.dump(answers, sys.stdout)
"#;

fn main() {
    let arguments = Arguments::from_args();
    let trials = match Need::kernel_tree().found() {
        Ok(tree) => trials(tree),
        Err(because) => vec![cannot_run("same_results_as_kunit_parser", because)],
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(tree: &Utf8Path) -> Vec<Trial> {
    let kunit = tree.join("tools/testing/kunit");
    let mut logs: Vec<Utf8PathBuf> = kunit
        .join("test_data")
        .read_dir_utf8()
        .unwrap_or_else(|error| panic!("{kunit}/test_data: {error}"))
        .map(|entry| entry.expect("test_data is readable").into_path())
        .filter(|path| path.extension() == Some("log"))
        .collect();
    logs.sort();
    assert!(
        logs.len() >= 20,
        "only {} logs in {kunit}/test_data",
        logs.len()
    );
    let random = Trial::test("random_documents", {
        let kunit = kunit.clone();
        move || same(&kunit, &random_logs())
    });
    let mut trials: Vec<Trial> = logs
        .into_iter()
        .map(|path| {
            let kunit = kunit.clone();
            let name = path.file_stem().unwrap_or_default().to_owned();
            Trial::test(name, move || compare(&kunit, &path))
        })
        .collect();
    trials.push(random);
    trials
}

/// Documents put together at random, but the same in every run, from the lines that a parser knows.
fn random_logs() -> Vec<String> {
    const LINES: [&str; 16] = [
        "KTAP version 1",
        "TAP version 14",
        "KTAP version 2",
        "1..0",
        "1..1",
        "1..2",
        "1..3",
        "# Subtest: a",
        "# Subtest: b",
        "ok 1 a",
        "not ok 1 a",
        "ok 2 b",
        "ok 2 a # SKIP why",
        "not ok 2 - b",
        "ok 1",
        "message",
    ];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        // Knuth's MMIX generator; the low bits are not random enough.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    (0..2000)
        .map(|_| {
            let mut log = "KTAP version 1\n".to_owned();
            for _ in 0..random(14) {
                log += "  ".repeat(random(3)).as_str();
                log += LINES[random(LINES.len())];
                log.push('\n');
            }
            log
        })
        .collect()
}

fn compare(kunit: &Utf8Path, path: &Utf8Path) -> Result<(), Failed> {
    let whole = std::fs::read_to_string(path)?;
    let lines: Vec<&str> = whole.lines().collect();
    let mut variants = vec![whole.clone()];
    variants.extend((1..lines.len()).map(|length| lines[..length].join("\n")));
    variants.extend((0..lines.len()).map(|left_out| {
        let kept: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != left_out)
            .map(|(_, line)| *line)
            .collect();
        kept.join("\n")
    }));
    same(kunit, &variants)
}

fn same(kunit: &Utf8Path, logs: &[String]) -> Result<(), Failed> {
    let expected = oracle(kunit, logs)?;
    for (log, expected) in logs.iter().zip(&expected) {
        let found = as_kunit(log);
        let expected = relevant(expected);
        if found != expected {
            return Err(format!("log:\n{log}\nfound:\n{found:#}\nexpected:\n{expected:#}").into());
        }
    }
    Ok(())
}

fn oracle(kunit: &Utf8Path, logs: &[String]) -> Result<Vec<Value>, Failed> {
    let mut python = Command::new("python3")
        .args(["-c", ORACLE, kunit.as_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    python
        .stdin
        .take()
        .ok_or("no pipe")?
        .write_all(&serde_json::to_vec(logs)?)?;
    let output = python.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("python3: {}", output.status).into());
    }
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    assert_eq!(answers.len(), logs.len());
    Ok(answers)
}

/// The parts of kunit_json.py's answer that depend on the log.
fn relevant(group: &Value) -> Value {
    let groups: Vec<Value> = group["sub_groups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(relevant)
        .collect();
    json!({ "name": group["name"], "misc": group["misc"], "test_cases": group["test_cases"], "sub_groups": groups })
}

fn as_kunit(log: &str) -> Value {
    let documents = ktap::parse(&ktap::split(log.as_bytes()));
    match documents.first() {
        Some(document) => {
            let mut main = group(&document.main);
            main["name"] = json!("KUnit Test Group");
            main
        }
        None => json!({
            "name": "KUnit Test Group", "test_cases": [], "sub_groups": [],
            "misc": { "tests": 0, "passed": 0, "failed": 0, "crashed": 0, "skipped": 0, "errors": 1 },
        }),
    }
}

fn group(test: &Test) -> Value {
    let mut groups = Vec::new();
    let mut cases = Vec::new();
    for sub in &test.subtests {
        if sub.subtests.is_empty() && sub.missing == 0 {
            cases.push(json!({ "name": sub.name, "status": word(sub.status) }));
        } else {
            groups.push(group(sub));
        }
    }
    cases.extend((0..test.missing).map(|_| json!({ "name": "", "status": "ERROR" })));
    json!({
        "name": test.name, "sub_groups": groups, "test_cases": cases,
        "misc": {
            "tests": test.counts.total(), "passed": test.counts.passed, "failed": test.counts.failed,
            "crashed": test.counts.crashed, "skipped": test.counts.skipped, "errors": test.counts.errors,
        },
    })
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Passed => "PASS",
        Status::Skipped => "SKIP",
        Status::Crashed => "ERROR",
        Status::Failed | Status::NoTests => "FAIL",
    }
}
