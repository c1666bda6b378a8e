//! Layouts compared between Rust and C, in objects that rustc and a C compiler make here.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_fidelity::layout::{Report, compare};
use gateless_trials::Need;
use libtest_mimic::{Arguments, Failed, Trial};

const C: &str = "\
struct plain { char a; long b; struct { int c; union { int d; char e; }; }; int type; int bits : 3; };
struct padded { char a; short hidden; int b; };
typedef struct { short x; int y[3]; } named_by_typedef;
union either { int i; char c[8]; };
struct unseen { int a; };
struct plain p; named_by_typedef n; union either e; struct unseen u; struct padded d;
";

/// As bindgen writes it.
const RUST: &str = "\
#![allow(non_camel_case_types)]
#![crate_type = \"lib\"]
#[repr(C)] pub struct plain { pub a: i8, pub b: isize, pub __bindgen_anon_1: plain__bindgen_ty_1, pub type_: i32, pub _bitfield_1: u8 }
#[repr(C)] #[derive(Clone, Copy)] pub struct plain__bindgen_ty_1 { pub c: i32, pub __bindgen_anon_1: plain__bindgen_ty_1__bindgen_ty_1 }
#[repr(C)] #[derive(Clone, Copy)] pub union plain__bindgen_ty_1__bindgen_ty_1 { pub d: i32, pub e: i8 }
#[repr(C)] pub struct padded { pub a: i8, pub __bindgen_padding_0: [u8; 3usize], pub b: i32 }
#[repr(C)] pub struct named_by_typedef { pub x: i16, pub y: [i32; 3] }
#[repr(C)] pub union either { pub i: i32, pub c: [i8; 8] }
#[repr(C)] pub struct unseen { _unused: [u8; 0] }
#[no_mangle] pub static P: plain = unsafe { core::mem::zeroed() };
#[no_mangle] pub static D: padded = unsafe { core::mem::zeroed() };
#[no_mangle] pub static N: named_by_typedef = unsafe { core::mem::zeroed() };
#[no_mangle] pub static E: either = unsafe { core::mem::zeroed() };
#[no_mangle] pub static U: unseen = unsafe { core::mem::zeroed() };
";

fn main() {
    let arguments = Arguments::from_args();
    let found = ["rustc", "cc"].iter().try_for_each(|program| {
        let ran = Command::new(program).arg("--version").output();
        ran.map(drop)
            .map_err(|error| format!("{program} can't be run: {error}"))
    });
    let need = Need::new(found.map(|()| "both"));
    let trials: Vec<Trial> = vec![
        need.trial("structures_of_both_languages_are_alike", |_| alike()),
        need.trial("a_member_elsewhere_or_of_another_size_is_named", |_| {
            planted()
        }),
        need.trial("nothing_to_compare_is_not_good", |_| nothing()),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

fn report(rust: &str, c: &str) -> Result<Report, Failed> {
    let directory = tempfile::tempdir()?;
    let root = Utf8Path::from_path(directory.path()).ok_or("no UTF-8")?;
    let write = |name: &str, text: &str| -> Result<Utf8PathBuf, Failed> {
        let path = root.join(name);
        fs_err::write(&path, text)?;
        Ok(path)
    };
    let (rust, c) = (write("bindings.rs", rust)?, write("c.c", c)?);
    let objects = [root.join("rust.o"), root.join("c.o")];
    for command in [
        Command::new("rustc")
            .args(["-g", "--edition=2021", "--emit=obj", "-o"])
            .arg(&objects[0])
            .arg(&rust),
        Command::new("cc")
            .args(["-g", "-c", "-o"])
            .arg(&objects[1])
            .arg(&c),
    ] {
        let made = command.output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
        }
    }
    compare(&objects).map_err(|failure| failure.to_string().into())
}

fn alike() -> Result<(), Failed> {
    let report = report(RUST, C)?;
    if !report.is_good() || report.alike != 4 {
        return Err(format!("{report:?}").into());
    }
    Ok(())
}

fn planted() -> Result<(), Failed> {
    for (of, with, word) in [
        (
            "pub a: i8, pub b: isize",
            "pub b: isize, pub a: i8",
            "`b` is at 0 in Rust, at 8 in C",
        ),
        (
            "pub y: [i32; 3]",
            "pub y: [i32; 4]",
            "`y` has 16 bytes in Rust, 12 in C",
        ),
        (
            "pub d: i32, pub e: i8",
            "pub d: i32, pub f: i8",
            "`e` is in C alone",
        ),
        (
            "pub __bindgen_padding_0: [u8; 3usize]",
            "pub _bitfield_1: [u8; 3usize]",
            "`hidden` is in C alone",
        ),
        (
            "pub c: [i8; 8]",
            "pub c: [i8; 12]",
            "12 bytes in Rust, 8 in C",
        ),
    ] {
        let report = report(&RUST.replace(of, with), C)?;
        let said = report.different.values().flatten();
        if report.is_good() || !said.clone().any(|said| said == word) {
            return Err(format!("{word}: {report:?}").into());
        }
    }
    Ok(())
}

fn nothing() -> Result<(), Failed> {
    let report = report(RUST, "struct other { int a; } o;")?;
    if report.is_good() {
        return Err("nothing was compared".into());
    }
    Ok(())
}
