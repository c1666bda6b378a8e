//! The oracle for `-Zsanitizer=kernel-hwaddress`, in a process of its own: LLVM takes its options once.

#![cfg(target_arch = "x86_64")]

mod support;

use support::Sample;

/// What the kernel passes besides.
const KERNEL: [&str; 5] = [
    "-Cllvm-args=-hwasan-instrument-with-calls=1",
    "-Cllvm-args=-hwasan-instrument-stack=1",
    "-Cllvm-args=-hwasan-use-short-granules=0",
    "-Cllvm-args=-hwasan-inline-all-checks=0",
    "-Cllvm-args=-hwasan-kernel-mem-intrinsic-prefix=1",
];

/// rustc 1.95 has only the variant for programs; an option of LLVM makes the kernel's of it.
#[test]
fn kernel_hwaddress_is_what_rustc_makes_of_hwaddress_when_llvm_is_told_that_it_is_a_kernel() {
    let sample = Sample {
        source: support::NO_CORE,
        target: "aarch64-unknown-linux-gnu",
        triple: "aarch64-unknown-linux-gnu",
        cpu: "generic",
        ..support::HOST
    };
    let gated = [
        &[
            "sanitizer=hwaddress",
            "sanitizer-recover=hwaddress",
            "-Cllvm-args=-hwasan-kernel=1",
        ][..],
        &KERNEL,
    ];
    let ours = [
        &[
            "sanitizer=kernel-hwaddress",
            "sanitizer-recover=kernel-hwaddress",
        ][..],
        &KERNEL,
    ];
    for level in ["2", "s"] {
        sample.compare_as(level, &gated.concat(), &ours.concat());
    }
}
