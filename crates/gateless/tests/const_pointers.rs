//! Pointers as `const` operands of assembly, compiled as Rust objects of a kernel are: what they point to when the program runs, and the same object as
//! by hand where stable Rust has a way to write it. No compiler has the feature yet that could be compared with.

#![cfg(target_arch = "x86_64")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

/// Generic code of a library: the pointers depend on types and constants that it doesn't know.
const TABLES: &str = r#"#![feature(asm_const_ptr)]
#![no_std]
use core::arch::asm;
pub static WORDS: [u32; 4] = [10, 11, 12, 13];
pub trait Entry { const POINTER: *const u32; const NUMBER: u32; }
#[inline(always)]
pub fn pointer<T: Entry>() -> *const u32 {
    let at;
    unsafe { asm!("leaq {p}(%rip), {at}", p = const T::POINTER, at = out(reg) at, options(att_syntax)) };
    at
}
pub fn number<T: Entry>() -> *const u32 {
    let at;
    unsafe { asm!("leaq {1}(%rip), {0} # {2}", out(reg) at, const &T::NUMBER, const size_of::<T>(), options(att_syntax)) };
    at
}
#[inline(never)]
pub fn word<const N: usize>() -> *const u32 {
    let at;
    unsafe { asm!("leaq {}(%rip), {}", const (&raw const WORDS as *const u32).wrapping_add(N), out(reg) at, options(att_syntax)) };
    at
}
"#;

/// Instances of that, and pointers of its own.
const USER: &str = r#"#![feature(asm_const_ptr)]
#![no_std]
use core::arch::asm;
use tables::{Entry, WORDS, number, pointer, word};
static OWN: u32 = 99;
static PAIR: (u32, u32) = (40, 41);
struct First;
impl Entry for First { const POINTER: *const u32 = (&raw const WORDS as *const u32).wrapping_add(1); const NUMBER: u32 = 70; }
struct Second;
impl Entry for Second { const POINTER: *const u32 = &raw const OWN; const NUMBER: u32 = 71; }
extern "C" fn one() -> u32 { 1 }
fn generic<const N: u32>() -> u32 { N }
macro_rules! address {
    ($pointer:expr) => {{
        let at: usize;
        unsafe { asm!("leaq {}(%rip), {}", const $pointer, out(reg) at, options(att_syntax)) };
        at as *const u32
    }};
}
#[no_mangle]
pub extern "C" fn run(which: u32) -> u32 {
    let at = match which {
        0 => pointer::<First>(),
        1 => pointer::<Second>(),
        2 => number::<First>(),
        3 => number::<Second>(),
        4 => word::<2>(),
        5 => word::<3>(),
        6 => address!(&raw const PAIR.1),
        7 => address!(&23u32),
        8 => return unsafe { core::mem::transmute::<_, fn() -> u32>(address!(generic::<31> as fn() -> u32))() },
        9 => return unsafe { core::mem::transmute::<_, extern "C" fn() -> u32>(address!(one as extern "C" fn() -> u32))() },
        10 => return u32::from(unsafe { *address!(c"A".as_ptr()).cast::<u8>() }),
        _ => address!(&raw const OWN),
    };
    unsafe { *at }
}
"#;

const MAIN: &str = "extern \"C\" { fn run(which: u32) -> u32; }\nfn main() { unsafe { (0..12).for_each(|which| print!(\"{} \", run(which))) } }\n";

/// One source by the feature, and the same by hand.
const FEATURE: &str = r#"#![feature(asm_const_ptr)]
#![no_std]
use core::arch::{asm, global_asm};
#[no_mangle]
static X: [u32; 4] = [1; 4];
extern "C" fn f() {}
global_asm!(".pushsection .table", ".quad {}", ".popsection", const &raw const X);
#[no_mangle]
extern "C" fn g() {
    unsafe { asm!(".pushsection .table", ".quad {}", ".popsection", const core::ptr::addr_of!(X)) };
    unsafe { asm!(".pushsection .table", ".quad {x}, {f}", ".popsection", x = const (&raw const X).byte_add(4), f = const f as extern "C" fn()) };
}
"#;

const BY_HAND: &str = r#"
#![no_std]
use core::arch::{asm, global_asm};
#[no_mangle]
static X: [u32; 4] = [1; 4];
extern "C" fn f() {}
global_asm!(".pushsection .table", ".quad {}", ".popsection", sym X);
#[no_mangle]
extern "C" fn g() {
    unsafe { asm!(".pushsection .table", ".quad {}", ".popsection", sym X) };
    unsafe { asm!(".pushsection .table", ".quad {x} + 4, {f}", ".popsection", x = sym X, f = sym f) };
}
"#;

