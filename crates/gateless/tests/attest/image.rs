//! The image: what is linked of the recorded objects is proven, and whatever was changed or added after is caught.

use camino::Utf8Path;
use gateless_attest::attest;
use object::{Object, ObjectSection, ObjectSymbol};

use crate::out::Out;

/// Calls, strings, tables of addresses, and constants that the linker merges.
pub const ONE: &str = r#"#![no_std]
unsafe extern "C" { safe fn two(x: u32) -> u32; }
pub static NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
#[inline(never)]
pub fn inner(i: usize) -> u32 { NAMES.get(i).map_or(7, |name| name.len() as u32) }
#[unsafe(no_mangle)]
pub extern "C" fn one(i: u32) -> u32 { two(i) + inner(i as usize) }
"#;
pub const TWO: &str = r#"#![no_std]
#[unsafe(no_mangle)]
pub extern "C" fn two(x: u32) -> u32 { if x == 1000 { 3 } else { x ^ 0x5a5a } }
"#;

/// Links an image of the objects that are there, as Kbuild would.
pub fn link(out: &Out, more: &[&str]) {
    let mut args = vec!["-static", "-e", "one", "-o", "vmlinux", "one.o", "two.o"];
    args.extend(more);
    out.run("ld", &args);
}

pub fn linked() -> Out {
    let out = Out::of(&[("one", ONE), ("two", TWO)]);
    link(&out, &[]);
    out
}

fn image(out: &Out) -> Vec<u8> {
    fs_err::read(out.path.join("vmlinux")).unwrap()
}

/// (offset in the file, size) of the function whose name contains this.
pub fn function(image: &[u8], name: &str) -> (usize, usize) {
    let file = object::File::parse(image).unwrap();
    let symbol = file
        .symbols()
        .find(|symbol| {
            symbol.kind() == object::SymbolKind::Text && symbol.name().unwrap().contains(name)
        })
        .unwrap();
    let section = file
        .section_by_index(symbol.section_index().unwrap())
        .unwrap();
    let start = section.file_range().unwrap().0 + symbol.address() - section.address();
    (start as usize, symbol.size() as usize)
}

/// Puts bytes into the image; what was there is the answer.
fn patch(out: &Out, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut image = image(out);
    let old = image[at..at + bytes.len()].to_vec();
    image[at..at + bytes.len()].copy_from_slice(bytes);
    fs_err::write(out.path.join("vmlinux"), image).unwrap();
    old
}

#[track_caller]
fn proven(out: &Out) -> String {
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    text
}

#[test]
fn an_image_of_the_recorded_objects_is_proven_wherever_it_is_moved() {
    let out = linked();
    let text = proven(&out);
    assert!(
        text.contains("vmlinux: image, sha256 ")
            && text.contains("Rust functions in it, as their objects have them: 3"),
        "{text}"
    );
    let moved = tempfile::tempdir().unwrap();
    let moved = Utf8Path::from_path(moved.path()).unwrap();
    out.run("tar", &["-cf", moved.join("out.tar").as_str(), "."]);
    let unpacked = moved.join("elsewhere");
    fs_err::create_dir(&unpacked).unwrap();
    out.run(
        "tar",
        &[
            "-xf",
            moved.join("out.tar").as_str(),
            "-C",
            unpacked.as_str(),
        ],
    );
    fs_err::remove_dir_all(&out.path).unwrap();
    let attestation = attest(&unpacked).unwrap();
    assert!(attestation.gateless, "{:?}", attestation.problems);
    assert_eq!(attestation.image.unwrap().rust_functions, 3);
}

#[test]
fn every_changed_byte_of_a_rust_function_is_caught_and_the_function_named() {
    let out = linked();
    let original = image(&out);
    for name in ["one", "two", "inner"] {
        let (start, size) = function(&original, name);
        assert!(size > 4);
        for (at, byte) in original.iter().enumerate().skip(start).take(size) {
            let old = patch(&out, at, &[byte ^ 0x10]);
            let attestation = attest(&out.path).unwrap();
            let said = attestation.problems.iter().any(|problem| {
                problem.file == "vmlinux"
                    && (problem.what.contains("the Rust function `") && problem.what.contains(name))
            });
            assert!(
                !attestation.gateless && said,
                "byte {} of {name}: {:?}",
                at - start,
                attestation.problems
            );
            patch(&out, at, &old);
        }
    }
    assert!(attest(&out.path).unwrap().gateless);
}

#[test]
fn changed_data_that_rust_code_refers_to_is_caught() {
    let out = linked();
    let image = image(&out);
    for text in ["alpha", "beta", "gamma"] {
        let at = image
            .windows(text.len())
            .position(|piece| piece == text.as_bytes())
            .unwrap();
        let old = patch(&out, at, b"A");
        out.refused("is not made of `one.o`");
        patch(&out, at, &old);
    }
    proven(&out);
}

