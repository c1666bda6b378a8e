//! x86's bzImage: setup code, and behind it code that unpacks a `vmlinux` without symbols (Documentation/arch/x86/boot.rst).

use std::collections::HashSet;

use object::read::elf::{ElfFile, FileHeader};
use object::{Object, ObjectSegment};

use super::super::elf_end;
use super::{Vmlinux, unpack};

/// Offsets in the setup header.
const SETUP_SECTORS: usize = 0x1f1;
const MAGIC: usize = 0x202;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;
const SECTOR: usize = 512;

pub fn check(bytes: &[u8], vmlinux: &Vmlinux<'_>) -> Result<(), String> {
    let unpacked = unpack(payload(bytes).ok_or("it has no header of x86's boot protocol")?)?;
    let bad = |error: object::Error| format!("what it unpacks to is no ELF file: {error}");
    let file = object::File::parse(&*unpacked).map_err(bad)?;
    if file.entry() != vmlinux.file.entry() {
        return Err(format!("it is entered at {:#x}", file.entry()));
    }
    let memory = |file: &object::File<'_>| {
        let segments = file.segments();
        let mut segments: Vec<_> = segments
            .map(|segment| (segment.address(), segment.size(), segment.flags()))
            .collect();
        segments.sort_by_key(|segment| segment.0);
        segments
            .into_iter()
            .map(|segment| format!("{segment:x?}"))
            .collect::<Vec<_>>()
    };
    if memory(&file) != memory(vmlinux.file) {
        return Err("it is loaded to other addresses".to_owned());
    }
    for segment in file.segments() {
        let data = segment.data().map_err(bad)?;
        let mut same = vmlinux.file.segments();
        let same = same.find(|other| other.address() == segment.address());
        let same = same.and_then(|other| other.data().ok()).unwrap_or_default();
        // A program's headers may lie in its memory, and say where its sections are in the file.
        let headers = match segment.file_range().0 {
            0 => headers_end(&file),
            _ => 0,
        };
        let mut bytes = data.iter().zip(same).enumerate().skip(headers);
        if let Some((at, _)) = bytes.find(|(_, (one, other))| one != other) {
            return Err(format!(
                "its byte at {:#x} is another",
                segment.address() + at as u64
            ));
        }
        if data.len() != same.len() {
            return Err(format!(
                "its memory at {:#x} has another size",
                segment.address()
            ));
        }
    }
    let end = elf_end(&file, &unpacked);
    relocations(&unpacked[end..], vmlinux)
}

/// The packed piece.
fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes([word[0], word[1], word[2], word[3]]) as usize)
    };
    if bytes.get(MAGIC..MAGIC + 4)? != b"HdrS" {
        return None;
    }
    let sectors = match bytes[SETUP_SECTORS] {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = (sectors + 1) * SECTOR + word(PAYLOAD_OFFSET)?;
    bytes.get(start..start.checked_add(word(PAYLOAD_LENGTH)?)?)
}

/// Where the ELF header and the program headers behind it end.
fn headers_end(file: &object::File<'_>) -> usize {
    fn of<Elf: FileHeader>(file: &ElfFile<'_, Elf>) -> u64 {
        let (header, endian) = (file.elf_header(), file.endian());
        let size = u64::from(header.e_phnum(endian)) * u64::from(header.e_phentsize(endian));
        header.e_phoff(endian).into() + size
    }
    let end = match file {
        object::File::Elf64(file) => of(file),
        object::File::Elf32(file) => of(file),
        _ => 0,
    };
    usize::try_from(end).unwrap_or(0)
}

/// A kernel that may run at another address has a list of the addresses in it behind it (arch/x86/tools/relocs), each the low half of where one is.
/// In Rust code and data these are the places that the objects have.
fn relocations(list: &[u8], vmlinux: &Vmlinux<'_>) -> Result<(), String> {
    let words: HashSet<u64> = list
        .chunks_exact(4)
        .map(|word| i32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .filter(|word| *word != 0)
        .map(|word| i64::from(word).cast_unsigned())
        .collect();
    if !list.len().is_multiple_of(4) {
        return Err("what follows the image in it is no list of relocations".to_owned());
    }
    if words.is_empty() {
        return Ok(());
    }
    for placed in vmlinux.placed {
        let own: HashSet<u64> = placed.addresses.iter().copied().collect();
        if let Some(missing) = own.difference(&words).min() {
            return Err(format!(
                "its list of relocations lacks the Rust object's at {missing:#x}"
            ));
        }
        let in_code = |word: &&u64| placed.code.iter().any(|range| range.contains(word));
        if let Some(foreign) = words
            .iter()
            .filter(in_code)
            .find(|word| !own.contains(word))
        {
            return Err(format!(
                "its list of relocations changes Rust code at {foreign:#x}"
            ));
        }
    }
    Ok(())
}
