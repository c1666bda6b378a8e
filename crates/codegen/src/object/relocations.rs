//! Loads from the global offset table that a linker must leave as they are (x86).
//!
//! gcc and clang: `-Wa,-mrelax-relocations=no`. rustc sets LLVM's target option X86RelaxRelocations (LLVMRustCreateTargetMachine,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which only decides the type of the relocation (getRelocType64,
//! llvm/lib/Target/X86/MCTargetDesc/X86ELFObjectWriter.cpp). LLVM's C API has no setter, so the type is fixed up in the object.

use gateless_model::{Failure, Result};
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader};

/// R_X86_64_CODE_4_GOTPCRELX (x86-64 psABI), for instructions with the prefix of APX.
const CODE_4_GOTPCRELX: u32 = 43;
/// Where in an entry its type begins: in r_info, whose low half (64 bits) or byte (32 bits) it is, after r_offset.
const TYPE_64: usize = 8;
const TYPE_32: usize = 4;

/// Turns the relaxable relocation types of an x86 object into the plain ones; other objects stay as they are.
pub fn make_plain(bytes: &mut [u8]) -> Result<()> {
    let places = if let Ok(header) = elf::FileHeader64::<LE>::parse(&*bytes) {
        x86_64(header, bytes)
    } else if let Ok(header) = elf::FileHeader32::<LE>::parse(&*bytes) {
        i386(header, bytes)
    } else {
        return Ok(());
    };
    let places = places.map_err(|error| {
        Failure::failed("LLVM wrote an object that is not well-formed").because(error)
    })?;
    for (place, from, to) in places {
        debug_assert_eq!(u32::from(bytes[place]), from);
        bytes[place] = to;
    }
    Ok(())
}

/// Offsets of types to change, with what is there and what belongs there. All of them fit into the type's first byte.
type Places = Vec<(usize, u32, u8)>;

fn x86_64(header: &elf::FileHeader64<LE>, bytes: &[u8]) -> object::Result<Places> {
    let mut places = Vec::new();
    if header.e_machine(LE) != elf::EM_X86_64 {
        return Ok(places);
    }
    for section in header.section_headers(LE, bytes)? {
        let Some((entries, _)) = section.rela(LE, bytes)? else {
            continue;
        };
        for (index, entry) in entries.iter().enumerate() {
            let kind = entry.r_type(LE, false);
            if matches!(
                kind,
                elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX | CODE_4_GOTPCRELX
            ) {
                let entry = section.sh_offset(LE) as usize + index * size_of_val(entry);
                places.push((entry + TYPE_64, kind, elf::R_X86_64_GOTPCREL as u8));
            }
        }
    }
    Ok(places)
}

fn i386(header: &elf::FileHeader32<LE>, bytes: &[u8]) -> object::Result<Places> {
    let mut places = Vec::new();
    if header.e_machine(LE) != elf::EM_386 {
        return Ok(places);
    }
    for section in header.section_headers(LE, bytes)? {
        let Some((entries, _)) = section.rel(LE, bytes)? else {
            continue;
        };
        for (index, entry) in entries.iter().enumerate() {
            let kind = entry.r_type(LE);
            if kind == elf::R_386_GOT32X {
                let entry = section.sh_offset(LE) as usize + index * size_of_val(entry);
                places.push((entry + TYPE_32, kind, elf::R_386_GOT32 as u8));
            }
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSection, RelocationFlags};

    use super::*;
    use crate::testing::Fixture;

    fn types(bytes: &[u8]) -> Vec<u32> {
        let file = object::File::parse(bytes).unwrap();
        let section = file.section_by_name(".text").unwrap();
        let flags = section
            .relocations()
            .map(|(_, relocation)| relocation.flags());
        flags
            .map(|flags| {
                if let RelocationFlags::Elf { r_type } = flags {
                    r_type
                } else {
                    panic!("not ELF")
                }
            })
            .collect()
    }

    #[test]
    fn loads_from_the_got_become_plain_and_nothing_else_changes() {
        let body = "@there = external global ptr\ndefine ptr @f() { ret ptr @there }\n\
            !llvm.module.flags = !{!0}\n!0 = !{i32 8, !\"PIC Level\", i32 2}";
        let mut bytes = Fixture::x86(body).pic().object(&[]);
        let before = bytes.clone();
        assert_eq!(types(&bytes), [elf::R_X86_64_REX_GOTPCRELX]);
        make_plain(&mut bytes).unwrap();
        assert_eq!(types(&bytes), [elf::R_X86_64_GOTPCREL]);
        assert_eq!(bytes.iter().zip(&before).filter(|(a, b)| a != b).count(), 1);
    }

    #[test]
    fn loads_from_the_got_become_plain_with_32_bits_too() {
        let text = "target datalayout = \"e-m:e-p:32:32-p270:32:32-p271:32:32-p272:64:64-i128:128-f64:32:64-f80:32-n8:16:32-S128\"\n\
            @there = external global ptr\ndefine ptr @f() { ret ptr @there }\n\
            !llvm.module.flags = !{!0}\n!0 = !{i32 8, !\"PIC Level\", i32 2}";
        let mut fixture = Fixture::whole(text).pic();
        fixture.target.triple = "i386-unknown-linux-gnu".into();
        let mut bytes = fixture.object(&[]);
        let before = bytes.clone();
        let got = |bytes: &[u8]| types(bytes).into_iter().next_back();
        assert_eq!(got(&bytes), Some(elf::R_386_GOT32X));
        make_plain(&mut bytes).unwrap();
        assert_eq!(got(&bytes), Some(elf::R_386_GOT32));
        assert_eq!(bytes.iter().zip(&before).filter(|(a, b)| a != b).count(), 1);
    }

    #[test]
    fn what_is_no_x86_object_stays_as_it_is() {
        let mut bytes = b"\x7fELF, but not really".to_vec();
        make_plain(&mut bytes).unwrap();
        assert_eq!(bytes, b"\x7fELF, but not really");
    }
}
