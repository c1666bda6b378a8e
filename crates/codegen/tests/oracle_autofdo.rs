//! The oracle for AutoFDO, in a process of its own: LLVM takes its options once.

#![cfg(target_arch = "x86_64")]

mod support;

/// What the kernel passes to build a kernel that a profile is taken from.
#[test]
fn debug_info_for_profiling_with_the_kernels_discriminators() {
    let options = [
        "debug-info-for-profiling",
        "-Cllvm-args=-enable-fs-discriminator=true",
        "-Cllvm-args=-improved-fs-discriminator=true",
    ];
    for level in ["0", "2", "s"] {
        support::compare(level, &options);
    }
}
