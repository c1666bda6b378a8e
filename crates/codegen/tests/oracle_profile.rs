//! The oracle for AutoFDO's profiles, in a process of its own: LLVM takes its options once.

#![cfg(target_arch = "x86_64")]

mod support;

/// Samples in LLVM's text form, by lines from each function's beginning: one function is hot, one calls through a pointer to a known target.
const PROFILE: &str = include_str!("support/sample.prof");

#[test]
fn profile_sample_use() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("sample.prof");
    std::fs::write(&profile, PROFILE).unwrap();
    let options = [
        "debug-info-for-profiling".to_owned(),
        format!("profile-sample-use={}", profile.display()),
    ];
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    for level in ["2", "s"] {
        let object = support::compare(level, &options);
        let without = support::HOST.object(level, &options[..1]);
        assert_ne!(object, without, "the profile had no effect on rustc");
        let object = support::compare_with(level, &options, true);
        let hot = b".text.hot.profiled";
        // Nothing is hot where code is to be small.
        assert_eq!(
            object.windows(hot.len()).any(|name| name == hot),
            level == "2"
        );
    }
}
