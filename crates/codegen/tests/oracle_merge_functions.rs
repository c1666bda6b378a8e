//! The oracle for function merging, in a process of its own: LLVM takes its options once.

#![cfg(target_arch = "x86_64")]

mod support;

#[test]
fn merge_functions() {
    support::compare("2", &["merge-functions=disabled"]);
}
