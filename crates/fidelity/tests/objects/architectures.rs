//! Objects of other architectures: 32 and 64 bits, both byte orders, with and without explicit addends, with relaxation.

use gateless_fidelity::report::Verdict;

use crate::support::{Out, assert_identical, compare, found};

/// Targets, each with what makes it worth trying.
const TARGETS: &[&str] = &[
    // implicit addends
    "i686-unknown-linux-gnu",
    "armv7-unknown-linux-gnueabi",
    "aarch64-unknown-none",
    // relocations that add and subtract
    "riscv64gc-unknown-none-elf",
    "loongarch64-unknown-none",
    // big-endian
    "s390x-unknown-linux-gnu",
    "powerpc64le-unknown-linux-gnu",
];

const SOURCE: &str = r#"#![feature(no_core, lang_items, rustc_attrs)]
#![no_core]
#![allow(internal_features)]
#[lang = "pointee_sized"] pub trait PointeeSized {}
#[lang = "meta_sized"] pub trait MetaSized: PointeeSized {}
#[lang = "sized"] pub trait Sized: MetaSized {}
#[lang = "copy"] pub trait Copy {}
#[lang = "sync"] pub trait Sync {}
impl Sync for [extern "C" fn(u32) -> u32; 2] {}
impl Sync for u32 {}
impl Copy for u32 {}
#[lang = "drop_in_place"] fn drop_in_place<T: PointeeSized>(_: *mut T) {}
extern "C" { fn elsewhere(x: u32) -> u32; fn there(x: u32) -> u32; }
#[inline(never)] pub extern "C" fn one(x: u32) -> u32 { unsafe { elsewhere(x) } }
#[inline(never)] pub extern "C" fn two(_x: u32) -> u32 { unsafe { there(4711) } }
#[inline(never)] extern "C" fn private(x: u32) -> u32 { unsafe { elsewhere(there(x)) } }
pub extern "C" fn caller(x: u32) -> u32 { private(one(private(x))) }
pub static TABLE: [extern "C" fn(u32) -> u32; 2] = [one, two];
pub static NUMBER: u32 = 7;
"#;

fn options(target: &str) -> Vec<&str> {
    vec!["--target", target, "-Cdebuginfo=2", "-Zfunction-sections=n"]
}

/// Compares the source with itself after a change; returns what was found but for the debug information.
fn changed(target: &str, from: &str, to: &str) -> Vec<String> {
    let source = SOURCE.replace(from, to);
    assert_ne!(source, SOURCE);
    let report = compare(
        &Out::new(SOURCE, &options(target)),
        &Out::new(&source, &options(target)),
    );
    assert_eq!(report.verdict, Verdict::Unexplained, "{target}");
    // Unwinding tables hold the sizes of functions.
    let more = |name: &String| {
        name.contains("debug") || name.starts_with("line-table") || name.contains("eh_frame")
    };
    found(&report)
        .into_iter()
        .filter(|name| !more(name))
        .collect()
}

#[test]
fn the_same_source_is_identical_and_planted_differences_are_found() {
    for target in TARGETS {
        let (a, b) = (
            Out::new(SOURCE, &options(target)),
            Out::new(
                SOURCE,
                &[&options(target)[..], &["-Cmetadata=other"]].concat(),
            ),
        );
        let report = assert_identical(&a, &b);
        assert!(
            report.totals.functions.total >= 4 && report.totals.debug.total > 20,
            "{target}: {:?}",
            report.totals
        );
        assert_eq!(
            changed(target, "4711", "4712"),
            ["function sample::two"],
            "{target}"
        );
        assert_eq!(
            changed(target, "= 7;", "= 8;"),
            ["datum sample::NUMBER"],
            "{target}"
        );
        assert_eq!(
            changed(target, "[one, two]", "[two, one]"),
            ["datum sample::TABLE"],
            "{target}"
        );
        assert_eq!(
            changed(
                target,
                "private(one(private(x)))",
                "private(two(private(x)))"
            ),
            ["function sample::caller"],
            "{target}"
        );
        assert_eq!(
            changed(target, "elsewhere(x) }", "there(x) }"),
            ["function sample::one"],
            "{target}"
        );
    }
}
