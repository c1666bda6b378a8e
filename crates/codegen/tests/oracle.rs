//! The oracle: objects are byte for byte those that rustc itself makes with the unstable flags.

#![cfg(target_arch = "x86_64")]

mod support;

use support::{compare, compare_with};

#[test]
fn every_level_of_optimisation_without_flags() {
    for level in ["0", "1", "2", "3", "s", "z"] {
        compare(level, &[]);
    }
}

#[test]
fn cf_protection() {
    compare("2", &["cf-protection=branch"]);
    compare("2", &["cf-protection=full"]);
}

#[test]
fn function_return() {
    compare("2", &["function-return=thunk-extern"]);
}

#[test]
fn patchable_function_entry() {
    compare("2", &["patchable-function-entry=16,16"]);
    compare("s", &["patchable-function-entry=9,4"]);
}

#[test]
fn stack_protector() {
    for level in ["0", "2", "s"] {
        let unprotected = compare(level, &["stack-protector=none"]);
        let [strong, all] =
            ["strong", "all"].map(|value| compare(level, &[&format!("stack-protector={value}")]));
        assert!(strong != unprotected && all != strong, "{level}");
        compare(level, &["stack-protector=basic"]);
    }
}

#[test]
fn tune_cpu() {
    compare("2", &["tune-cpu=generic"]);
}

#[test]
fn retpolines() {
    compare(
        "2",
        &["retpoline-external-thunk", "indirect-branch-cs-prefix"],
    );
    compare("2", &["retpoline"]);
}

#[test]
fn module_flags() {
    compare("2", &["llvm_module_flag=frame-pointer:u32:2:max"]);
}

#[test]
fn function_sections() {
    for level in ["0", "2", "s"] {
        compare_with(level, &[], true);
    }
    compare_with(
        "2",
        &["patchable-function-entry=16,16", "cf-protection=branch"],
        true,
    );
}

#[test]
fn what_the_kernel_passes_for_x86_taken_together() {
    let options = [
        "cf-protection=branch",
        "function-return=thunk-extern",
        "patchable-function-entry=16,16",
        "tune-cpu=generic",
        "retpoline-external-thunk",
    ];
    for level in ["2", "s"] {
        compare(level, &options);
    }
}
