//! What is planted in an object is reported, and nothing else.

use gateless_fidelity::report::{DifferenceReport, FindingKind, Report, Verdict};

use crate::support::{Elf, Out, assert_identical, compare, found};

const SOURCE: &str = r#"#![no_std]
#[inline(never)] pub fn one(x: u32) -> u32 { x.wrapping_mul(3) ^ 5 }
#[inline(never)] pub fn two(x: u32) -> u32 { x.wrapping_mul(7) ^ 9 }
#[inline(never)] fn private(x: u32) -> u32 { one(x).rotate_left(two(x)) }
#[inline(never)] pub fn caller(x: u32) -> u32 { one(x).wrapping_add(two(x)) }
#[inline(never)] pub fn inner(x: u32) -> u32 { private(x).wrapping_add(private(x + 1)) }
#[inline(never)] pub fn generic<T: Copy + Into<u64>>(x: T) -> u64 { x.into().wrapping_mul(77) }
#[inline(never)] pub fn instances(x: u8, y: u16) -> u64 { generic(x) ^ generic(y) }
#[inline(never)] pub fn text(which: bool) -> &'static str { if which { "some text" } else { "another text" } }
pub static TABLE: [fn(u32) -> u32; 2] = [one, two];
pub static LIMIT: u32 = 4711;
pub trait Shape { fn area(&self) -> u32; fn name(&self) -> &'static str; }
pub struct Square(pub u32);
impl Shape for Square { fn area(&self) -> u32 { self.0 * self.0 } fn name(&self) -> &'static str { "square" } }
#[inline(never)] pub fn shape(square: &Square) -> &dyn Shape { square }
#[cfg(not(missing))] #[inline(never)]
pub fn sometimes() -> u32 { 1234 }
core::arch::global_asm!(".pushsection .note.sample,\"a\",@note", ".long 4, 4, 1", ".asciz \"abc\"", ".long 77", ".popsection");
core::arch::global_asm!(".pushsection .sites,\"a\",@progbits", ".quad {one}", ".quad {two}", ".popsection", one = sym one, two = sym two);
"#;

fn sample() -> Out {
    Out::new(SOURCE, &[])
}

/// The only difference, which must be unexplained and of this subject and name.
fn only<'a>(report: &'a Report, wanted: &str) -> &'a DifferenceReport {
    assert_eq!(found(report), [wanted], "{report:#?}");
    assert_eq!(report.verdict, Verdict::Unexplained);
    &report.objects[0].differences[0]
}

fn planted(edit: impl FnOnce(&mut Elf)) -> Report {
    let sample = sample();
    compare(&sample, &sample.edited(edit))
}

#[test]
fn an_object_is_identical_to_itself() {
    let sample = sample();
    let report = assert_identical(&sample, &sample);
    assert!(
        report.totals.data.total > 4
            && report.totals.sections.total > 4
            && report.totals.functions.total > 10,
        "{:?}",
        report.totals
    );
}

#[test]
fn crates_with_other_hashes_are_identical() {
    let options = ["-Cdebuginfo=2"];
    let (a, b) = (
        Out::new(SOURCE, &[&options[..], &["-Cmetadata=a"]].concat()),
        Out::new(SOURCE, &[&options[..], &["-Cmetadata=b"]].concat()),
    );
    let names = |out: &Out| fs_err::read(out.path.join(crate::support::OBJECT)).unwrap();
    assert_ne!(names(&a), names(&b));
    assert_identical(&a, &b);
}

#[test]
fn a_wrong_call_target_is_reported() {
    let report = planted(|elf| {
        let calls = elf.relocations_of("::caller");
        elf.retarget(calls[0], "::two");
    });
    let difference = only(&report, "function sample::caller");
    assert_eq!(difference.aspects.len(), 1);
    assert!(
        difference.aspects[0].gated.contains("sample::one")
            && difference.aspects[0].gateless.contains("sample::two"),
        "{difference:?}"
    );
    assert!(
        difference
            .diff
            .iter()
            .any(|line| line.starts_with('-') && line.contains("sample::one")),
        "{difference:?}"
    );
    assert!(
        difference
            .diff
            .iter()
            .any(|line| line.starts_with('+') && line.contains("sample::two")),
        "{difference:?}"
    );
}

