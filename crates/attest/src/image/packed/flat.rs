//! `Image`: the memory of `vmlinux` from its first byte to its last, as it is loaded (objcopy -O binary).

use object::SectionKind;
use object::elf::SHF_ALLOC;
use object::read::elf::{ElfFile, FileHeader, ProgramHeader};
use object::{Object, ObjectSection, SectionFlags};

use super::{Vmlinux, unpack};

/// Some architectures' Makefiles leave these out (OBJCOPYFLAGS_Image), and zeros stand there.
const LEFT_OUT: &[&str] = &[".note", ".note.gnu.build-id", ".comment"];

pub fn check_packed(bytes: &[u8], vmlinux: &Vmlinux<'_>) -> Result<(), String> {
    check(&unpack(bytes)?, vmlinux)
}

pub fn check(bytes: &[u8], vmlinux: &Vmlinux<'_>) -> Result<(), String> {
    let file = vmlinux.file;
    let mut pieces = Vec::new();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else {
            continue;
        };
        let has_bytes = sh_flags & u64::from(SHF_ALLOC) != 0
            && section.kind() != SectionKind::UninitializedData
            && section.size() > 0;
        if has_bytes {
            let may_lack = section.name().is_ok_and(|name| LEFT_OUT.contains(&name));
            let data = section.data().map_err(|error| error.to_string())?;
            pieces.push((load_address(file, section.address()), data, may_lack));
        }
    }
    pieces.sort_by_key(|piece| piece.0);
    let kept = pieces.iter().find(|(_, _, may_lack)| !may_lack);
    let start = kept.map_or(0, |piece| piece.0);
    let mut end = 0;
    for (address, data, may_lack) in pieces {
        let Some(at) = address.checked_sub(start) else {
            continue;
        };
        let at = usize::try_from(at).map_err(|error| error.to_string())?;
        let found = bytes.get(at..at + data.len());
        if may_lack && found.is_none_or(|found| found.iter().all(|byte| *byte == 0)) {
            continue;
        }
        let found = found.ok_or_else(|| format!("it ends before {address:#x}"))?;
        if let Some(other) = found.iter().zip(data).position(|(one, other)| one != other) {
            return Err(format!(
                "its byte at {:#x} is another",
                address + other as u64
            ));
        }
        if at > end && bytes[end..at].iter().any(|byte| *byte != 0) {
            return Err(format!(
                "it has something in front of {address:#x}, where the image has nothing"
            ));
        }
        end = end.max(at + data.len());
    }
    // Filled up to a whole page, or to a size that the architecture likes.
    if bytes[end..].iter().any(|byte| *byte != 0) {
        return Err("it goes on behind the image's end".to_owned());
    }
    Ok(())
}

/// Where a section is loaded to, which need not be where it runs.
fn load_address(file: &object::File<'_>, address: u64) -> u64 {
    fn of<Elf: FileHeader>(file: &ElfFile<'_, Elf>, address: u64) -> u64 {
        let endian = file.endian();
        for segment in file.elf_program_headers() {
            let start: u64 = segment.p_vaddr(endian).into();
            let size: u64 = segment.p_memsz(endian).into();
            let loads = segment.p_type(endian) == object::elf::PT_LOAD;
            if loads && (start..start + size).contains(&address) {
                return address - start + segment.p_paddr(endian).into();
            }
        }
        address
    }
    match file {
        object::File::Elf32(file) => of(file, address),
        object::File::Elf64(file) => of(file, address),
        _ => address,
    }
}
