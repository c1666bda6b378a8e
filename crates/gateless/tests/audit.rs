//! `gateless audit`, `probe` and `roadmap`, as people and scripts call them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn gateless(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gateless"))
        .args(args)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn write(tree: &Path, path: &str, text: &str) {
    let path = tree.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A tree with one driver.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    write(
        tree.path(),
        "Makefile",
        "VERSION = 9\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION =\n",
    );
    write(
        tree.path(),
        "drivers/Makefile",
        "obj-y += a.o\nRUSTFLAGS_a.o := -Ztune-cpu=generic\n",
    );
    write(
        tree.path(),
        "drivers/a.rs",
        "#![feature(used_with_arg)]\n#[used(compiler)]\nstatic X: u8 = 1;\n",
    );
    tree
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_json_has_the_shape_that_scripts_rely_on() {
    let tree = tree();
    let output = gateless(&["audit", text(tree.path()), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer = json(&output);
    assert_eq!(answer["version"], 1);
    let gates = answer["gates"].as_array().unwrap();
    let used = gates
        .iter()
        .find(|gate| gate["id"] == "used_with_arg")
        .unwrap();
    assert_eq!(
        (&used["kind"], &used["needed"]),
        (&"attribute".into(), &true.into())
    );
    assert_eq!(
        (&used["uses"][1]["file"], &used["uses"][1]["line"]),
        (&"drivers/a.rs".into(), &2.into())
    );
    assert!(
        gates
            .iter()
            .any(|gate| gate["id"] == "Z_tune_cpu" && gate["needed"] == true)
    );
}

#[test]
fn gates_are_found_where_people_write_them_and_flags_of_other_tools_are_not() {
    let tree = tempfile::tempdir().unwrap();
    for (path, text) in [
        (
            "lib.rs",
            "pub struct S; impl S { pub fn n(self: *const Self) {} pub fn m(self: *mut Self) {} }\n",
        ),
        ("old/rust-toolchain", "nightly\n"),
        ("plus.mk", "all:\n\tcargo +nightly build\n"),
        (
            ".github/workflows/ci.yml",
            "env:\n  RUSTC_BOOTSTRAP: 1\n  RUSTFLAGS: -Zplanted-one\n",
        ),
        (
            "Dockerfile",
            "FROM rust\nENV RUSTC_BOOTSTRAP=1\nRUN cargo build -Zbuild-std=core\n",
        ),
        (
            "x.sh",
            "#!/bin/sh\nRUSTFLAGS=\"-Zplanted-two\" cargo build\n",
        ),
        ("remove.mk", "RUSTFLAGS_REMOVE_a.o := -Zsanitizer=kcfi\n"),
        (
            "cflags.mk",
            "ccflags-y += -Zi\nKBUILD_CFLAGS += -Zj\n\tls -Z\n",
        ),
    ] {
        write(tree.path(), path, text);
    }
    let answer = json(&gateless(&["audit", text(tree.path()), "--json"]));
    let mut found: Vec<String> = Vec::new();
    for gate in answer["gates"].as_array().unwrap() {
        for used in gate["uses"].as_array().unwrap() {
            found.push(format!(
                "{} {}:{}",
                gate["id"].as_str().unwrap(),
                used["file"].as_str().unwrap(),
                used["line"]
            ));
        }
    }
    found.sort();
    assert_eq!(
        found,
        [
            "-Zplanted-one .github/workflows/ci.yml:3",
            "-Zplanted-two x.sh:2",
            "arbitrary_self_types_pointers lib.rs:1",
            "arbitrary_self_types_pointers lib.rs:1",
            "build_std Dockerfile:3",
            "rustc_bootstrap .github/workflows/ci.yml:2",
            "rustc_bootstrap Dockerfile:2",
            "unstable_toolchain old/rust-toolchain:1",
            "unstable_toolchain plus.mk:2",
        ]
    );
}

#[test]
fn with_an_empty_ledger_the_same_places_are_listed_as_unknown() {
    let (tree, ledger) = (tree(), tempfile::tempdir().unwrap());
    let with = json(&gateless(&["audit", text(tree.path()), "--json"]));
    let without = json(&gateless(&[
        "audit",
        text(tree.path()),
        "--json",
        "--ledger",
        text(ledger.path()),
    ]));
    assert_eq!(with["totals"]["uses"], without["totals"]["uses"]);
    let unknown = &without["gates"]
        .as_array()
        .unwrap()
        .iter()
        .find(|gate| gate["id"] == "-Ztune-cpu")
        .unwrap()["status"];
    assert_eq!(unknown, "unknown");
}

#[test]
fn a_new_gate_is_denied_with_the_commit_that_added_it() {
    let tree = tree();
    let baseline = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        baseline.path(),
        gateless(&["audit", text(tree.path()), "--json"]).stdout,
    )
    .unwrap();
    let deny = || {
        gateless(&[
            "audit",
            text(tree.path()),
            "--deny-new",
            text(baseline.path()),
        ])
    };
    assert_eq!(deny().status.code(), Some(0));
    let git = |args: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(tree.path())
            .args(["-c", "user.name=Planter", "-c", "user.email=p@example.org"])
            .args(args)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "Start"]);
    let driver =
        "// moved down\n#![feature(used_with_arg)]\n#[used(compiler)]\nstatic X: u8 = 1;\n";
    write(tree.path(), "drivers/a.rs", driver);
    assert_eq!(deny().status.code(), Some(0), "what moved is not new");
    write(
        tree.path(),
        "drivers/a.rs",
        &format!("{driver}#[optimize(size)]\nfn f() {{}}\n"),
    );
    git(&["commit", "-qam", "Plant a gate"]);
    let denied = deny();
    assert_eq!(denied.status.code(), Some(1));
    let answer = String::from_utf8(denied.stdout).unwrap();
    assert!(
        answer.contains("optimize_attribute") && answer.contains("drivers/a.rs:5"),
        "{answer}"
    );
    assert!(
        answer.contains("Plant a gate") && answer.contains("Planter"),
        "{answer}"
    );
}