#[test]
fn a_changed_constant_in_code_is_reported() {
    let report = planted(|elf| {
        let at = elf.symbol("::sometimes").1;
        elf.bytes[at + 1] ^= 1;
    });
    let difference = only(&report, "function sample::sometimes");
    assert_eq!(difference.aspects[0].what, "code");
    assert_eq!(difference.diff.len(), 3, "{difference:?}");
}

#[test]
fn a_changed_datum_is_reported() {
    let report = planted(|elf| {
        let at = elf.symbol("::LIMIT").1;
        elf.bytes[at] ^= 1;
    });
    only(&report, "datum sample::LIMIT");
}

#[test]
fn a_changed_string_is_reported_with_all_that_refers_to_it() {
    let report = planted(|elf| {
        let at = elf
            .bytes
            .windows(9)
            .position(|bytes| bytes == b"some text")
            .unwrap();
        elf.bytes[at] = b'S';
    });
    let found = found(&report);
    assert!(
        found.contains(&"function sample::text".to_owned()),
        "{found:?}"
    );
    assert!(
        found.iter().any(|name| name.contains("some text"))
            && found.iter().any(|name| name.contains("Some text")),
        "{found:?}"
    );
}

#[test]
fn a_changed_section_flag_is_reported() {
    let report = planted(|elf| {
        let header = elf.section(".text._RNvCs").0;
        elf.bytes[header + 8 + 2] |= 0x20;
    });
    let found = found(&report);
    assert_eq!(found.len(), 2, "the function and the section: {found:?}");
    assert!(
        found[0].starts_with("function ") && found[1].starts_with("section .text."),
        "{found:?}"
    );
}

#[test]
fn a_changed_alignment_is_reported() {
    let report = planted(|elf| {
        let header = elf.section(".rodata.").0;
        elf.bytes[header + 48] = 64;
    });
    assert!(
        found(&report)
            .iter()
            .any(|name| name.starts_with("section .rodata")),
        "{:?}",
        found(&report)
    );
}

#[test]
fn a_missing_function_is_reported_on_either_side() {
    let (with, without) = (sample(), Out::new(SOURCE, &["--cfg=missing"]));
    let find = |report: &Report, kind| {
        report.objects[0].differences.iter().any(|found| {
            found.name == "sample::sometimes" && found.finding == kind && found.cause.is_none()
        })
    };
    assert!(find(&compare(&with, &without), FindingKind::OnlyGated));
    assert!(find(&compare(&without, &with), FindingKind::OnlyGateless));
}

#[test]
fn a_swapped_data_relocation_is_reported() {
    let report = planted(|elf| {
        let entries = elf.relocations_of("::TABLE");
        elf.retarget(entries[0], "::two");
        elf.retarget(entries[1], "::one");
    });
    only(&report, "datum sample::TABLE");
}

#[test]
fn a_swapped_entry_of_a_nameless_table_is_reported_with_what_refers_to_it() {
    let report = planted(|elf| {
        let table = elf.section(".rela.data.rel.ro..Lanon").1;
        for byte in table + 12..table + 16 {
            elf.bytes.swap(byte, byte + 24);
        }
    });
    let found = found(&report);
    assert!(
        found.contains(&"function sample::shape".to_owned()),
        "{found:?}"
    );
    assert_eq!(
        found
            .iter()
            .filter(|name| name.starts_with("nameless "))
            .count(),
        2,
        "{found:?}"
    );
}

#[test]
fn a_changed_note_is_reported() {
    let report = planted(|elf| {
        let at = elf.section(".note.sample").1;
        elf.bytes[at + 16] = 78;
    });
    only(&report, "content .note.sample");
}

