//! The wrapper with the back end C: the object is the C compiler's, does what LLVM's does, and what can't be had stops the call and leaves nothing.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gateless_trials::{Need, cannot_run};
use libtest_mimic::{Arguments, Failed};
use serde_json::Value;

fn main() {
    type Test = fn() -> Result<(), Failed>;
    let tests: [(&str, Test); 6] = [
        (
            "an_object_by_way_of_c_does_what_llvms_does_and_its_record_says_who_made_it",
            same,
        ),
        (
            "the_kernels_own_flags_for_c_reach_the_c_compiler",
            flags_reach,
        ),
        (
            "code_that_is_no_c_stops_the_call_with_function_and_line_and_leaves_no_object",
            refused,
        ),
        (
            "a_c_compiler_that_fails_stops_the_call_and_leaves_no_object",
            failing_compiler,
        ),
        (
            "a_call_outside_of_a_kernel_build_is_told_what_is_missing",
            no_compiler,
        ),
        (
            "what_needs_llvms_code_generator_is_refused_by_name",
            needs_llvm,
        ),
    ];
    let trials = match cfg!(target_arch = "x86_64") {
        true => tests
            .map(|(name, test)| compiler().trial(name, move |()| test()))
            .into(),
        false => tests
            .map(|(name, _)| cannot_run(name, "only x86_64 can be built by way of C"))
            .into(),
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn compiler() -> Need<()> {
    let found = Command::new("gcc").arg("--version").output();
    Need::new(
        found
            .map(|_| ())
            .map_err(|_| "gcc is not installed".to_owned()),
    )
}

const CRATE: &str = r#"#![no_std]
extern "C" { fn host(x: i32) -> i32; }
pub trait Shape { fn area(&self) -> u64; }
pub struct Square(u64);
pub struct Flat(u32, u32);
impl Shape for Square { fn area(&self) -> u64 { self.0.wrapping_mul(self.0) } }
impl Shape for Flat { fn area(&self) -> u64 { u64::from(self.0).wrapping_mul(u64::from(self.1)) } }
static SHAPES: [&(dyn Shape + Sync); 2] = [&Square(7), &Flat(u32::MAX, 3)];
#[no_mangle]
pub extern "C" fn total(seed: i32) -> u64 {
    let mut sum = 0u64;
    for shape in SHAPES { sum = sum.wrapping_mul(31).wrapping_add(shape.area()); }
    let mut left = seed;
    while left > 0 { left = unsafe { host(left) }; sum = sum.rotate_left(5) ^ left as u64; }
    sum
}
"#;

const MAIN: &str = "#include <stdio.h>\nunsigned long total(int);\nint host(int x) { return x - 3; }\n\
    int main(void) { for (int i = -2; i < 40; i++) printf(\"%lx\\n\", total(i)); return 0; }\n";

/// What `prebuilt_floats.rs` and this have of a kernel's options: a built-in object of a crate with a built-in target.
const ARGS: &[&str] = &[
    "--edition=2021",
    "--crate-type=rlib",
    "--crate-name=small",
    "--target=x86_64-unknown-linux-gnu",
    "-Cpanic=abort",
    "-Ccodegen-units=1",
    "-Crelocation-model=pic",
    "-Copt-level=2",
    "--emit=obj=small.o",
    "small.rs",
];

/// A directory with the wrapper and a crate in it.
struct Workplace {
    _keep: tempfile::TempDir,
    path: PathBuf,
}

impl Workplace {
    fn new(source: &str) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().to_owned();
        symlink(env!("CARGO_BIN_EXE_gateless"), path.join("gateless-rustc")).unwrap();
        std::fs::write(path.join("small.rs"), source).unwrap();
        std::fs::write(path.join("main.c"), MAIN).unwrap();
        Self { _keep: keep, path }
    }

    fn call(&self, environment: &[(&str, &str)], more: &[&str]) -> Output {
        Command::new(self.path.join("gateless-rustc"))
            .current_dir(&self.path)
            .env_remove("RUSTC_BOOTSTRAP")
            .env_remove("CC")
            .env_remove("KBUILD_CFLAGS")
            .envs([("srctree", "."), ("objtree", ".")])
            .envs(environment.iter().copied())
            .args(ARGS)
            .args(more)
            .output()
            .unwrap()
    }

    /// What the program prints that the object is linked into.
    fn printed(&self) -> String {
        let run = |program: &Path, args: &[&str]| {
            let mut command = Command::new(program);
            let output = command.current_dir(&self.path).args(args).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            String::from_utf8(output.stdout).unwrap()
        };
        run(Path::new("gcc"), &["-o", "program", "main.c", "small.o"]);
        run(&self.path.join("program"), &[])
    }

    fn has_object(&self) -> bool {
        self.path.join("small.o").exists()
    }

    fn record(&self) -> Value {
        let text = std::fs::read(self.path.join(".gateless/records/small.o.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// A call that has to be refused, with these words, and to leave no object.
    fn refusal(&self, environment: &[(&str, &str)], more: &[&str], words: &[&str]) {
        let output = self.call(environment, more);
        assert!(!output.status.success(), "{words:?}: {}", said(&output));
        for words in words {
            assert!(said(&output).contains(words), "{words}: {}", said(&output));
        }
        assert!(!self.has_object());
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const GCC: [(&str, &str); 2] = [
    ("CC", "gcc"),
    ("KBUILD_CFLAGS", "-O2 -Wall -DNOT_FOR_US='\"a b\"'"),
];
const BY_C: &str = "-Zgateless-backend=c";

fn same() -> Result<(), Failed> {
    let place = Workplace::new(CRATE);
    let output = place.call(&[], &[]);
    assert!(output.status.success(), "{}", said(&output));
    let by_llvm = place.printed();
    assert_eq!(by_llvm.lines().count(), 42);
    let output = place.call(&GCC, &[BY_C]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output), "");
    assert_eq!(place.printed(), by_llvm);
    let object = std::fs::read(place.path.join("small.o")).unwrap();
    for mark in [&b"GCC: "[..], b"rustc version "] {
        let is_there = object.windows(mark.len()).any(|bytes| bytes == mark);
        assert!(is_there, "{}", String::from_utf8_lossy(mark));
    }
    let made = &place.record()["generator"]["c"];
    assert!(made["version"].as_str().unwrap().contains("gcc"), "{made}");
    let programs = made["programs"].as_object().unwrap();
    assert!(programs.keys().any(|path| path.ends_with("/cc1")), "{made}");
    let source = place.path.join(made["source"].as_str().unwrap());
    let hash = gateless_base::hash::sha256(std::fs::read(source).unwrap());
    assert_eq!(made["source_sha256"], hash);
    Ok(())
}

fn flags_reach() -> Result<(), Failed> {
    let place = Workplace::new(CRATE);
    let endbr = [0xf3, 0x0f, 0x1e, 0xfa];
    for (flag, expected) in [
        ("-fcf-protection=none", false),
        ("-fcf-protection=branch", true),
    ] {
        let flags = format!("-O2 {flag}");
        let output = place.call(&[("CC", "gcc"), ("KBUILD_CFLAGS", &flags)], &[BY_C]);
        assert!(output.status.success(), "{}", said(&output));
        let object = std::fs::read(place.path.join("small.o")).unwrap();
        assert_eq!(
            object.windows(4).any(|bytes| bytes == endbr),
            expected,
            "{flag}"
        );
    }
    Ok(())
}

fn refused() -> Result<(), Failed> {
    let source = "#![no_std]\nuse core::arch::x86_64::*;\n#[no_mangle]\npub fn adds(a: __m128i, b: __m128i) -> __m128i {\n    unsafe { _mm_add_epi8(a, b) }\n}\n";
    let place = Workplace::new(source);
    place.refusal(&GCC, &[BY_C], &["adds (small.rs:5)", "--backend llvm"]);
    assert!(place.call(&GCC, &[]).status.success(), "LLVM has it");
    Ok(())
}

fn failing_compiler() -> Result<(), Failed> {
    let place = Workplace::new(CRATE);
    let bad = [("CC", "gcc"), ("KBUILD_CFLAGS", "-fno-such-flag")];
    place.refusal(
        &bad,
        &[BY_C],
        &["fno-such-flag", "crate `small`", ".gateless/c/small.o.c"],
    );
    Ok(())
}

fn no_compiler() -> Result<(), Failed> {
    let place = Workplace::new(CRATE);
    place.refusal(&[], &[BY_C], &["KBUILD_CFLAGS"]);
    place.refusal(&GCC[..1], &[BY_C], &["KBUILD_CFLAGS"]);
    Ok(())
}

fn needs_llvm() -> Result<(), Failed> {
    let place = Workplace::new(CRATE);
    for (argument, word) in [
        ("--cfg=CONFIG_LTO_CLANG", "CONFIG_LTO_CLANG"),
        ("--cfg=CONFIG_GENDWARFKSYMS=\"y\"", "CONFIG_GENDWARFKSYMS"),
        ("-Cllvm-args=-x86-asm-syntax=intel", "x86-asm-syntax"),
        ("-Zsanitizer=kernel-address", "kernel-address"),
        ("-Zgateless-wish=no-atomics", "no-atomics"),
        ("--emit=llvm-ir=small.ll", "small.ll"),
        ("-Zgateless-backend=pascal", "pascal"),
    ] {
        place.refusal(&GCC, &[BY_C, argument], &[word]);
    }
    Ok(())
}
