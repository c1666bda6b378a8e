//! Small programs that use the gates, by the gated compiler and by `gateless-rustc`: nothing that can be seen of the two may differ.
//!
//! `cases/*.rs` are the programs. The gated compiler is the same toolchain with `RUSTC_BOOTSTRAP=1`; what it does is found out at run time.
//! `GROUP_lib.rs` is a library that the other programs of its group use by the name `lib`, `GROUP_macros.rs` a library of procedural
//! macros that they use by the name of the group. `known_failures.txt` lists programs that fail, with how; one that fails no longer has to leave it.
//!
//! With `GATELESS_UI_TESTS=DIRECTORY`, or `fetch`, the compiler's own UI tests are tried instead (`ui.rs`).

mod program;
mod source;
mod ui;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::program::{Bench, Compared, Program};
use crate::verdict::Verdict;

/// Programs that are known to fail, and how.
fn known_failures() -> BTreeMap<String, String> {
    include_str!("known_failures.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let name = words.next().expect("a name");
            (name, words.next().expect("a verdict"))
        })
        .collect()
}

/// Fails unless the verdict is what the list of known failures says.
fn judge(program: &Program, bench: &Bench, known: Option<&str>) -> Result<(), Failed> {
    let Compared { verdict, why, .. } = bench.compare(program);
    match (verdict, known) {
        (Verdict::Agrees, None) => Ok(()),
        (Verdict::Agrees, Some(known)) => {
            Err(format!("no longer {known}: take it off known_failures.txt").into())
        }
        (verdict, Some(known)) if verdict.to_string() == known => Ok(()),
        (verdict, _) => Err(format!("{verdict}\n{why}").into()),
    }
}

fn main() {
    let arguments = Arguments::from_args();
    if let Some(directory) = std::env::var_os("GATELESS_UI_TESTS") {
        let words = arguments.filter.iter().flat_map(|words| words.split(','));
        let words: Vec<String> = words.map(str::to_owned).collect();
        ui::run(&source::directory(Path::new(&directory)), &words);
        return;
    }
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/cases");
    let mut known = known_failures();
    let mut trials = Vec::new();
    let mut files: Vec<_> = fs::read_dir(&cases)
        .expect("the cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    files.sort();
    for path in files {
        let program = Program::of(&path, &cases);
        let name = program.name.clone();
        let known = known.remove(&name);
        trials.push(Trial::test(name, move || {
            let bench = Bench::new()?;
            judge(&program, &bench, known.as_deref())
        }));
    }
    assert!(trials.len() >= 60, "cases are missing");
    assert!(
        known.is_empty(),
        "known_failures.txt names programs that are not there: {known:?}"
    );
    libtest_mimic::run(&arguments, trials).exit();
}
