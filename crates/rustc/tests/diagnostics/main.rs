//! What is heard in the diagnostics of every compiler that we have recorded.
//!
//! `programs/` has a program for each thing that rustc says, `heard/` what it is understood as. `recorded/VERSION/` has what that compiler says,
//! without its own rendering and its explanations; `cargo run -p gateless-rustc --example record -- RUSTC` records another one. A compiler that
//! puts it in other words shows here, and not in a kernel that does not build. The compiler of the test itself is asked anew.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_rustc::diagnostic::{self, Event};
use libtest_mimic::{Arguments, Failed, Trial};

/// The compilers recorded: what `rustc --version` says after its name.
const RECORDED: &[&str] = &["1.95.0", "1.97.0-nightly"];

fn here() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// Names of the files in a directory, without their endings.
fn stems(directory: &Utf8Path) -> Vec<String> {
    let entries = directory.read_dir_utf8().unwrap();
    let mut stems: Vec<String> = entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned())
        .collect();
    stems.sort();
    stems
}

/// Compares what is heard in `stderr` with `heard/NAME.txt`. With `UPDATE_EXPECT` in the environment it is written there instead.
fn compare(name: &str, stderr: &str) -> Result<(), Failed> {
    let diagnostics = diagnostic::parse(stderr);
    let events = Event::all(&diagnostics);
    if events.is_empty() {
        return Err("the compiler reports nothing: the program shows nothing".into());
    }
    let heard: String = events.iter().map(|event| format!("{event:#?}\n")).collect();
    let file = here().join("heard").join(name).with_extension("txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(file.parent().unwrap())?;
        std::fs::write(&file, heard)?;
        return Ok(());
    }
    let expected = std::fs::read_to_string(&file)?;
    if heard == expected {
        Ok(())
    } else {
        Err(format!("heard\n{heard}\ninstead of\n{expected}").into())
    }
}

/// What the compiler of this test says.
fn compile(name: &str) -> Result<String, Failed> {
    let directory = tempfile::tempdir()?;
    let output = Command::new("rustc")
        .args(["--crate-type=lib", "--edition=2021", "--emit=metadata"])
        .args(["--error-format=json", "--out-dir"])
        .arg(directory.path())
        .arg(format!("programs/{name}.rs"))
        .current_dir(here())
        .env("RUSTC_BOOTSTRAP", "-1")
        .output()?;
    Ok(String::from_utf8(output.stderr)?)
}

fn main() {
    let mut trials = Vec::new();
    for name in stems(&here().join("programs")) {
        for version in RECORDED {
            let name = name.clone();
            let file = here()
                .join("recorded")
                .join(version)
                .join(format!("{name}.json"));
            trials.push(Trial::test(format!("{version}::{name}"), move || {
                compare(&name, &std::fs::read_to_string(&file)?)
            }));
        }
        trials.push(Trial::test(format!("installed::{name}"), move || {
            compare(&name, &compile(&name)?)
        }));
    }
    trials.push(Trial::test("every_recording_is_in_the_table", || {
        let recorded = here().join("recorded").read_dir_utf8()?;
        let recorded: Result<Vec<String>, std::io::Error> = recorded
            .map(|entry| Ok(entry?.file_name().to_owned()))
            .collect();
        let mut recorded = recorded?;
        recorded.sort();
        assert_eq!(recorded, RECORDED);
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
