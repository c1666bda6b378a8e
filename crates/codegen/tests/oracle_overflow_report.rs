//! The oracle for `-Zgateless-wish=overflow-report`: rustc's own `-Coverflow-checks=n` says what each operation comes to, and `y` where it panics.

#![cfg(target_arch = "x86_64")]

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use camino::Utf8Path;
use gateless_codegen::{Job, Output, Stage};

/// One operation on each width, in a function `OPERATION_TYPE`, and code that is generic, inlined and in core.
fn source() -> String {
    let mut text = "#![no_std]\n".to_owned();
    let mut add = |name: &str, ty: &str, by: &str, body: &str| {
        text += &format!(
            "#[unsafe(no_mangle)] pub extern \"C\" fn {name}_{ty}(a: {ty}, b: {by}) -> {ty} {{\n    {body}\n}}\n"
        );
    };
    for ty in SIGNED.iter().chain(UNSIGNED) {
        for (name, sign) in [("add", "+"), ("sub", "-"), ("mul", "*")] {
            add(name, ty, ty, &format!("a {sign} b"));
        }
        for (name, sign) in [("shl", "<<"), ("shr", ">>")] {
            add(name, ty, "u32", &format!("a {sign} b"));
        }
        add("sum", ty, ty, "[a, b, 1].iter().sum()");
        add("power", ty, ty, "a.pow(b as u32 % 7)");
    }
    for ty in SIGNED {
        add("neg", ty, ty, "let _ = b; -a");
    }
    text
}

const SIGNED: &[&str] = &["i8", "i16", "i32", "i64"];
const UNSIGNED: &[&str] = &["u8", "u16", "u32", "u64"];

/// A program that calls all of them with all pairs of values at the edges, prints the results, and reports as the kernel would.
fn program() -> String {
    let mut text = "#include <stdarg.h>\n#include <stdbool.h>\n#include <stdint.h>\n#include <stdio.h>\n\
        typedef int8_t i8; typedef int16_t i16; typedef int32_t i32; typedef int64_t i64;\n\
        typedef uint8_t u8; typedef uint16_t u16; typedef uint32_t u32; typedef uint64_t u64;\n\
        int _printk(const char *format, ...) { va_list list; va_start(list, format); int n = vfprintf(stderr, format + 2, list); va_end(list); return n; }\n\
        bool printk_timed_ratelimit(unsigned long *last, unsigned interval) { return interval == 5000 && !*last && (*last = 1); }\n\
        static const long long edges[] = {0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 65, -1, -2, INT8_MAX, INT8_MIN, INT16_MAX, INT16_MIN, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};\n"
        .to_owned();
    let mut calls = String::new();
    let mut add = |name: &str, ty: &str, by: &str| {
        text += &format!("{ty} {name}_{ty}({ty}, {by});\n");
        calls += &format!(
            "printf(\"%lld\\n\", (long long){name}_{ty}(({ty})edges[i], ({by})edges[j]));\n"
        );
    };
    for ty in SIGNED.iter().chain(UNSIGNED) {
        for name in ["add", "sub", "mul", "sum", "power"] {
            add(name, ty, ty);
        }
        for name in ["shl", "shr"] {
            add(name, ty, "u32");
        }
    }
    for ty in SIGNED {
        add("neg", ty, ty);
    }
    text + "int main(void) { for (int i = 0; i < 21; i++) for (int j = 0; j < 21; j++) {\n"
        + &calls
        + "} return 0; }\n"
}

fn run(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {err}");
    (out, err)
}

fn rustc(directory: &Utf8Path, more: &[&str]) {
    let mut command = support::rustc();
    command.current_dir(directory).args([
        "sample.rs",
        "--crate-type=rlib",
        "--edition=2024",
        "-Cpanic=abort",
        "-Ccodegen-units=1",
        "-Cembed-bitcode=n",
        "-Csymbol-mangling-version=v0",
        "-Crelocation-model=pic",
    ]);
    run(command.args(more));
}

