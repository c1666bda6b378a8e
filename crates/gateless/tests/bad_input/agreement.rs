//! `gateless doctor` and the tree's own scripts/rust_is_available.sh, about the cases of scripts/rust_is_available_test.py: what one refuses, the other
//! refuses.
//!
//! The script is that of `$GATELESS_TEST_TREE`; without it the test shows as ignored. Cases of the script's environment (RUSTC, BINDGEN or CC unset, an
//! unknown CC, KRUSTFLAGS) have no counterpart: gateless sets these itself, and takes KRUSTFLAGS out of the environment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_trials::Need;
use libtest_mimic::{Failed, Trial};

use crate::bench::Bench;

/// The tests of this file.
pub fn trials() -> Vec<Trial> {
    vec![Need::kernel_tree().trial(
        "doctor_agrees_with_the_trees_own_check_case_by_case",
        agrees,
    )]
}

/// How the two relate where they need not agree.
#[derive(Clone, Copy, PartialEq)]
enum Relation {
    /// Both take it, or both refuse it.
    Same,
    /// Only doctor refuses it, for this reason.
    Stricter(&'static str),
}
use Relation::{Same, Stricter};

const NOT_STABLE: Relation = Stricter("gates are open in any compiler but a stable release");

/// What a compiler prints for its version.
const COMPILERS: [(&str, Relation); 9] = [
    ("rustc 1.85.0", Same),
    ("rustc 1.85.0 (a8314ef7d 2022-06-27)", Same),
    ("rustc 1.85.0-dev (a8314ef7d 2022-06-27)", NOT_STABLE),
    ("rustc 1.85.0-1.60.0 (a8314ef7d 2022-06-27)", NOT_STABLE),
    ("unexpected 1.85.0 (a8314ef7d 2022-06-27)", Same),
    ("rustc unexpected (a8314ef7d 2022-06-27)", Same),
    ("rustc 1.85 (a8314ef7d 2022-06-27)", Same),
    ("rustc 1.60.0 (a8314ef7d 2022-06-27)", Same),
    ("", Same),
];

/// What bindgen prints for its version.
const BINDGENS: [(&str, Relation); 9] = [
    ("bindgen 0.71.1", Same),
    ("bindgen 0.71.1-dev", Same),
    ("bindgen 0.71.1-0.999.0", Same),
    ("bindgen 0.72.1", Same),
    ("unexpected 0.71.1", Same),
    ("bindgen unexpected", Same),
    ("bindgen 0.71", Same),
    ("bindgen 0.50.0", Same),
    ("", Same),
];

/// What bindgen says of a header, on standard error.
const LIBCLANGS: [(&str, Relation); 9] = [
    (
        "x.h:2:9: warning: clang version 17.0.1 [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "x.h:2:9: warning: clang version 17.0.1 (https://github.com/llvm/llvm-project.git 4a2c05b) [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "/home/jd/linux-6.1/outputs/x.h:2:9: warning: clang version 17.0.1  [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "x.h:2:9: warning: clang version 17.0.1 (Fedora 13.0.0-3.fc35) [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "/nix/store/bash-5.1-p16/bin/bash: warning: setlocale: LC_ALL: cannot change locale (c)\nx.h:2:9: warning: clang version 17.0.1  [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "/nix/store/bash-5.1.0-p16/bin/bash: warning: setlocale\n/home/jd/linux-6.1/x.h:2:9: warning: clang version 17.0.1 (Fedora 13.0.0-3.fc35) [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "x.h:2:9: warning: clang version unexpected [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "x.h:2:9: warning: clang version 10.0.0 [-W#pragma-messages], err: false",
        Same,
    ),
    (
        "x.h:2:9: warning: clang version 999.0.0 [-W#pragma-messages], err: false",
        Same,
    ),
];

fn agrees(tree: Utf8PathBuf) -> Result<(), Failed> {
    let bench = Bench::new();
    for script in [
        "min-tool-version.sh",
        "rust_is_available.sh",
        "rust_is_available_bindgen_libclang.h",
        "rust_is_available_bindgen_libclang_22.h",
        "cc-version.sh",
    ] {
        let from = tree.join("scripts").join(script);
        fs::copy(&from, bench.path("tree/scripts").join(script))
            .map_err(|error| format!("{from}: {error}"))?;
    }
    fs::create_dir_all(bench.path("llvm-17/lib"))?;
    fs::write(bench.path("llvm-17/lib/libclang-17.so.1"), "")?;
    let good = (COMPILERS[0].0, BINDGENS[0].0, LIBCLANGS[0].0);
    for (text, relation) in COMPILERS {
        case(&bench, (text, good.1, good.2), relation)?;
    }
    for (text, relation) in BINDGENS {
        case(&bench, (good.0, text, good.2), relation)?;
    }
    for (text, relation) in LIBCLANGS {
        case(&bench, (good.0, good.1, text), relation)?;
    }
    fakes(&bench, good);
    bench.program(
        "bindgen",
        "case $1 in --version) echo bindgen 0.71.1;; *) exit 42;; esac\n",
    );
    compare(&bench, "bindgen fails", Same)?;
    for name in ["rustc", "bindgen"] {
        fakes(&bench, good);
        let program = bench.path("bin").join(name);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o644))?;
        compare(&bench, &format!("{name} can't be run"), Same)?;
        fs::remove_file(&program)?;
        compare(&bench, &format!("no {name}"), Same)?;
    }
    fakes(&bench, good);
    fs::remove_file(bench.path("rustc-1.85.0/library/core/src/lib.rs"))?;
    compare(&bench, "no sources of core", Same)
}

