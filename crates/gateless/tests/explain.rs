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

#[test]
fn an_entry_is_found_by_the_names_that_people_know_whatever_the_case() {
    for (name, id) in [
        ("RUSTC_BOOTSTRAP", "rustc_bootstrap"),
        ("target.json", "target_json"),
        ("CoercePointee", "derive_coerce_pointee"),
        ("coercepointee", "derive_coerce_pointee"),
        ("-Zsanitizer=kcfi", "Z_sanitizer_kcfi"),
        ("btf", "btf_of_rust"),
        ("tait", "type_alias_impl_trait"),
        ("bindgen#1949", "bindgen_gcc"),
        ("bindgen#316", "bindgen_macro_casts"),
        ("repeatable options", "repeatable_options"),
    ] {
        let answer = explain(&["--", name]);
        let text = String::from_utf8(answer.stdout).unwrap();
        assert!(
            answer.status.success() && text.starts_with(&format!("{id}: ")),
            "{name}: {text}"
        );
        let others = text.lines().filter(|line| line.starts_with("Z_")).count();
        assert!(others <= 1, "{name} shows others as well: {text}");
    }
}

#[test]
fn what_upstream_lacks_has_a_link_or_the_reason_why_there_is_none() {
    let text = |name| String::from_utf8(explain(&[name]).stdout).unwrap();
    assert!(text("sealed_traits").contains("https://github.com/rust-lang/rust/issues/105077"));
    assert!(text("custom_prelude").contains("no issue to follow: "));
}