#[test]
fn an_image_of_other_objects_is_caught() {
    let out = linked();
    out.write("vmlinux", "text");
    let (code, text) = out.attest();
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("`vmlinux` can't be read"), "{text}");
    // The same functions, compiled from another source.
    let out = linked();
    let other = Out::of(&[("one", ONE), ("two", &TWO.replace("1000", "1001"))]);
    link(&other, &[]);
    fs_err::copy(other.path.join("vmlinux"), out.path.join("vmlinux")).unwrap();
    out.refused("vmlinux: is not made of `two.o`: the Rust function `two`");
}

#[test]
fn a_rust_object_that_is_linked_in_without_a_record_is_caught() {
    let more = Out::of(&[(
        "three",
        "#![no_std]\n#[inline(never)] pub fn hidden(x: u32) -> u32 { x / 3 }\n#[unsafe(no_mangle)] pub extern \"C\" fn three(x: u32) -> u32 { hidden(x) + 1 }\n",
    )]);
    let out = linked();
    link(&out, &[more.path.join("three.o").as_str()]);
    out.refused("hidden");
    out.refused("was made by a Rust compiler, and is of no recorded object");
    out.refused("is of none of the objects that Kbuild lists for it");
    // With nothing but an exported name, and known to Kbuild.
    let more = Out::of(&[("three", &TWO.replace("two", "three"))]);
    let out = linked();
    fs_err::copy(more.path.join("three.o"), out.path.join("three.o")).unwrap();
    out.run("ar", &["rcsTD", "vmlinux.a", "three.o"]);
    link(&out, &["three.o"]);
    out.refused("three.o: was made by a Rust compiler, belongs to the image, and has no record");
    // The same, not known to Kbuild.
    let out = linked();
    link(&out, &[more.path.join("three.o").as_str()]);
    out.refused("vmlinux: has `three`, which is of none of the objects that Kbuild lists for it");
}

/// A call of `__fentry__`, and a jump of a static key, as the kernel's headers write them.
const PATCHED: &str = r#"#![no_std]
use core::arch::naked_asm;
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub extern "C" fn one() {
    naked_asm!("call __fentry__", "1:", "jmp 2f", ".byte 0xcc", ".fill 200, 1, 0x90", "2:", "3:", "jmp 4f", ".fill 200, 1, 0x90", "4:", "ret",
        ".pushsection __jump_table, \"aw\"", ".long 1b - .", ".long 2b - .", ".quad key + 2 - .", ".popsection",
        ".globl key", ".pushsection .data", "key: .quad 0", ".popsection")
}
#[unsafe(no_mangle)]
pub extern "C" fn __fentry__() {}
"#;

const NOP5: [u8; 5] = [0x0f, 0x1f, 0x44, 0, 0];

#[test]
fn objtool_may_switch_off_what_ftrace_and_static_keys_switch_on_and_nothing_else() {
    let out = Out::of(&[("one", PATCHED), ("two", TWO)]);
    link(&out, &[]);
    proven(&out);
    let (start, _) = function(&image(&out), "one");
    let (call, listed, other) = (start, start + 5, start + 5 + 5 + 1 + 200);
    let call_was = patch(&out, call, &NOP5);
    assert_eq!(call_was[0], 0xe8);
    let jump_was = patch(&out, listed, &NOP5);
    assert_eq!(jump_was[0], 0xe9);
    proven(&out);
    for nop in [[0x90; 5], [0x0f, 0x1f, 0x44, 0, 1]] {
        patch(&out, call, &nop);
        out.refused("the Rust function `one`");
        patch(&out, call, &NOP5);
        patch(&out, listed, &nop);
        out.refused("the Rust function `one`");
        patch(&out, listed, &NOP5);
    }
    proven(&out);
    // A jump that no table lists.
    assert_eq!(patch(&out, other, &NOP5)[0], 0xe9);
    out.refused("the Rust function `one`");
}

/// Two entries of an exception table, in the order that sorttable changes.
const FAULTS: &str = r#"#![no_std]
use core::arch::naked_asm;
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub extern "C" fn one() {
    naked_asm!("1:", "nop", "2:", "nop", "3:", "ret",
        ".pushsection __ex_table, \"a\"", ".long 2b - .", ".long 3b - .", ".long 1", ".long 1b - .", ".long 3b - .", ".long 1", ".popsection")
}
"#;

#[test]
fn sorttable_may_sort_the_exception_table_and_change_nothing_in_it() {
    let out = Out::of(&[("one", FAULTS), ("two", TWO)]);
    link(&out, &[]);
    proven(&out);
    let bytes = image(&out);
    let file = object::File::parse(&*bytes).unwrap();
    let section = file.section_by_name("__ex_table").unwrap();
    let (at, table) = (
        section.file_range().unwrap().0 as usize,
        section.data().unwrap(),
    );
    let word = |at: usize| i32::from_le_bytes(table[at..at + 4].try_into().unwrap());
    let sorted = |change: i32| -> Vec<u8> {
        let words = [
            word(12) + 12,
            word(16) + 12 + change,
            1,
            word(0) - 12,
            word(4) - 12,
            1,
        ];
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    };
    patch(&out, at, &sorted(0));
    proven(&out);
    patch(&out, at, &sorted(-1));
    out.refused("vmlinux: its __ex_table leads from a fault in Rust code");
    out.refused("vmlinux: its __ex_table does not lead from a fault in Rust code");
}
