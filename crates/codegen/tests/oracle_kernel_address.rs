//! The oracle for `-Zsanitizer=kernel-address`, in a process of its own: LLVM takes its options once.

#![cfg(target_arch = "x86_64")]

mod support;

#[test]
fn kernel_address_as_the_kernel_asks_for_it() {
    let options = [
        "sanitizer=kernel-address",
        "sanitizer-recover=kernel-address",
        "-Cllvm-args=-asan-mapping-offset=0xdffffc0000000000",
        "-Cllvm-args=-asan-instrumentation-with-call-threshold=0",
        "-Cllvm-args=-asan-stack=1",
        "-Cllvm-args=-asan-globals=1",
        "-Cllvm-args=-asan-kernel-mem-intrinsic-prefix=1",
    ];
    // The host's target does not allow this sanitizer.
    let sample = support::Sample {
        target: "x86_64-unknown-none",
        triple: "x86_64-unknown-none-elf",
        code_model: gateless_codegen::CodeModel::Kernel,
        source: support::NO_CORE,
        reloc: "static",
        stable_reloc: "static",
        ..support::HOST
    };
    for level in ["2", "s"] {
        sample.compare(level, &options);
    }
}
