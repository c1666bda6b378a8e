//! The oracle for what the kernel passes for arm64.

#![cfg(target_arch = "x86_64")]

mod support;

use support::Sample;

const ARM64: Sample<'static> = Sample {
    source: support::NO_CORE,
    target: "aarch64-unknown-none",
    triple: "aarch64-unknown-none",
    cpu: "generic",
    reloc: "static",
    stable_reloc: "static",
    ..support::HOST
};

#[test]
fn branch_protection() {
    for value in [
        "bti",
        "pac-ret",
        "bti,pac-ret,leaf",
        "pac-ret,b-key,pc",
        "gcs",
    ] {
        ARM64.compare("2", &[&format!("branch-protection={value}")]);
    }
}

#[test]
fn fixed_x18_and_shadow_call_stack() {
    ARM64.compare("2", &["fixed-x18"]);
    ARM64.compare("2", &["fixed-x18", "sanitizer=shadow-call-stack"]);
}

#[test]
fn stack_protector() {
    ARM64.compare("2", &["stack-protector=strong"]);
    ARM64.compare("s", &["stack-protector=all"]);
}

#[test]
fn use_sync_unwind() {
    ARM64.compare("2", &["use-sync-unwind=n"]);
    ARM64.compare("2", &["use-sync-unwind=y"]);
}

#[test]
fn function_sections() {
    Sample {
        sections: true,
        ..ARM64
    }
    .compare("2", &["branch-protection=bti"]);
}
