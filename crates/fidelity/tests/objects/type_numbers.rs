//! kCFI's numbers are counted, and one that is another is reported for what it is, wherever it stands.

use gateless_fidelity::report::{Report, Verdict};

use crate::support::{Elf, Out, assert_identical, compare};

const SOURCE: &str = r#"#![no_std]
#[inline(never)] pub fn one(x: u32) -> u32 { x.wrapping_mul(3) ^ 5 }
#[inline(never)] pub fn caller(f: fn(u32) -> u32, g: &dyn Fn(u8) -> u8) -> u32 { f(3) + g(4) as u32 }
pub static TABLE: [fn(u32) -> u32; 1] = [one];
"#;

const OPTIONS: [&str; 2] = ["-Zsanitizer=kcfi", "-Cunsafe-allow-abi-mismatch=sanitizer"];

fn sample() -> Out {
    Out::new(SOURCE, &OPTIONS)
}

fn planted(edit: impl FnOnce(&mut Elf)) -> Report {
    let sample = sample();
    compare(&sample, &sample.edited(edit))
}

/// The difference in types, without which there must be none: it is not hidden by another one.
fn of_types(report: &Report) -> (String, String) {
    assert_eq!(report.verdict, Verdict::Unexplained);
    assert_eq!(report.totals.types.unexplained, 1, "{report:#?}");
    let mut found = report.objects[0]
        .differences
        .iter()
        .filter(|difference| serde_json::to_value(difference.subject).unwrap() == "type-number");
    let difference = found.next().expect("a difference in types");
    assert!(found.next().is_none() && difference.cause.is_none());
    (difference.name.clone(), difference.aspects[0].what.clone())
}

#[test]
fn numbers_before_functions_and_at_calls_are_counted() {
    let sample = sample();
    let report = assert_identical(&sample, &sample);
    // Two functions, and two calls in one of them.
    assert_eq!(report.totals.types.total, 4);
    assert_eq!(report.totals.types.identical, 4);
}

#[test]
fn one_flipped_bit_of_a_functions_number_is_reported() {
    let report = planted(|elf| {
        let at = elf.symbol("3one").1;
        // The number is the end of an instruction of five bytes, behind padding.
        let number = elf.bytes[at..]
            .iter()
            .position(|byte| *byte == 0xb8)
            .unwrap();
        elf.bytes[at + number + 1] ^= 1;
    });
    let (name, what) = of_types(&report);
    assert_eq!((&*name, &*what), ("sample::one", "type number"));
}

#[test]
fn one_flipped_bit_of_a_number_at_a_call_is_reported() {
    let report = planted(|elf| {
        let at = elf.symbol("::caller").1;
        let load = elf.bytes[at..]
            .windows(2)
            .position(|bytes| bytes == [0x41, 0xba])
            .unwrap();
        elf.bytes[at + load + 2] ^= 1;
    });
    let (name, what) = of_types(&report);
    assert_eq!(
        (&*name, &*what),
        ("sample::caller", "type numbers of calls")
    );
}
