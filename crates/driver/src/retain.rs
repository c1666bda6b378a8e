//! `#[used(compiler)]` where rustc makes the object by itself: libraries and programs for the host.
//!
//! Lowering leaves `#[used]`, for which LLVM sets SHF_GNU_RETAIN on the static's section, and the linker keeps it with everything that it
//! refers to (<https://github.com/rust-lang/rust/issues/93798>). The flag is taken off again: in libraries once they are written, in
//! objects of programs before the linker reads them (`linker.rs`).

use camino::{Utf8Path, Utf8PathBuf};
use gateless_lower::LINKER_MARK;
use gateless_model::Result;
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endianness, FileKind, elf};

use crate::objects::{self, Change};

/// Takes the flag off in an object or in the objects of a library. Marked sections keep it and lose their mark; one that is nothing but the
/// mark keeps its name.
pub fn release(path: &Utf8Path) -> Result<()> {
    objects::change(path, &in_object)
}

fn in_object(data: &[u8]) -> object::Result<Vec<Change>> {
    match FileKind::parse(data) {
        Ok(FileKind::Elf32) => in_elf::<elf::FileHeader32<Endianness>>(data),
        Ok(FileKind::Elf64) => in_elf::<elf::FileHeader64<Endianness>>(data),
        // Metadata of a library; objects of systems that have no such flag.
        _ => Ok(Vec::new()),
    }
}

fn in_elf<E: FileHeader<Endian = Endianness>>(data: &[u8]) -> object::Result<Vec<Change>> {
    let header = E::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let table: u64 = header.e_shoff(endian).into();
    let size = usize::from(header.e_shentsize(endian));
    let is_big = endian == Endianness::Big;
    let mut changes = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let flags: u64 = section.sh_flags(endian).into();
        if flags & u64::from(elf::SHF_GNU_RETAIN) == 0 {
            continue;
        }
        // sh_name is the first word of a section header, sh_flags stands 8 bytes behind it, in both classes.
        let at = table as usize + index * size;
        let name = sections.section_name(endian, section)?;
        match name.strip_prefix(LINKER_MARK.as_bytes()) {
            Some(b"") => {}
            Some(_) => {
                let shorter = section.sh_name(endian) + LINKER_MARK.len() as u32;
                changes.push(Change {
                    at,
                    new: if is_big {
                        shorter.to_be_bytes().to_vec()
                    } else {
                        shorter.to_le_bytes().to_vec()
                    },
                });
            }
            None => {
                // The flag is in the lower half of the word.
                let low = (flags & !u64::from(elf::SHF_GNU_RETAIN)) as u32;
                let half = if is_big && header.is_type_64() { 4 } else { 0 };
                changes.push(Change {
                    at: at + 8 + half,
                    new: if is_big {
                        low.to_be_bytes().to_vec()
                    } else {
                        low.to_le_bytes().to_vec()
                    },
                });
            }
        }
    }
    Ok(changes)
}

/// The library that rustc writes for a call that names none, in `directory`.
pub fn library(directory: &str, crate_name: &str, extra: &str) -> Utf8PathBuf {
    Utf8Path::new(directory).join(format!("lib{crate_name}{extra}.rlib"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use object::read::archive::ArchiveFile;
    use object::write::Object as Writer;
    use object::{Architecture, BinaryFormat, Object, ObjectSection, SectionFlags, SectionKind};

    use super::*;

    /// An object with three sections that the linker is to keep.
    fn object(endian: Endianness) -> Vec<u8> {
        let (architecture, order) = match endian {
            Endianness::Little => (Architecture::X86_64, object::Endianness::Little),
            Endianness::Big => (Architecture::S390x, object::Endianness::Big),
        };
        let mut writer = Writer::new(BinaryFormat::Elf, architecture, order);
        for name in [
            ".compiler",
            "gateless.used.linker:.linker",
            "gateless.used.linker:",
        ] {
            let section = writer.add_section(Vec::new(), name.into(), SectionKind::Data);
            writer.append_section_data(section, &[1], 1);
            let section = writer.section_mut(section);
            section.flags = SectionFlags::Elf {
                sh_flags: u64::from(elf::SHF_ALLOC | elf::SHF_WRITE | elf::SHF_GNU_RETAIN),
            };
        }
        writer.write().unwrap()
    }

    /// Names of the sections with data, with `*` for those that the linker is to keep.
    fn kept(bytes: &[u8]) -> Vec<String> {
        let file = object::File::parse(bytes).unwrap();
        let sections = file
            .sections()
            .filter(|section| section.kind() == SectionKind::Data);
        sections
            .map(|section| {
                let SectionFlags::Elf { sh_flags } = section.flags() else {
                    panic!()
                };
                let star = if sh_flags & u64::from(elf::SHF_GNU_RETAIN) != 0 {
                    "*"
                } else {
                    ""
                };
                format!("{}{star}", section.name().unwrap())
            })
            .collect()
    }

    #[test]
    fn only_marked_sections_are_kept_by_the_linker_and_the_mark_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("x.o");
        for endian in [Endianness::Little, Endianness::Big] {
            fs_err::write(&path, object(endian)).unwrap();
            release(&path).unwrap();
            assert_eq!(
                kept(&fs_err::read(&path).unwrap()),
                [".compiler", ".linker*", "gateless.used.linker:*"]
            );
        }
    }

    #[test]
    fn objects_in_a_library_are_put_right_and_its_metadata_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| Utf8Path::from_path(directory.path()).unwrap().join(name);
        fs_err::write(at("lib.rmeta"), "no object").unwrap();
        fs_err::write(at("x.o"), object(Endianness::Little)).unwrap();
        let made = Command::new("ar")
            .args(["crs", "libx.rlib", "lib.rmeta", "x.o"])
            .current_dir(&directory)
            .status()
            .unwrap();
        assert!(made.success());
        release(&at("libx.rlib")).unwrap();
        let bytes = fs_err::read(at("libx.rlib")).unwrap();
        let archive = ArchiveFile::parse(&*bytes).unwrap();
        let members: Vec<_> = archive.members().map(Result::unwrap).collect();
        assert_eq!(members[0].data(&*bytes).unwrap(), b"no object");
        assert_eq!(
            kept(members[1].data(&*bytes).unwrap()),
            [".compiler", ".linker*", "gateless.used.linker:*"]
        );
    }
}