#[test]
fn a_changed_entry_of_a_table_is_reported() {
    let report = planted(|elf| {
        let sites = elf.section(".rela.sites").1;
        elf.retarget(sites, "::two");
    });
    let difference = only(&report, "content .sites");
    assert!(
        difference.aspects[0].gated.contains("sample::one"),
        "{difference:?}"
    );
}

#[test]
fn a_changed_binding_and_visibility_are_reported() {
    for (byte, value) in [(4, 0x22), (5, 2)] {
        let report = planted(|elf| {
            let (index, _) = elf.symbol("::caller");
            let at = elf.section(".symtab").1 + index * 24 + byte;
            elf.bytes[at] = value;
        });
        assert_eq!(
            only(&report, "function sample::caller").aspects[0].what,
            "binding"
        );
    }
}

#[test]
fn a_symbol_that_is_needed_from_elsewhere_and_is_another_is_reported() {
    let source = |name: &str| {
        format!(
            "#![no_std]\nextern \"C\" {{ fn {name}(); }}\npub fn f() {{ unsafe {{ {name}() }} }}\n"
        )
    };
    let report = compare(
        &Out::new(&source("here"), &[]),
        &Out::new(&source("there"), &[]),
    );
    assert_eq!(
        found(&report),
        ["function sample::f", "symbol here", "symbol there"]
    );
}

/// Options of a build with debug information.
const DEBUG: &[&str] = &["-Cdebuginfo=2"];

#[test]
fn another_line_is_reported() {
    let marked = SOURCE.replace(
        "pub fn sometimes() -> u32 { 1234 }",
        "pub fn sometimes() -> u32 {\n 1234 }",
    );
    let moved = SOURCE.replace(
        "pub fn sometimes() -> u32 { 1234 }",
        "\npub fn sometimes() -> u32 { 1234 }",
    );
    let (plain, marked, moved) = (
        Out::new(SOURCE, DEBUG),
        Out::new(&marked, DEBUG),
        Out::new(&moved, DEBUG),
    );
    assert_identical(&plain, &Out::new(SOURCE, DEBUG));
    assert_eq!(
        found(&compare(&plain, &marked)),
        ["line-table sample::sometimes"]
    );
    assert_eq!(
        found(&compare(&plain, &moved)),
        [
            "line-table sample::sometimes",
            "debug-entry subprogram sample::sometimes"
        ]
    );
}

#[test]
fn another_column_is_reported() {
    let shifted = SOURCE.replace(
        "pub fn sometimes() -> u32 { 1234 }",
        "pub fn sometimes() -> u32 {  1234 }",
    );
    let report = compare(&Out::new(SOURCE, DEBUG), &Out::new(&shifted, DEBUG));
    let difference = only(&report, "line-table sample::sometimes");
    assert!(
        difference.aspects.iter().all(|aspect| aspect.what == "row"),
        "{difference:?}"
    );
}

#[test]
fn compression_is_reported_and_looked_through() {
    let plain = Out::new(SOURCE, DEBUG);
    let packed = Out::new(SOURCE, &[DEBUG, &["-Zdebuginfo-compression=zlib"]].concat());
    let found = found(&compare(&plain, &packed));
    assert!(
        !found.is_empty() && found.iter().all(|name| name.starts_with("section .debug_")),
        "{found:?}"
    );
}

#[test]
fn the_dwarf_version_is_reported_and_looked_through() {
    let five = Out::new(SOURCE, &[DEBUG, &["-Cdwarf-version=5"]].concat());
    let four = Out::new(SOURCE, &[DEBUG, &["-Cdwarf-version=4"]].concat());
    let found = found(&compare(&five, &four));
    assert!(
        found
            .iter()
            .any(|name| name == "debug-form line table, DWARF 5"),
        "{found:?}"
    );
    // The attributes of types depend on the version.
    let allowed = [
        "debug-form ",
        "section .debug_",
        "content .debug_",
        "debug-entry ",
    ];
    assert!(
        found
            .iter()
            .all(|name| allowed.iter().any(|start| name.starts_with(start))),
        "{found:?}"
    );
}

/// Code in one section, as Kbuild asks for it.
const ONE_SECTION: &[&str] = &["-Zfunction-sections=n"];

