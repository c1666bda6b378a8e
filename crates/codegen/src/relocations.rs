//! Loads from the global offset table that a linker must leave as they are (x86).
//!
//! gcc and clang: `-Wa,-mrelax-relocations=no`. rustc sets LLVM's target option X86RelaxRelocations (LLVMRustCreateTargetMachine,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which only decides the type of the relocation (getRelocType64,
//! llvm/lib/Target/X86/MCTargetDesc/X86ELFObjectWriter.cpp). LLVM's C API has no setter, so the type is put right in the object.

use gateless_model::{Failure, Result};
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader};

/// R_X86_64_CODE_4_GOTPCRELX (x86-64 psABI), for instructions with the prefix of APX.
const CODE_4_GOTPCRELX: u32 = 43;
/// Where in an entry its type is: r_info, whose low half it is, comes after r_offset.
const TYPE: usize = 8;

/// Turns the relaxable relocation types of an x86 object into the plain ones; other objects stay as they are.
pub fn make_plain(bytes: &mut [u8]) -> Result<()> {
    let Ok(header) = elf::FileHeader64::<LE>::parse(&*bytes) else {
        return Ok(());
    };
    if header.e_machine(LE) != elf::EM_X86_64 {
        return Ok(());
    }
    let broken = |error: object::Error| {
        Failure::failed("LLVM wrote an object that is not well-formed").because(error)
    };
    let mut places = Vec::new();
    for section in header.section_headers(LE, &*bytes).map_err(broken)? {
        if let Some((entries, _)) = section.rela(LE, &*bytes).map_err(broken)? {
            let start = section.sh_offset(LE) as usize;
            for (index, entry) in entries.iter().enumerate() {
                let kind = entry.r_type(LE, false);
                if matches!(
                    kind,
                    elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX | CODE_4_GOTPCRELX
                ) {
                    places.push((start + index * size_of::<elf::Rela64<LE>>() + TYPE, kind));
                }
            }
        }
    }
    for (place, kind) in places {
        let field = &mut bytes[place..place + size_of::<u32>()];
        debug_assert_eq!(field, kind.to_le_bytes());
        field.copy_from_slice(&elf::R_X86_64_GOTPCREL.to_le_bytes());
    }
    Ok(())
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
    fn what_is_no_x86_object_stays_as_it_is() {
        let mut bytes = b"\x7fELF, but not really".to_vec();
        make_plain(&mut bytes).unwrap();
        assert_eq!(bytes, b"\x7fELF, but not really");
    }
}
