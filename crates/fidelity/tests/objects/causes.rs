//! Causes on whole folders: explained only where the evidence lies in the gateless build's folder.

use std::collections::BTreeMap;

use gateless_fidelity::report::{Report, Verdict};
use gateless_model::record::{Output, Record, Run, VERSION};

use crate::support::{OBJECT, Out, compare, found};

const SOURCE: &str = "#![no_std]\n#[inline(never)] pub fn one(x: u32) -> u32 { x ^ 5 }\n#[inline(never)] pub fn two(x: u32) -> u32 { one(x) ^ one(9) }\n";

/// Compiled under the name `renamed` where `sample` was asked for.
fn renamed(source: &str) -> Out {
    Out::new(source, &["--crate-name=renamed", "-Cdebuginfo=2"])
}

/// Writes the record of a call that asked for one crate name and gave the compiler another.
fn record(out: &Out, asked: &str, given: &str) {
    let words = |name: &str| vec!["--crate-name".to_owned(), name.to_owned()];
    let run = Run {
        compiler: "rustc".to_owned(),
        version: String::new(),
        sha256: String::new(),
        args: words(given),
        env: BTreeMap::new(),
        exempt: Vec::new(),
    };
    let record = Record {
        version: VERSION,
        crate_name: asked.to_owned(),
        class: "kernel crate".to_owned(),
        cwd: out.path.to_string(),
        asked: words(asked),
        runs: vec![run],
        generator: None,
        runtime_source: None,
        decisions: Vec::new(),
        inputs: BTreeMap::new(),
        lowered: BTreeMap::new(),
        outputs: BTreeMap::from([(
            OBJECT.to_owned(),
            Output {
                sha256: String::new(),
                sections: BTreeMap::new(),
            },
        )]),
        seal: String::new(),
    };
    let folder = out.path.join(".gateless/records");
    fs_err::create_dir_all(&folder).unwrap();
    fs_err::write(
        folder.join("sample.json"),
        serde_json::to_string(&record).unwrap(),
    )
    .unwrap();
}

fn causes(report: &Report) -> Vec<&str> {
    report
        .causes
        .iter()
        .map(|cause| cause.id.as_str())
        .collect()
}

fn gated() -> Out {
    Out::new(SOURCE, &["-Cdebuginfo=2"])
}

#[test]
fn a_renamed_crate_is_explained_by_its_record() {
    let gateless = renamed(SOURCE);
    record(&gateless, "sample", "renamed");
    let report = compare(&gated(), &gateless);
    assert_eq!(
        (report.verdict, causes(&report)),
        (Verdict::Explained, vec!["renamed-crate"]),
        "{:#?}",
        found(&report)
    );
    let functions = report.totals.functions;
    assert_eq!(
        (functions.total, functions.explained, functions.unexplained),
        (2, 2, 0)
    );
}

#[test]
fn a_renamed_crate_without_such_a_record_is_not_explained() {
    let gateless = renamed(SOURCE);
    assert_eq!(compare(&gated(), &gateless).verdict, Verdict::Unexplained);
    record(&gateless, "sample", "sample");
    assert_eq!(compare(&gated(), &gateless).verdict, Verdict::Unexplained);
    record(&gateless, "sample", "another");
    assert_eq!(compare(&gated(), &gateless).verdict, Verdict::Unexplained);
}

#[test]
fn what_differs_in_a_renamed_crate_is_still_reported() {
    let gateless = renamed(&SOURCE.replace("one(9)", "one(8)"));
    record(&gateless, "sample", "renamed");
    let report = compare(&gated(), &gateless);
    let left: Vec<_> = report.objects[0]
        .differences
        .iter()
        .filter(|difference| difference.cause.is_none())
        .map(|difference| &difference.name)
        .collect();
    assert_eq!(left, ["sample::two"]);
    let functions = report.totals.functions;
    assert_eq!(
        (functions.total, functions.explained, functions.unexplained),
        (2, 1, 1)
    );
}

/// The source with another column in line 2.
fn moved() -> String {
    SOURCE.replace("{ x ^ 5 }", "{    x ^ 5 }")
}

#[test]
fn other_columns_are_explained_where_the_line_was_lowered() {
    let (gated, gateless) = (gated(), Out::new(&moved(), &["-Cdebuginfo=2"]));
    let source = gateless.path.join("rust/sample.rs");
    // The kernel's own file is as it was; what was compiled lies in the mirror.
    fs_err::write(&source, SOURCE).unwrap();
    let report = compare(&gated, &gateless);
    assert_eq!(report.verdict, Verdict::Unexplained, "nothing was lowered");
    let mirror = camino::Utf8PathBuf::from(format!(
        "{}/.gateless/lowered/sample{source}",
        gateless.path
    ));
    fs_err::create_dir_all(mirror.parent().unwrap()).unwrap();
    fs_err::write(&mirror, SOURCE.replace("one(9)", "one( 9)")).unwrap();
    assert_eq!(
        compare(&gated, &gateless).verdict,
        Verdict::Unexplained,
        "another line was lowered"
    );
    fs_err::write(&mirror, moved()).unwrap();
    let report = compare(&gated, &gateless);
    assert_eq!(
        (report.verdict, causes(&report)),
        (Verdict::Explained, vec!["lowered-columns"]),
        "{:#?}",
        report.objects
    );
}

#[test]
fn another_line_is_never_explained() {
    let (gated, gateless) = (
        gated(),
        Out::new(
            &SOURCE.replace("{ x ^ 5 }", "{\nx ^ 5 }"),
            &["-Cdebuginfo=2"],
        ),
    );
    let source = gateless.path.join("rust/sample.rs");
    let mirror = camino::Utf8PathBuf::from(format!(
        "{}/.gateless/lowered/sample{source}",
        gateless.path
    ));
    fs_err::create_dir_all(mirror.parent().unwrap()).unwrap();
    fs_err::copy(&source, &mirror).unwrap();
    fs_err::write(&source, SOURCE).unwrap();
    assert_eq!(compare(&gated, &gateless).verdict, Verdict::Unexplained);
}
