//! `-Zgateless-wish=build-assert` on what rustc compiles: assertions in generic, inlined and other crates' code, and objects that the check leaves alone.

#![cfg(target_arch = "x86_64")]

mod support;

use std::process::Command;

use camino::Utf8Path;
use gateless_codegen::{Job, Output, Stage};
use gateless_model::Failure;

/// As the kernel has it (rust/build_error.rs, rust/kernel/build_assert.rs).
const CHECKS: &str = r#"#![no_std]
unsafe extern "Rust" { #[track_caller] safe fn rust_build_error(message: &'static str) -> !; }
#[macro_export]
macro_rules! build_assert { ($holds:expr, $message:expr) => { if !$holds { $crate::error($message) } } }
#[inline(always)]
#[track_caller]
pub fn error(message: &'static str) -> ! { rust_build_error(message) }
#[inline(always)]
pub fn offset_in<const SIZE: usize>(offset: usize) -> usize {
    build_assert!(offset < SIZE, "offset out of range");
    offset
}
#[inline(never)]
pub fn kept<const SIZE: usize>(offset: usize) -> usize {
    build_assert!(offset < SIZE, "kept out of range");
    offset
}
pub trait Register { const OFFSET: usize; fn read(base: usize) -> usize { base + offset_in::<8>(Self::OFFSET) } }
"#;

/// Between the two: an assertion of one crate in the code of another one, for a third one.
const MIDDLE: &str = r#"#![no_std]
#[inline]
pub fn through<const SIZE: usize>(offset: usize) -> usize {
    let inner = |offset| checks::offset_in::<SIZE>(offset);
    inner(offset) + 1
}
"#;

const GOOD: &str = r#"#![no_std]
use checks::{Register, build_assert, offset_in};
pub struct Status;
impl Register for Status { const OFFSET: usize = 4; }
#[unsafe(no_mangle)]
pub fn good(base: usize) -> usize { let x = base + offset_in::<16>(8) + middle::through::<4>(3); build_assert!(x >= base || x < base, "no number"); Status::read(x) }
"#;

const BAD: &str = r#"#![no_std]
use checks::{Register, build_assert, offset_in};
pub struct Status;
impl Register for Status { const OFFSET: usize = 12; }
#[inline(always)]
fn twice(offset: usize) -> usize {
    2 * offset_in::<16>(offset)
}
pub fn unknown(offset: usize) -> usize {
    twice(offset)
}
pub fn generic(base: usize) -> usize {
    Status::read(base)
}
pub fn direct<T>(value: T) -> T {
    build_assert!(size_of::<T>() == 4, "four bytes");
    value
}
pub fn instance(value: u64) -> u64 {
    direct(value)
}
pub fn of_others(offset: usize) -> usize {
    middle::through::<32>(offset)
}
pub fn not_inlined(offset: usize) -> usize {
    checks::kept::<64>(offset)
}
"#;

fn rustc(directory: &Utf8Path, more: &[&str]) {
    let output = support::rustc()
        .current_dir(directory)
        .args([
            "--crate-type=rlib",
            "--edition=2024",
            "-Cpanic=abort",
            "-Ccodegen-units=1",
            "-Cembed-bitcode=n",
            "-Csymbol-mangling-version=v0",
            "-Crelocation-model=pic",
            "-Copt-level=2",
            "-L.",
        ])
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Compiles a crate that uses `checks` with these lines of debug information, and generates its object with the flags.
fn generate(source: &str, debug: &[&str], flags: &[&str]) -> Result<Vec<u8>, Failure> {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    std::fs::write(directory.join("checks.rs"), CHECKS).unwrap();
    std::fs::write(directory.join("sample.rs"), source).unwrap();
    std::fs::write(directory.join("middle.rs"), MIDDLE).unwrap();
    rustc(directory, &[&["checks.rs"], debug].concat());
    rustc(
        directory,
        &[&["middle.rs", "--extern=checks"], debug].concat(),
    );
    let mut more = vec![
        "sample.rs",
        "--extern=checks",
        "--extern=middle",
        "-Cno-prepopulate-passes",
        "-Cllvm-args=-preserve-bc-uselistorder",
        "--emit=llvm-bc=sample.bc",
    ];
    more.extend(debug);
    rustc(directory, &more);
    let mut job: Job = support::job(directory, "");
    job.bitcode = directory.join("sample.bc");
    job.stage = Stage::Unoptimised;
    job.outputs = vec![(Output::Object, directory.join("sample.o"))];
    job.target.triple = "x86_64-unknown-linux-gnu".into();
    job.target.cpu = "x86-64".into();
    job.target.reloc = gateless_codegen::Reloc::Pic;
    job.flags = support::flags(flags);
    job.without_debug_info = !debug.is_empty();
    gateless_codegen::run(&job, &|| panic!("a sample was asked for"))?;
    Ok(std::fs::read(directory.join("sample.o")).unwrap())
}

const LINES: &[&str] = &[
    "-Cdebuginfo=line-tables-only",
    "-Ccollapse-macro-debuginfo=yes",
];
const ASKED: &[&str] = &["gateless-wish=build-assert"];

#[test]
fn what_the_optimiser_leaves_is_refused_with_line_and_inlining() {
    let failure = generate(BAD, LINES, ASKED).unwrap_err();
    let lines: Vec<_> = failure.what.lines().collect();
    assert_eq!(lines.len(), 5, "{failure}");
    for (message, chain) in [
        (
            "`offset out of range`",
            &[
                "checks.rs:10:5 in checks::offset_in::<16>",
                "inlined at sample.rs:7:",
                "in sample::twice",
                "inlined at sample.rs:10:",
                "in sample::unknown",
            ][..],
        ),
        (
            "`offset out of range`",
            &[
                "checks.rs:10:5 in checks::offset_in::<8>",
                "in <sample::Status as checks::Register>::read",
                "inlined at sample.rs:13:",
                "in sample::generic",
            ],
        ),
        (
            "`offset out of range`",
            &[
                "checks.rs:10:5 in checks::offset_in::<32>",
                "inlined at middle.rs:4:",
                "inlined at middle.rs:5:",
                "in middle::through::<32>",
                "inlined at sample.rs:23:",
                "in sample::of_others",
            ],
        ),
        (
            "`kept out of range`",
            &["checks.rs:15:5 in checks::kept::<64>"],
        ),
        (
            "`four bytes`",
            &[
                "sample.rs:16:",
                "inlined at sample.rs:20:",
                "in sample::instance",
            ],
        ),
    ] {
        let found = lines
            .iter()
            .any(|line| line.contains(message) && chain.iter().all(|part| line.contains(part)));
        assert!(found, "{message} {chain:?}: {failure}");
    }
}

#[test]
fn code_without_such_calls_is_compiled_to_the_same_object() {
    let plain = generate(GOOD, &[], &[]).unwrap();
    assert!(plain == generate(GOOD, LINES, ASKED).unwrap());
}

#[test]
fn without_the_wish_it_is_left_to_the_linker_which_knows_no_line() {
    let directory = tempfile::tempdir().unwrap();
    let object = directory.path().join("bad.o");
    std::fs::write(&object, generate(BAD, &[], &[]).unwrap()).unwrap();
    let linked = Command::new("cc")
        .args(["-shared", "-Wl,--no-undefined", "-o"])
        .arg(directory.path().join("bad.so"))
        .arg(&object)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&linked.stderr);
    assert!(
        !linked.status.success() && said.contains("rust_build_error"),
        "{said}"
    );
    assert!(!said.contains("sample.rs:"), "{said}");
}