/// Programs that print these: rustc, bindgen, and bindgen about a header.
fn fakes(bench: &Bench, (rustc, bindgen, libclang): (&str, &str, &str)) {
    let release = rustc.split(' ').nth(1).unwrap_or_default();
    bench.program("rustc", &format!("case $1 in -vV) printf '{rustc}\\nhost: x86_64-unknown-linux-gnu\\nrelease: {release}\\n';; --print) echo /nowhere;; *) echo '{rustc}';; esac\n"));
    bench.program(
        "bindgen",
        &format!("case $1 in --version) echo '{bindgen}';; *) echo '{libclang}' >&2;; esac\n"),
    );
    bench.program(
        "clang",
        "case \"$*\" in *-E*) echo Clang 17 0 1;; *) echo clang version 17.0.1;; esac\n",
    );
    bench.write("rustc-1.85.0/library/core/src/lib.rs", "");
    bench.write("rustc-1.85.0/src/version", "1.85.0\n");
}

fn case(bench: &Bench, printed: (&str, &str, &str), relation: Relation) -> Result<(), Failed> {
    fakes(bench, printed);
    compare(bench, &format!("{printed:?}"), relation)
}

fn compare(bench: &Bench, case: &str, relation: Relation) -> Result<(), Failed> {
    let bin = bench.path("bin");
    let library = bench.path("rustc-1.85.0/library");
    let script = Command::new(bench.path("tree/scripts/rust_is_available.sh"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("RUSTC", bin.join("rustc"))
        .env("BINDGEN", bin.join("bindgen"))
        .env("CC", bin.join("clang"))
        .env("RUST_LIB_SRC", &library)
        .output()?;
    let tree = bench.path("tree");
    let tree = Utf8Path::from_path(&tree).ok_or("not UTF-8")?;
    let mut doctor = bench.gateless(&["doctor", "--json", "--tree", tree.as_str()]);
    doctor
        .env("RUST_LIB_SRC", &library)
        .env("LIBCLANG_PATH", bench.path("llvm-17/lib"));
    let doctor = doctor.output()?;
    let answer: serde_json::Value = serde_json::from_slice(&doctor.stdout).map_err(|error| {
        format!(
            "{case}: {error}: {}",
            String::from_utf8_lossy(&doctor.stderr)
        )
    })?;
    let rows = answer["prerequisites"].as_array().ok_or("no rows")?;
    let refused: Vec<&serde_json::Value> = rows
        .iter()
        .filter(|row| {
            let about = ["rustc", "bindgen", "libclang", "rust-src"];
            about.iter().any(|name| row["name"] == *name) && row["problem"].is_string()
        })
        .collect();
    let script_takes = script.status.success();
    let expected = relation == Same && script_takes;
    if refused.is_empty() != expected || (relation != Same && !script_takes) {
        return Err(format!(
            "{case}: the script takes it: {script_takes}, doctor refuses: {refused:?}\n{}",
            String::from_utf8_lossy(&script.stderr)
        )
        .into());
    }
    Ok(())
}
