//! `gateless explain`, as people call it.

use std::process::{Command, Output};

fn explain(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gateless"))
        .arg("explain")
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn a_flag_is_explained_by_the_name_it_has_in_a_makefile() {
    let answer = explain(&["-Zfunction-return=thunk-extern"]);
    let text = String::from_utf8(answer.stdout).unwrap();
    assert!(
        answer.status.success()
            && text.contains("Z_function_return")
            && text.contains("MITIGATION_RETHUNK"),
        "{text}"
    );
}

#[test]
fn json_has_a_version_and_every_entry() {
    let all: serde_json::Value = serde_json::from_slice(&explain(&["--json"]).stdout).unwrap();
    let one: serde_json::Value =
        serde_json::from_slice(&explain(&["core", "--json"]).stdout).unwrap();
    assert_eq!(
        (&all["version"], &one["entries"][0]["id"]),
        (&1.into(), &"core_from_source".into())
    );
    assert!(all["entries"].as_array().unwrap().len() > 100);
}

#[test]
fn an_unknown_name_is_wrong_usage_and_near_ones_are_named() {
    let answer = explain(&["self_types"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(
        String::from_utf8(answer.stderr)
            .unwrap()
            .contains("arbitrary_self_types")
    );
}