#[test]
fn broken_files_are_named_and_the_exit_code_says_so() {
    let tree = tree();
    write(tree.path(), "drivers/b.rs", "fn f( {\n");
    let output = gateless(&["audit", text(tree.path()), "--json"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("drivers/b.rs:1"));
    assert!(
        json(&output)["gates"].as_array().unwrap().len() >= 2,
        "the rest is audited"
    );
}

#[test]
fn two_trees_can_be_compared_in_both_spellings() {
    let (old, new) = (tree(), tree());
    write(new.path(), "drivers/Makefile", "obj-y += a.o\n");
    for args in [
        [
            "audit",
            text(old.path()),
            "--diff",
            text(new.path()),
            "--json",
        ],
        [
            "audit",
            "--json",
            "--diff",
            text(old.path()),
            text(new.path()),
        ],
    ] {
        let output = gateless(&args);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(
            json(&output)["gone_gates"],
            serde_json::json!(["Z_tune_cpu"])
        );
    }
}

#[test]
fn sarif_names_every_place_and_html_needs_nothing_from_elsewhere() {
    let tree = tree();
    let sarif = json(&gateless(&["audit", text(tree.path()), "--sarif"]));
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    assert_eq!(
        results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .map(|uri| uri.starts_with("drivers/")),
        Some(true)
    );
    let page = tree.path().join("page.html");
    assert_eq!(
        gateless(&["audit", text(tree.path()), "--html", text(&page)])
            .status
            .code(),
        Some(0)
    );
    let html = std::fs::read_to_string(page).unwrap();
    assert!(
        html.contains("used_with_arg") && !html.contains("src=\"http") && !html.contains("@import")
    );
}

#[test]
fn a_mistyped_path_does_not_pass_for_a_clean_tree() {
    let (tree, other, empty) = (tree(), tree(), tempfile::tempdir().unwrap());
    let baseline = tempfile::NamedTempFile::new().unwrap();
    let answer = gateless(&["audit", text(tree.path()), "--json"]).stdout;
    std::fs::write(baseline.path(), answer).unwrap();
    let deny = |tree: &Path, more: &[&str]| {
        let args = ["audit", text(tree), "--deny-new", text(baseline.path())];
        gateless(&[&args, more].concat())
    };
    let denied = deny(empty.path(), &[]);
    assert_eq!(denied.status.code(), Some(1), "{denied:?}");
    let said = String::from_utf8_lossy(&denied.stderr).into_owned();
    assert!(said.contains("there is no Rust in it"), "{said}");
    let vanished = String::from_utf8_lossy(&denied.stdout).into_owned();
    assert!(
        vanished.contains("- used_with_arg: drivers/a.rs:1"),
        "{vanished}"
    );
    let allowed = deny(empty.path(), &["--allow-shrink"]);
    assert_eq!(allowed.status.code(), Some(0), "{allowed:?}");

    write(other.path(), "drivers/b.rs", "fn f() {}\n");
    std::fs::remove_file(other.path().join("Makefile")).unwrap();
    let denied = deny(other.path(), &[]);
    let said = String::from_utf8_lossy(&denied.stderr).into_owned();
    assert!(
        denied.status.code() == Some(1) && said.contains("the baseline is of Linux 9.1.0"),
        "{denied:?}"
    );
    write(tree.path(), "drivers/Makefile", "obj-y += a.o\n");
    write(tree.path(), "drivers/a.rs", "fn f() {}\n");
    let denied = deny(tree.path(), &[]);
    let said = String::from_utf8_lossy(&denied.stderr).into_owned();
    assert!(
        denied.status.code() == Some(1) && said.contains("0 gates were found, 2 in the baseline"),
        "{denied:?}"
    );
}

#[test]
fn what_is_not_there_and_wrong_usage_have_their_own_exit_codes() {
    assert_eq!(gateless(&["audit", "/no/such/tree"]).status.code(), Some(3));
    assert_eq!(gateless(&["audit"]).status.code(), Some(2));
    assert_eq!(gateless(&["probe", "no_such_entry"]).status.code(), Some(2));
    let tree = tree();
    let out = tempfile::tempdir().unwrap();
    let output = gateless(&["audit", text(tree.path()), "--out", text(out.path())]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let wrong = gateless(&[
        "audit",
        text(tree.path()),
        "--deny-new",
        text(&tree.path().join("Makefile")),
    ]);
    assert_eq!(wrong.status.code(), Some(3));
}

#[test]
fn a_probe_says_what_the_compiler_does_and_the_ledger_agrees() {
    let output = gateless(&[
        "probe",
        "--json",
        "--check",
        "asm_goto",
        "used_with_arg",
        "Z_cf_protection",
        "asm_const_ptr",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer = json(&output);
    let observed = |id: &str| {
        let rows = answer["entries"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"] == id).unwrap();
        row["results"][0]["observed"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(observed("asm_goto"), "accepted");
    assert_eq!(observed("used_with_arg"), "gated");
    assert_eq!(observed("Z_cf_protection"), "gated");
}

#[test]
fn the_roadmap_has_steps_that_free_everything_it_counts() {
    let tree = tree();
    let output = gateless(&[
        "roadmap",
        "--tree",
        text(tree.path()),
        "--trend",
        text(tree.path()),
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer = json(&output);
    let freed: usize = answer["done_when"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["unblocks"].as_array().unwrap().len())
        .sum();
    let needed = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["needed"] == true)
        .count();
    assert_eq!((freed, needed), (2, 2), "{answer:#}");
    assert_eq!(answer["trend"][0]["needed"], 2);
    let dot = gateless(&["roadmap", "--tree", text(tree.path()), "--dot"]);
    assert!(String::from_utf8_lossy(&dot.stdout).starts_with("digraph"));
}
