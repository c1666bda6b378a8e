//! What happens when LLVM gives up in the middle (its fatal errors end the process): a message, exit code 3, and no object.

use std::process::Command;

use camino::Utf8Path;
use gateless_model::Exit;

mod support;

/// Names the directory to work in, for the process that is to end.
const DIRECTORY: &str = "GATELESS_TEST_FATAL";

#[test]
fn a_fatal_error_of_llvm_reaches_the_hook_and_leaves_no_object() {
    if let Ok(directory) = std::env::var(DIRECTORY) {
        give_up(Utf8Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let this = "a_fatal_error_of_llvm_reaches_the_hook_and_leaves_no_object";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", this, "--nocapture"])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(Exit::Failed as i32), "{said}");
    assert!(said.contains("heard: ") && said.contains("crc32"), "{said}");
    let left: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["in.bc"]);
}

/// Generates code for an instruction that the processor does not have.
fn give_up(directory: &Utf8Path) -> ! {
    let body = "declare i32 @llvm.x86.sse42.crc32.32.32(i32, i32)\n\
        define i32 @f(i32 %a) { %x = call i32 @llvm.x86.sse42.crc32.32.32(i32 %a, i32 %a)\n ret i32 %x }";
    let job = support::job(directory, body);
    gateless_codegen::set_fatal_hook(|text| {
        eprintln!("heard: {text}");
        Exit::Failed
    });
    let done = gateless_codegen::run(&job, &|| panic!("a sample was asked for"));
    panic!("LLVM did not end the process: {done:?}")
}