#[test]
fn calls_within_a_section_are_compared_by_what_they_call() {
    let shifted = SOURCE.replace("#[inline(never)] pub fn text", "#[inline(never)] pub fn aaa(x: &mut [u32; 9]) { x.reverse() }\n#[inline(never)] pub fn text");
    let (plain, shifted) = (
        Out::new(SOURCE, ONE_SECTION),
        Out::new(&shifted, ONE_SECTION),
    );
    let report = compare(&plain, &shifted);
    let functions: Vec<String> = found(&report)
        .into_iter()
        .filter(|name| name.starts_with("function "))
        .collect();
    assert_eq!(functions, ["function sample::aaa"], "{report:#?}");
}

#[test]
fn a_wrong_call_within_a_section_is_reported() {
    let plain = Out::new(SOURCE, ONE_SECTION);
    let planted = plain.edited(|elf| {
        let (inner, private, text) = (
            elf.symbol("::inner").1,
            elf.symbol("::private").1,
            elf.symbol("::text").1,
        );
        let call = (inner..inner + 64)
            .find(|&at| {
                let distance = i32::from_le_bytes(elf.bytes[at + 1..at + 5].try_into().unwrap());
                elf.bytes[at] == 0xe8 && at as i64 + 5 + i64::from(distance) == private as i64
            })
            .expect("a direct call");
        let distance = (text as i64 - call as i64 - 5) as i32;
        elf.bytes[call + 1..call + 5].copy_from_slice(&distance.to_le_bytes());
    });
    let report = compare(&plain, &planted);
    let difference = only(&report, "function sample::inner");
    assert!(
        difference.aspects[0].gated.contains("sample::private")
            && difference.aspects[0].gateless.contains("sample::text"),
        "{difference:?}"
    );
}

#[test]
fn what_may_be_patched_before_an_entry_is_compared() {
    let patchable = Out::new(
        SOURCE,
        &[ONE_SECTION, &["-Zpatchable-function-entry=16,16"]].concat(),
    );
    assert_identical(&patchable, &patchable);
    let report = compare(
        &patchable,
        &patchable.edited(|elf| {
            let at = elf.symbol("::caller").1;
            elf.bytes[at - 16] = 0xcc;
        }),
    );
    only(&report, "function sample::caller");
    let fewer = Out::new(
        SOURCE,
        &[ONE_SECTION, &["-Zpatchable-function-entry=8,8"]].concat(),
    );
    let found = found(&compare(&patchable, &fewer));
    assert!(
        found.contains(&"function sample::caller".to_owned()),
        "{found:?}"
    );
}

#[test]
fn padding_and_order_are_compared() {
    let plain = Out::new(SOURCE, ONE_SECTION);
    let report = compare(
        &plain,
        &plain.edited(|elf| {
            let (one, two) = (elf.symbol("::one").1, elf.symbol("::two").1);
            let padding = one.max(two) - 1;
            elf.bytes[padding] = 0x66;
        }),
    );
    let found = found(&report);
    assert!(found == ["layout .text"], "{found:?}");
}

#[test]
fn an_object_that_only_one_build_has_is_reported() {
    let (full, empty) = (sample(), sample());
    fs_err::copy(
        full.path.join(crate::support::OBJECT),
        full.path.join("rust/more.o"),
    )
    .unwrap();
    fs_err::write(
        full.path.join("rust/.more.o.cmd"),
        "savedcmd_rust/more.o := rustc --emit=obj=rust/more.o more.rs\n",
    )
    .unwrap();
    assert_eq!(found(&compare(&full, &empty)), ["object rust/more.o"]);
    assert_eq!(found(&compare(&empty, &full)), ["object rust/more.o"]);
    fs_err::remove_file(full.path.join("rust/more.o")).unwrap();
    let report = compare(&full, &full);
    assert_eq!(
        (found(&report), report.verdict),
        (vec!["object rust/more.o".to_owned()], Verdict::Unexplained),
        "made by both and in neither"
    );
}
