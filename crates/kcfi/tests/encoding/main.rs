//! The numbers of types, against rustc's: a crate with a function for every type that a few constructors make of one another, two deep.
//!
//! rustc is run with `RUSTC_BOOTSTRAP=1 -Zsanitizer=kcfi`, here and nowhere in the product.

#![cfg(target_arch = "x86_64")]

mod crates;
mod known;
mod seen;
mod types;

use std::collections::HashMap;
use std::process::Command;

use camino::Utf8Path;
use gateless_kcfi::{Definitions, FnPointer, Lifetimes, Type, id, read_type, text};

use crate::known::Known;

/// The compiler that is the oracle: `$GATELESS_ORACLE_RUSTC`, else the rustc on PATH.
fn rustc() -> Command {
    let program = std::env::var_os("GATELESS_ORACLE_RUSTC");
    Command::new(program.unwrap_or_else(|| "rustc".into()))
}

/// What rustc makes of `source` with kCFI, as LLVM's text.
fn compile(source: &str, normalize: bool) -> String {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    std::fs::write(directory.join("types.rs"), source).unwrap();
    let mut command = rustc();
    command.current_dir(directory).env("RUSTC_BOOTSTRAP", "1");
    command.args([
        "types.rs",
        "--crate-type=rlib",
        "--edition=2024",
        "-Awarnings",
    ]);
    command.args(["--emit=llvm-ir=types.ll", "-Zsanitizer=kcfi"]);
    command.args(["-Cpanic=abort", "-Ccodegen-units=1", "-Cdebuginfo=0"]);
    command.args([
        "-Csymbol-mangling-version=v0",
        "-Cunsafe-allow-abi-mismatch=sanitizer,sanitizer-cfi-normalize-integers",
    ]);
    if normalize {
        command.arg("-Zsanitizer-cfi-normalize-integers");
    }
    let output = command.output().expect("rustc");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read_to_string(directory.join("types.ll")).unwrap()
}

/// The number of each function without a mangled name.
fn numbers(ir: &str) -> HashMap<String, u32> {
    let nodes: HashMap<&str, u32> = ir
        .lines()
        .filter_map(|line| {
            let (node, value) = line.split_once(" = !{i32 ")?;
            let number: i64 = value.strip_suffix('}')?.parse().ok()?;
            Some((node, number as u32))
        })
        .collect();
    let defined = ir.lines().filter(|line| line.starts_with("define "));
    defined
        .filter_map(|line| {
            let name = line.split_once('@')?.1.split_once('(')?.0.to_owned();
            let node = line.split_once("!kcfi_type ")?.1;
            let node = node.split([' ', ',']).next()?;
            Some((name, *nodes.get(node)?))
        })
        .collect()
}

/// Compares all numbers, and says of which functions they differ.
fn compare(normalize: bool) {
    let cases = types::cases();
    let ir = compile(&types::source(&cases), normalize);
    let theirs = numbers(&ir);
    let known = Known::new(&ir);
    let mut seen = seen::Seen::default();
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let name = format!("f{number}");
        let signature = signature(case, &known);
        seen.signature(&signature);
        let Some(their) = theirs.get(&name) else {
            panic!("rustc has no number for {name}: {case:?}");
        };
        let own = id(&known as &dyn Definitions, &signature, normalize).unwrap();
        if own != *their {
            let own = text(&known, &signature, normalize).unwrap();
            wrong.push(format!("{case:?}: {own}"));
        }
    }
    assert!(cases.len() > 2_000, "{} cases", cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
    seen.everything();
}

fn signature(case: &types::Case, known: &Known) -> FnPointer {
    let ty = |text: &str| read_type(text, Lifetimes::Written, known).unwrap();
    FnPointer {
        abi: case.abi.to_owned(),
        is_unsafe: false,
        inputs: match case.input.is_empty() {
            true => Vec::new(),
            false => vec![ty(&case.input)],
        },
        variadic: false,
        output: match case.output.as_str() {
            "" => Type::UNIT,
            output => ty(output),
        },
    }
}

#[test]
fn every_type_has_rustcs_number_with_integers_normalized() {
    compare(true);
}

#[test]
fn every_type_has_rustcs_number_with_integers_as_they_are() {
    compare(false);
}
