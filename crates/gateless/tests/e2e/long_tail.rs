//! Wishes, each seen in a real kernel. They build in a directory of their own: the others' builds ask for none.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// The suite that overflows, and where it is put.
const SUITE: &str = include_str!("../../../../examples/overflow-report/overflow_report_kunit.rs");
const SUITE_FILE: &str = "lib/overflow_report_kunit.rs";
const MAKEFILE: &str = "lib/Makefile";

/// Every overflow of the suite is reported with its line, nothing else is, and every test passes with the wrapped results.
pub fn overflow_report(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
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
    if answer["outcome"] != "passed" || !log.contains("overflow_report") {
        return Err(format!("the suite did not pass: {:#}", answer["reasons"]).into());
    }
    let (wanted, reported) = (wanted(), reported(&log)?);
    if wanted != reported {
        let missing: Vec<_> = wanted.difference(&reported).collect();
        let more: Vec<_> = reported.difference(&wanted).collect();
        return Err(format!("not reported: {missing:?}; reported: {more:?}").into());
    }
    Ok(())
}

/// Builds with the wish and boots; the answer, and what the kernel said.
fn boot(workshop: &Workshop) -> Tested<(Value, String)> {
    let out: Utf8PathBuf = workshop.out_of("um-overflow-report", Mode::Gateless);
    workshop.begin(&out, &workshop.out(Mode::Gateless))?;
    let mut arguments = workshop.arguments("boot", Mode::Gateless, &out);
    arguments.extend(["--wish=overflow-report", "--json"]);
    let answer = serde_json::from_str(&succeeded(workshop.gateless(&arguments)?)?)?;
    Ok((answer, fs_err::read_to_string(out.join("boot.log"))?))
}

/// Where the suite says that it overflows (a line of its own, or a file of core), with the words of the report.
fn wanted() -> BTreeSet<(String, String)> {
    let lines = (1..).zip(SUITE.lines());
    let marked = lines.filter_map(|(number, line)| Some((number, line.split_once(" //~ ")?.1)));
    marked
        .map(
            |(number, words): (usize, &str)| match words.split_once(" in ") {
                Some((words, file)) => (file.to_owned(), words.to_owned()),
                None => (format!("{SUITE_FILE}:{number}"), words.to_owned()),
            },
        )
        .collect()
}

/// What the kernel reported, in the same form; a report that comes twice is an error.
fn reported(log: &str) -> Tested<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
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
        if !found.insert((place, words.to_owned())) {
            return Err(format!("reported twice: {line}").into());
        }
    }
    Ok(found)
}
