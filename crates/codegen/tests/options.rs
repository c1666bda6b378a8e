//! In a process of its own, since LLVM takes its options once: what if one of them had no effect?

use camino::Utf8Path;

mod support;

#[test]
fn an_option_without_effect_is_noticed_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let mut job = support::job(directory, "define void @f() { ret void }");
    // Takes back one of rustc's own options.
    job.llvm_args = vec!["-trap-unreachable=false".into()];
    let failure = gateless_codegen::run(&job, &|| panic!("a sample was asked for")).unwrap_err();
    assert!(failure.what.contains("-trap-unreachable"), "{failure}");
    assert!(!directory.join("out.o").exists());
}
