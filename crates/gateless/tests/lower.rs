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