/// What the program prints, linked with an object of the sample, and what it reports.
fn answers(directory: &Utf8Path, object: &str) -> (String, String) {
    run(Command::new("cc")
        .current_dir(directory)
        .args(["main.c", object, "-o", "program"]));
    run(&mut Command::new(directory.join("program")))
}

#[test]
fn every_result_is_the_wrapped_one_and_every_check_that_fails_is_reported_once() {
    wraps_and_reports(&["-Copt-level=2"]);
}

/// CONFIG_CC_OPTIMIZE_FOR_SIZE and CONFIG_DEBUG_INFO.
#[test]
fn the_same_in_code_for_size_with_debug_information() {
    wraps_and_reports(&["-Copt-level=s", "-Cdebuginfo=2"]);
}

/// rustc does not inline on its own view of the code, and keeps every variable in memory.
#[test]
fn the_same_in_code_that_rustc_does_not_optimise() {
    wraps_and_reports(&["-Copt-level=0", "-Cdebug-assertions=n"]);
}

fn wraps_and_reports(options: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    std::fs::write(directory.join("sample.rs"), source()).unwrap();
    std::fs::write(directory.join("main.c"), program()).unwrap();
    let wrapping = ["-Coverflow-checks=n", "--emit=obj=wrapping.o"];
    rustc(directory, &[options, &wrapping].concat());
    let (wrapped, silence) = answers(directory, "wrapping.o");
    assert_eq!(silence, "");
    let checked = [
        "-Coverflow-checks=y",
        "-Cno-prepopulate-passes",
        "--emit=llvm-bc=sample.bc",
    ];
    rustc(directory, &[options, &checked].concat());
    let mut job: Job = support::job(directory, "");
    job.bitcode = directory.join("sample.bc");
    job.stage = Stage::Unoptimised;
    job.outputs = vec![(Output::Object, directory.join("reporting.o"))];
    job.target.triple = "x86_64-unknown-linux-gnu".into();
    job.target.cpu = "x86-64".into();
    job.target.reloc = gateless_codegen::Reloc::Pic;
    job.flags = support::flags(&["gateless-wish=overflow-report"]);
    gateless_codegen::run(&job, &|| panic!("a sample was asked for")).unwrap();
    let (reported, said) = answers(directory, "reporting.o");
    assert_eq!(reported, wrapped);

    let mut places = BTreeSet::new();
    for line in said.lines() {
        let place = line
            .strip_suffix(", the result wraps")
            .and_then(|line| line.strip_prefix("rust: attempt to "));
        let place = place.unwrap_or_else(|| panic!("{line}"));
        let is_new = places.insert(place.to_owned());
        // In core one line of a macro stands for all types.
        assert!(is_new || !place.contains(" at sample.rs:"), "twice: {line}");
    }
    // Each function of the sample is three lines: its operation is in the second one.
    let source = source();
    let functions = source.lines().skip(1).collect::<Vec<_>>();
    for (number, function) in functions.chunks(3).enumerate() {
        let line = 3 * number + 3;
        let own = |place: &&String| place.contains(&format!(" at sample.rs:{line}:"));
        let words: Vec<_> = places.iter().filter(own).collect();
        let wanted = ["add", "sub", "mul", "shl", "shr", "neg"];
        let name = function[0].split(" fn ").nth(1).unwrap();
        let expected = usize::from(wanted.iter().any(|wanted| name.starts_with(wanted)));
        assert_eq!(words.len(), expected, "{name}: {words:?}");
    }
    let of_core: Vec<_> = places
        .iter()
        .filter(|place| !place.contains("at sample.rs:"))
        .collect();
    assert!(
        of_core.iter().any(|place| place.contains("accum.rs"))
            && of_core.iter().any(|place| place.contains("num/mod.rs")),
        "{of_core:?}"
    );
}