fn run(directory: &Path, program: &str, args: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(args).current_dir(directory);
    command
        .env_remove("RUSTC_BOOTSTRAP")
        .env("srctree", ".")
        .env("objtree", ".");
    command.output().unwrap()
}

/// What a program that has to succeed prints.
fn printed(directory: &Path, program: &str, args: &[&str]) -> String {
    let output = run(directory, program, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Compiles `NAME.rs` to `NAME.o`; an unstable flag makes it an object that code is generated for here, as in a kernel.
fn compile(directory: &Path, name: &str, source: &str, more: &[&str]) -> Output {
    std::fs::write(directory.join(name).with_extension("rs"), source).unwrap();
    let host = printed(directory, "rustc", &["-vV"]);
    let host = host.lines().find_map(|line| line.strip_prefix("host: "));
    let (object, source) = (format!("--emit=obj={name}.o"), format!("{name}.rs"));
    let mut args = vec![
        "--edition=2021",
        "--target",
        host.unwrap(),
        "--crate-type=rlib",
        "-Cpanic=abort",
        "-Ccodegen-units=1",
        "-Cembed-bitcode=n",
        "-Csymbol-mangling-version=v0",
        "-Zfunction-sections=n",
        "-Crelocation-model=pic",
        "-L.",
        &object,
        &source,
    ];
    args.extend(more);
    let program = directory.join("gateless-rustc");
    if !program.exists() {
        symlink(env!("CARGO_BIN_EXE_gateless"), &program).unwrap();
    }
    run(directory, program.to_str().unwrap(), &args)
}

/// The object of a source that has to be accepted.
fn object(directory: &Path, name: &str, source: &str, more: &[&str]) -> Vec<u8> {
    let output = compile(directory, name, source, more);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {more:?}: {said}");
    std::fs::read(directory.join(name).with_extension("o")).unwrap()
}

#[test]
fn every_instance_has_its_own_pointer_in_its_assembly() {
    for level in ["-Copt-level=0", "-Copt-level=2", "-Copt-level=s"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let metadata = "--emit=metadata=libtables.rmeta";
        object(path, "tables", TABLES, &[level, metadata]);
        object(path, "user", USER, &[level, "--extern=tables"]);
        std::fs::write(path.join("main.rs"), MAIN).unwrap();
        let arguments = ["main.rs", "-Clink-arg=user.o", "-Clink-arg=tables.o"];
        printed(path, "rustc", &arguments);
        let pointed_to = printed(path, path.join("main").to_str().unwrap(), &[]);
        assert_eq!(pointed_to, "11 99 70 71 12 13 41 23 31 1 65 99 ", "{level}");
    }
}

#[test]
fn the_object_is_that_of_the_same_source_by_hand() {
    for level in ["-Copt-level=0", "-Copt-level=2"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let by_feature = object(path, "table", FEATURE, &[level]);
        assert!(by_feature == object(path, "table", BY_HAND, &[level]));
    }
}

#[test]
fn what_has_no_thin_pointer_and_what_assembly_outside_of_functions_cannot_have_is_refused_by_line()
{
    let directory = tempfile::tempdir().unwrap();
    let source = |item: &str| {
        format!(
            "#![feature(asm_const_ptr)]\n#![no_std]\nuse core::arch::*;\nstatic X: [u8; 4] = [0; 4];\n{item}\n"
        )
    };
    for (item, words) in [
        (
            "pub fn f() { unsafe { asm!(\"/* {} */\", const \"text\" as *const str) } }",
            "thin pointer",
        ),
        (
            "pub fn f() { unsafe { asm!(\"/* {} */\", const 1.5) } }",
            "invalid type for `const` operand",
        ),
        (
            "global_asm!(\"/* {} */\", const &raw const X[1]);",
            "an offset",
        ),
    ] {
        let output = compile(directory.path(), "refused", &source(item), &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{item}");
        assert!(
            said.contains(words) && said.contains("refused.rs:5"),
            "{item}: {said}"
        );
    }
}

#[test]
fn an_object_that_is_made_without_our_code_generation_can_not_be_linked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    // Without an unstable flag rustc makes the object itself.
    std::fs::write(path.join("main.rs"), "#![feature(asm_const_ptr)]\nstatic X: [u8; 4] = [0; 4];\nfn main() { unsafe { std::arch::asm!(\"/* {} */\", const &raw const X[1]) } }\n").unwrap();
    symlink(env!("CARGO_BIN_EXE_gateless"), path.join("gateless-rustc")).unwrap();
    let program = path.join("gateless-rustc");
    let output = run(
        path,
        program.to_str().unwrap(),
        &["--edition=2021", "main.rs"],
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("__gateless_pointer_as_const_operand"),
        "{said}"
    );
}
