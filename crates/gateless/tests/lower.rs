//! `gateless lower` on a single program: the patch applies, what it makes compiles and does the same, and is not lowered again.

use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = "\
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref, rc::Rc};

/// A pointer.
#[derive(CoercePointee)]
#[repr(transparent)]
struct P<T: ?Sized>(Rc<T>); // kept

impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T { &self.0 }
}

trait Name { fn name(self: P<Self>) -> String; }
impl Name for u8 { fn name(self: P<Self>) -> String { format!(\"u8 {}\", *self) } }

fn main() {
    let   spaced: P<dyn Name> = P(Rc::new(3u8));
    println!(\"{}\", spaced.name());
}
";

fn run(program: &str, directory: &Path, args: &[&str]) -> Output {
    let output = Command::new(program)
        .args(args)
        .current_dir(directory)
        .env_remove("RUSTC_BOOTSTRAP")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program} {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

#[test]
fn a_patch_applies_compiles_without_gates_and_is_not_lowered_again() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let gateless = env!("CARGO_BIN_EXE_gateless");
    std::fs::write(directory.join("x.rs"), PROGRAM).unwrap();
    let edition = ["--", "--edition=2021"];
    let lower = |more: &[&str]| {
        run(
            gateless,
            directory,
            &[&["lower", "x.rs"], more, &edition].concat(),
        )
    };
    lower(&["--patch", "x.patch", "--out", "files"]);
    run("git", directory, &["apply", "x.patch"]);
    let patched = std::fs::read_to_string(directory.join("x.rs")).unwrap();
    assert_eq!(
        patched,
        std::fs::read_to_string(directory.join("files/x.rs")).unwrap()
    );
    for untouched in ["/// A pointer.", "    fn deref(&self) -> &T { &self.0 }"] {
        assert!(patched.lines().any(|line| line == untouched), "{patched}");
    }
    assert!(patched.contains("struct P<T: ?Sized>(Rc<T>); // kept"));
    assert_eq!(patched.lines().count(), PROGRAM.lines().count());
    run("rustc", directory, &["--edition=2021", "x.rs"]);
    assert_eq!(run("./x", directory, &[]).stdout, b"u8 3\n");
    assert!(lower(&[]).stdout.is_empty(), "it is lowered again");
}

#[test]
fn a_program_that_cannot_be_lowered_leaves_no_patch() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("x.rs"),
        "#![feature(box_patterns)]\nfn main() {}\n",
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gateless"))
        .args(["lower", "x.rs", "--patch", "x.patch"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("x.rs:1: the feature `box_patterns`"),
        "{said}"
    );
    assert!(!directory.path().join("x.patch").exists());
}

/// A tree whose one driver uses what `line` says, and wants this compiler.
fn tree(line: &str, minimum: &str) -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let script = format!("echo {minimum}\n");
    for (path, text) in [
        (
            "Makefile",
            "VERSION = 9\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION =\n",
        ),
        ("Kbuild", "obj-y += drivers/\n"),
        ("Kconfig", "config RUST\n\tbool \"Rust\"\n"),
        ("scripts/Kbuild.include", ""),
        ("scripts/min-tool-version.sh", script.as_str()),
        ("rust/Makefile", ""),
        ("arch/um/Kconfig", ""),
        ("drivers/Makefile", "obj-y += a.o\n"),
        ("drivers/a.rs", line),
    ] {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    tree
}

/// `gateless lower --check` of it: the exit code and the answer.
fn checked(tree: &Path) -> (Option<i32>, serde_json::Value) {
    let path = tree.to_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gateless"))
        .args(["lower", "--check", path, "--json"])
        .env("GATELESS_CACHE", tree.join("cache"))
        .output()
        .unwrap();
    let answer = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), answer)
}

#[test]
fn a_tree_is_checked_without_a_build_and_what_would_be_refused_is_named() {
    let lowered = tree("#[used(compiler)]\nstatic X: u8 = 1;\n", "1.85.0");
    let (code, answer) = checked(lowered.path());
    assert_eq!(code, Some(0), "{answer}");
    let gate = &answer["gates"][0];
    assert_eq!(
        (&gate["id"], &gate["verdict"], &gate["how"]),
        (
            &"used_with_arg".into(),
            &"handled".into(),
            &"lowered".into()
        )
    );
    let closed = tree("#[coverage(off)]\nfn f() {}\n", "1.85.0");
    let (code, answer) = checked(closed.path());
    assert_eq!(code, Some(1), "{answer}");
    let gate = &answer["gates"][0];
    assert_eq!(
        (&gate["id"], &gate["verdict"]),
        (&"coverage_attribute".into(), &"refused".into())
    );
    let place = &gate["uses"][0];
    assert_eq!(
        (&place["file"], &place["line"]),
        (&"drivers/a.rs".into(), &1.into())
    );
    for left in ["drivers/a.o", ".config", "x.patch"] {
        assert!(!closed.path().join(left).exists(), "{left} was made");
    }
}

#[test]
fn a_tree_that_wants_a_newer_compiler_says_so_when_it_is_checked() {
    let newer = tree("pub fn f() {}\n", "1.9999.0");
    let (code, answer) = checked(newer.path());
    assert_eq!(code, Some(1), "{answer}");
    assert_eq!(
        (&answer["too_old"], &answer["minimum_rustc"]),
        (&true.into(), &"1.9999.0".into())
    );
    // A crate is lowered at once, so there is nothing to check.
    let output = Command::new(env!("CARGO_BIN_EXE_gateless"))
        .args(["lower", "--check"])
        .arg(newer.path().join("drivers/a.rs"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
