//! Modules: their objects are in them as recorded, and nothing follows them but a signature.

use gateless_attest::attest;

use crate::image::{ONE, TWO, linked};
use crate::out::Out;

/// A build with a module of two objects.
fn with_module() -> Out {
    let out = Out::of(&[
        ("one", ONE),
        ("two", TWO),
        ("three", &ONE.replace("one", "three")),
        ("four", &TWO.replace("two", "four")),
    ]);
    fs_err::remove_file(out.path.join("vmlinux.a")).unwrap();
    out.run("ar", &["rcsTD", "vmlinux.a", "one.o", "two.o"]);
    crate::image::link(&out, &[]);
    out.write("modules.order", "m.o\n");
    out.write("m.mod", "three.o\nfour.o\n");
    out.run("ld", &["-r", "-o", "m.ko", "three.o", "four.o"]);
    out
}

fn module(out: &Out) -> Vec<u8> {
    fs_err::read(out.path.join("m.ko")).unwrap()
}

fn put(out: &Out, bytes: &[u8]) {
    fs_err::write(out.path.join("m.ko"), bytes).unwrap();
}

#[test]
fn a_module_of_recorded_objects_is_proven() {
    let (code, text) = with_module().attest();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("m.ko: module, sha256 "), "{text}");
    assert!(text.contains("as their objects have them: 6"), "{text}");
}

#[test]
fn a_changed_byte_of_code_in_a_module_is_caught() {
    let out = with_module();
    let mut bytes = module(&out);
    let at = bytes.windows(2).position(|bytes| bytes == [0x5a, 0x5a]);
    bytes[at.unwrap()] ^= 1;
    put(&out, &bytes);
    out.refused("m.ko: is not made of `four.o`: the Rust function `four`");
}

#[test]
fn modules_of_a_directory_without_an_image_are_proven_as_well() {
    let out = with_module();
    for file in ["vmlinux", "vmlinux.a"] {
        fs_err::remove_file(out.path.join(file)).unwrap();
    }
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("m.ko: module, sha256 "), "{text}");
    let mut bytes = module(&out);
    let at = bytes.windows(2).position(|bytes| bytes == [0x5a, 0x5a]);
    bytes[at.unwrap()] ^= 1;
    put(&out, &bytes);
    out.refused("m.ko: is not made of `four.o`: the Rust function `four`");
}

#[test]
fn every_changed_byte_of_a_rust_function_in_a_module_is_caught() {
    let out = with_module();
    let original = module(&out);
    for name in ["three", "four"] {
        let (start, size) = crate::image::function(&original, name);
        assert!(size > 4);
        for at in start..start + size {
            let mut bytes = original.clone();
            bytes[at] ^= 0x10;
            put(&out, &bytes);
            let attestation = attest(&out.path).unwrap();
            let is_said = attestation
                .problems
                .iter()
                .any(|problem| problem.file == "m.ko" && problem.what.contains(name));
            assert!(
                !attestation.gateless && is_said,
                "byte {} of {name}: {:?}",
                at - start,
                attestation.problems
            );
        }
    }
    put(&out, &original);
    assert!(attest(&out.path).unwrap().gateless);
}

#[test]
fn a_relocation_of_a_module_that_leads_elsewhere_is_caught() {
    use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};
    let out = with_module();
    let original = module(&out);
    let file = ElfFile64::<object::Endianness>::parse(&*original).unwrap();
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, &*original).unwrap();
    let mut tried = 0;
    for section in sections.iter() {
        let Some((relocations, _)) = section.rela(endian, &*original).unwrap() else {
            continue;
        };
        let name = sections.section_name(endian, section).unwrap();
        if name == b".rela.eh_frame" {
            continue;
        }
        let start = section.sh_offset.get(endian) as usize;
        for index in 0..relocations.len() {
            // The addend, which is the last of three words.
            let mut bytes = original.clone();
            bytes[start + index * 24 + 16] ^= 1;
            put(&out, &bytes);
            let attestation = attest(&out.path).unwrap();
            assert!(
                !attestation.gateless,
                "relocation {index} of {}",
                String::from_utf8_lossy(name)
            );
            tried += 1;
        }
    }
    assert!(tried > 3);
}

#[test]
fn a_rust_object_in_a_module_without_a_record_is_caught() {
    let out = with_module();
    let more = Out::of(&[(
        "five",
        "#![no_std]\n#[inline(never)] pub fn hidden(x: u32) -> u32 { x / 3 }\n",
    )]);
    let five = more.path.join("five.o");
    out.run(
        "ld",
        &["-r", "-o", "m.ko", "three.o", "four.o", five.as_str()],
    );
    out.refused("m.ko: has ");
}

#[test]
fn a_signature_may_follow_a_module_and_nothing_else() {
    let out = with_module();
    let elf = module(&out);
    let signature = [0x30, 3, 2, 1, 5];
    let info = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 5];
    let signed = [
        &elf[..],
        &signature,
        &info,
        b"~Module signature appended~\n",
    ]
    .concat();
    put(&out, &signed);
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    put(&out, &[&signed[..], b"more"].concat());
    out.refused("bytes follow the module that are no signature");
    put(&out, &[&elf[..], b"more"].concat());
    out.refused("m.ko: 4 bytes follow the module that are no signature");
}

#[test]
fn a_build_without_modules_has_none_to_prove() {
    assert!(attest(&linked().path).unwrap().gateless);
}
