//! The oracle for passes after the optimiser's own, in a process of its own: LLVM takes its options once.

#![cfg(target_arch = "x86_64")]

mod support;

/// What scripts/Makefile.kcov passes.
#[test]
fn coverage_for_kcov_counts_what_the_optimiser_has_left() {
    let options = [
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=3",
        "-Cllvm-args=-sanitizer-coverage-trace-pc",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
    ];
    for level in ["0", "2", "s"] {
        let object = support::compare(level, &options);
        for wanted in [
            &b"__sanitizer_cov_trace_pc\0"[..],
            b"__sanitizer_cov_trace_const_cmp4\0",
        ] {
            assert!(
                object.windows(wanted.len()).any(|name| name == wanted),
                "the pass did nothing"
            );
        }
    }
}
