//! Wishes, each seen in a real kernel. They build in a directory of their own: the others' builds ask for none.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// The suite that overflows, and where it is put.
const SUITE: &str = include_str!("../../../../examples/overflow-report/overflow_report_kunit.rs");
const SUITE_FILE: &str = "lib/overflow_report_kunit.rs";
const MAKEFILE: &str = "lib/Makefile";

/// Every overflow of the suite is reported with its line, nothing else is, every test passes with the wrapped results, and those of the kernel
/// itself have the results of a kernel without the wish.
pub fn overflow_report(workshop: &mut Workshop) -> Tested {
    let plain: Value = serde_json::from_str(&workshop.boot(Mode::Gateless)?)?;
    let makefile = fs_err::read_to_string(workshop.tree.join(MAKEFILE))?;
    workshop.restore(SUITE_FILE, SUITE.as_bytes())?;
    workshop.restore(
        MAKEFILE,
        format!("{makefile}\nobj-$(CONFIG_RUST) += overflow_report_kunit.o\n").as_bytes(),
    )?;
    let seen = boot(workshop);
    fs_err::remove_file(workshop.tree.join(SUITE_FILE))?;
    workshop.restore(MAKEFILE, makefile.as_bytes())?;
    workshop.untouch(MAKEFILE)?;
    let (answer, log) = seen?;
    let (own, others): (Vec<_>, Vec<_>) = tests(&answer).partition(|test| is_of_suite(test));
    if answer["outcome"] != "passed" || own.is_empty() {
        return Err(format!("the suite did not pass: {:#}", answer["reasons"]).into());
    }
    if !others.into_iter().eq(tests(&plain)) {
        return Err(
            "the kernel's own tests do not have the results that they have without the wish".into(),
        );
    }
    let (wanted, reported) = (wanted(), reported(&log)?);
    let without = |these: &Reports, others: &Reports| -> Vec<_> {
        let these = these.clone().into_iter();
        these
            .filter(|(place, times)| others.get(place) != Some(times))
            .collect()
    };
    if wanted != reported {
        return Err(format!(
            "not reported so: {:?}; reported: {:?}",
            without(&wanted, &reported),
            without(&reported, &wanted)
        )
        .into());
    }
    Ok(())
}

fn tests(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["tests"].as_array().into_iter().flatten()
}

/// Whether a test is one of the suite that overflows.
fn is_of_suite(test: &Value) -> bool {
    let name = test["name"].as_str();
    name.is_some_and(|name| name.starts_with("overflow_report."))
}

/// Where something overflows (a line of the suite, or a file of core) and the words of the report, and how often it is reported.
type Reports = BTreeMap<(String, String), usize>;

/// Builds with the wish and boots; the answer, and what the kernel said.
fn boot(workshop: &Workshop) -> Tested<(Value, String)> {
    let out: Utf8PathBuf = workshop.out_of(
        &format!("{}-overflow-report", workshop.arch),
        Mode::Gateless,
    );
    workshop.begin(&out, &workshop.out(Mode::Gateless))?;
    let mut arguments = workshop.arguments("boot", Mode::Gateless, &out);
    arguments.extend(["--wish=overflow-report", "--json"]);
    let answer = serde_json::from_str(&succeeded(workshop.gateless(&arguments)?)?)?;
    Ok((answer, fs_err::read_to_string(out.join("boot.log"))?))
}

/// What the suite says of its lines.
fn wanted() -> Reports {
    let lines = (1..).zip(SUITE.lines());
    let marked = lines.filter_map(|(number, line)| Some((number, line.split_once(" //~ ")?.1)));
    marked
        .map(|(number, words): (usize, &str)| {
            let (words, times) = match words.strip_suffix(" twice") {
                Some(words) => (words, 2),
                None => (words, 1),
            };
            let place = match words.split_once(" in ") {
                Some((words, file)) => (file.to_owned(), words.to_owned()),
                None => (format!("{SUITE_FILE}:{number}"), words.to_owned()),
            };
            (place, times)
        })
        .collect()
}

/// What the kernel reported.
fn reported(log: &str) -> Tested<Reports> {
    let mut found = Reports::new();
    for line in log.lines() {
        let Some((_, report)) = line.split_once("rust: attempt to ") else {
            continue;
        };
        let parts = report.split_once(" with overflow at ");
        let Some((words, (file, place))) =
            parts.and_then(|(words, place)| Some((words, place.split_once(':')?)))
        else {
            return Err(format!("not a report: {line}").into());
        };
        let number = place.split(':').next().unwrap_or_default();
        let place = match file.rfind("core/src/") {
            Some(at) => file[at..].to_owned(),
            None => format!("{file}:{number}"),
        };
        *found.entry((place, words.to_owned())).or_default() += 1;
    }
    Ok(found)
}
