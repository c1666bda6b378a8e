//! The oracle for functions that a profile splits, in a process of its own: LLVM takes its options once.

#![cfg(target_arch = "x86_64")]

mod support;

/// Samples by which a part of a function is cold.
const PROFILE: &str = include_str!("support/sample.prof");

/// What scripts/Makefile.autofdo passes with a profile.
#[test]
fn the_cold_part_of_a_function_has_a_section_beside_that_of_the_function() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("sample.prof");
    std::fs::write(&profile, PROFILE).unwrap();
    let profile = format!("profile-sample-use={}", profile.display());
    let options = [
        "debug-info-for-profiling",
        "-Cllvm-args=-enable-fs-discriminator=true",
        "-Cllvm-args=-improved-fs-discriminator=true",
        profile.as_str(),
        "-Cllvm-args=-split-machine-functions",
    ];
    for sections in [true, false] {
        let object = support::compare_with("2", &options, sections);
        let split = b".text.split.profiled\0";
        assert!(
            object.windows(split.len()).any(|name| name == split),
            "nothing was split"
        );
        support::compare_with("s", &options, sections);
    }
}
