use super::*;

fn only(log: &str) -> Document {
    let mut documents = parse(&split(log.as_bytes()));
    assert_eq!(documents.len(), 1, "documents in {log}");
    documents.remove(0)
}

fn kinds(test: &Test) -> Vec<String> {
    let mut found: Vec<String> = test
        .problems
        .iter()
        .map(|problem| problem.kind.to_string())
        .collect();
    found.extend(test.subtests.iter().flat_map(kinds));
    found
}

const GOOD: &str = "\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: first
    1..2
    # a.location: rust/kernel/a.rs:1
first: a message of the kernel
    ok 1 a
    ok 2 b # SKIP not here
# first: pass:1 fail:0 skip:1 total:2
# Totals: pass:1 fail:0 skip:1 total:2
ok 1 first
    KTAP version 1
    # Subtest: second
    1..1
    not ok 1 c
not ok 2 second
";

#[test]
fn a_kernel_log_becomes_suites_with_cases() {
    let document = only(GOOD);
    assert_eq!(kinds(&document.main), Vec::<String>::new());
    let [first, second] = &document.main.subtests[..] else {
        panic!("two suites")
    };
    assert_eq!(
        (first.name.as_str(), first.status, second.status),
        ("first", Status::Passed, Status::Failed)
    );
    assert_eq!(first.subtests[1].skip_reason, "not here");
    assert_eq!(
        first.subtests[0].log,
        [
            "    # a.location: rust/kernel/a.rs:1",
            "first: a message of the kernel"
        ],
        "messages stay with the test that they precede"
    );
    assert_eq!(
        document.main.counts,
        Counts {
            passed: 1,
            failed: 1,
            skipped: 1,
            ..Counts::default()
        }
    );
    assert_eq!(document.complete_line, Some(17));
}

#[test]
fn missing_cases_are_counted_as_crashed() {
    let document =
        only("KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: s\n  1..3\n  ok 1 a\nok 1 s\n");
    assert_eq!(document.main.counts.crashed, 2);
    assert_eq!(document.main.subtests[0].status, Status::Crashed);
    assert_eq!(kinds(&document.main), ["2 planned tests have no result"]);
}

#[test]
fn a_log_that_stops_is_not_complete() {
    for (index, _) in GOOD.match_indices('\n').rev().skip(1) {
        let document = only(&GOOD[..=index]);
        assert_eq!(document.complete_line, None, "up to {:?}", &GOOD[..index]);
    }
}

#[test]
fn a_suite_without_its_own_result_is_no_complete_document() {
    let document =
        only("KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: s\n  1..1\n  ok 1 a\n");
    assert_eq!(
        document.main.counts.status(),
        Status::Passed,
        "kunit.py calls this passed"
    );
    assert_eq!(document.complete_line, None);
    assert_eq!(kinds(&document.main), ["suite has no result line"]);
}

#[test]
fn wrong_numbers_are_told() {
    let document = only("KTAP version 1\n1..1\nok 7 a\n");
    assert_eq!(kinds(&document.main), ["expected test number 1, found 7"]);
}

#[test]
fn results_after_the_plan_are_not_lost() {
    let document = only("KTAP version 1\n1..1\nok 1 a\nnot ok 2 b\n");
    assert_eq!(
        kinds(&document.main),
        ["result after the plan was complete: not ok 2 b"]
    );
    assert!(document.main.problems[0].kind.is_loss());
}

#[test]
fn the_kernels_own_totals_are_checked() {
    let log = GOOD.replace(
        "Totals: pass:1 fail:0 skip:1 total:2",
        "Totals: pass:5 fail:0 skip:1 total:6",
    );
    assert_eq!(
        kinds(&only(&log).main),
        ["results differ from the kernel's own count: # Totals: pass:5 fail:0 skip:1 total:6"]
    );
}

#[test]
fn suites_of_modules_are_documents_of_their_own() {
    let log = format!("{GOOD}loading a module\n{GOOD}");
    let documents = parse(&split(log.as_bytes()));
    assert_eq!(documents.len(), 2);
    assert_eq!(
        documents[0].main.subtests.len(),
        documents[1].main.subtests.len()
    );
    assert_eq!(documents[1].complete_line, Some(35));
}

#[test]
fn a_plan_that_no_kernel_has_takes_no_memory() {
    let document = only("KTAP version 1\n1..4000000000\nok 1 a\n");
    assert_eq!(document.main.missing, 0);
    assert_eq!(
        kinds(&document.main),
        ["plan is not believable: 1..4000000000"]
    );
    assert_eq!(document.complete_line, None);
}

#[test]
fn endless_nesting_does_not_overflow_the_stack() {
    let log = format!(
        "KTAP version 1\n1..1\n{}",
        "  KTAP version 1\n  1..1\n".repeat(50_000)
    );
    let document = only(&log);
    assert!(kinds(&document.main).contains(&"subtests are nested too deep".to_owned()));
}

#[test]
fn cases_have_a_duration_where_the_console_prints_times() {
    let log =
        "[    1.000] KTAP version 1\n[    1.000] 1..2\n[    1.500] ok 1 a\n[    1.750] ok 2 b\n";
    let document = only(log);
    let seconds: Vec<_> = document
        .main
        .subtests
        .iter()
        .map(|test| test.seconds)
        .collect();
    assert_eq!(seconds, [Some(0.5), Some(0.25)]);
    assert_eq!(
        only("KTAP version 1\n1..1\nok 1 a\n").main.subtests[0].seconds,
        None
    );
}

#[test]
fn a_log_without_ktap_has_no_document() {
    assert_eq!(parse(&split(b"Linux version 7.3.4\nok 1 a\n")), []);
}
