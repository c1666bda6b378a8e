//! ELF objects, taken apart and put together as LLVM's writer does (llvm/lib/MC/ELFObjectWriter.cpp): for what LLVM's C API has no setter for
//! and the finished object has to be rewritten.

use std::borrow::Cow;
use std::collections::HashMap;

use gateless_model::{Failure, Result};
use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader};

/// Where the fields are in one of ELF's two classes (gABI, "ELF Header", "Section Header" and "Symbol Table").
pub struct Layout {
    /// Bytes of an address, an offset or a size.
    pub word: usize,
    /// Bytes of the file header, and where its e_shoff, e_shnum and e_shstrndx are.
    header: usize,
    shoff: usize,
    shnum: usize,
    shstrndx: usize,
    /// Bytes of a section header, and where its sh_flags, sh_offset, sh_size, sh_link, sh_info and sh_addralign are.
    section: usize,
    flags: usize,
    offset: usize,
    size: usize,
    link: usize,
    info: usize,
    alignment: usize,
    /// Bytes of a symbol, and where its st_shndx is; st_name is its first field.
    symbol: usize,
    shndx: usize,
}

const CLASS_32: Layout = Layout {
    word: 4,
    header: 0x34,
    shoff: 0x20,
    shnum: 0x30,
    shstrndx: 0x32,
    section: 0x28,
    flags: 0x08,
    offset: 0x10,
    size: 0x14,
    link: 0x18,
    info: 0x1c,
    alignment: 0x20,
    symbol: 0x10,
    shndx: 0x0e,
};
const CLASS_64: Layout = Layout {
    word: 8,
    header: 0x40,
    shoff: 0x28,
    shnum: 0x3c,
    shstrndx: 0x3e,
    section: 0x40,
    flags: 0x08,
    offset: 0x18,
    size: 0x20,
    link: 0x28,
    info: 0x2c,
    alignment: 0x30,
    symbol: 0x18,
    shndx: 0x06,
};

/// Bytes of the fields that are as long in both classes: names, links and numbers of sections in groups; numbers of sections elsewhere.
const WORD: usize = 4;
const HALF: usize = 2;

/// An object in parts.
pub struct Elf<'a> {
    pub layout: &'static Layout,
    little: bool,
    header: Vec<u8>,
    /// In the order of their numbers; the first is no section.
    pub sections: Vec<Section<'a>>,
    /// Number of the section with the sections' names.
    names: usize,
}

/// A section of an object.
pub struct Section<'a> {
    pub name: &'a [u8],
    /// sh_type
    pub kind: u32,
    /// sh_flags
    pub flags: u64,
    pub content: Cow<'a, [u8]>,
    /// sh_addralign
    pub alignment: u64,
    /// The alignment that it is placed by in the file.
    placed: u64,
    /// sh_link and sh_info
    link: u32,
    info: u32,
    /// Where it was in the file that was read.
    offset: u64,
    /// sh_size; of a section without content in the file it is not the content's.
    size: u64,
    row: Vec<u8>,
}

impl Section<'_> {
    /// Whether it is a group of sections that go together, but not one of equal groups of which a linker takes one (GRP_COMDAT): what LLVM makes of a
    /// COMDAT that is not to be deduplicated.
    pub fn is_plain_group(&self) -> bool {
        self.kind == elf::SHT_GROUP && self.content.iter().take(WORD).all(|byte| *byte == 0)
    }
}

/// The failure for an object that can't be read.
pub fn broken(error: object::Error) -> Failure {
    Failure::failed("LLVM wrote an object that is not well-formed").because(error)
}

impl<'a> Elf<'a> {
    /// Takes an object apart.
    ///
    /// Fails for anything else than an ELF object; `what` says what such objects are wanted for.
    pub fn parse(object: &'a [u8], what: &str) -> Result<Self> {
        match object::FileKind::parse(object).map_err(broken)? {
            object::FileKind::Elf32 => Self::read::<FileHeader32<Endianness>>(object, &CLASS_32),
            object::FileKind::Elf64 => Self::read::<FileHeader64<Endianness>>(object, &CLASS_64),
            other => Err(Failure::failed(format!(
                "{what} are implemented for ELF objects only, and this is {other:?}"
            ))),
        }
    }

    fn read<F: FileHeader<Endian = Endianness>>(
        object: &'a [u8],
        layout: &'static Layout,
    ) -> Result<Self> {
        let header = F::parse(object).map_err(broken)?;
        let endian = header.endian().map_err(broken)?;
        let rows = header.section_headers(endian, object).map_err(broken)?;
        let names = header.sections(endian, object).map_err(broken)?;
        let table = header.e_shoff(endian).into() as usize;
        let mut sections = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let alignment = row.sh_addralign(endian).into();
            sections.push(Section {
                name: names.section_name(endian, row).map_err(broken)?,
                kind: row.sh_type(endian),
                flags: row.sh_flags(endian).into(),
                content: Cow::Borrowed(row.data(endian, object).map_err(broken)?),
                alignment,
                placed: alignment,
                link: row.sh_link(endian),
                info: row.sh_info(endian),
                offset: row.sh_offset(endian).into(),
                size: row.sh_size(endian).into(),
                row: object[table + index * layout.section..][..layout.section].to_vec(),
            });
        }
        Ok(Self {
            layout,
            little: endian == Endianness::Little,
            header: object[..layout.header].to_vec(),
            sections,
            names: header.shstrndx(endian, object).map_err(broken)? as usize,
        })
    }

    /// The last `length` bytes of `value` in the object's byte order.
    pub fn bytes(&self, value: u64, length: usize) -> Vec<u8> {
        if self.little {
            value.to_le_bytes()[..length].to_vec()
        } else {
            value.to_be_bytes()[size_of::<u64>() - length..].to_vec()
        }
    }

    fn number(&self, bytes: &[u8], length: usize) -> u64 {
        let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        if self.little {
            bytes[..length].iter().rev().fold(0, add)
        } else {
            bytes[..length].iter().fold(0, add)
        }
    }

    fn put(&self, into: &mut [u8], at: usize, value: u64, length: usize) {
        into[at..at + length].copy_from_slice(&self.bytes(value, length));
    }

    /// Numbers of the sections that are in groups which no linker chooses from ([`Section::is_plain_group`]).
    pub fn group_members(&self) -> Result<Vec<usize>> {
        let mut members = Vec::new();
        for group in self
            .sections
            .iter()
            .filter(|section| section.is_plain_group())
        {
            for word in group.content.chunks_exact(WORD).skip(1) {
                let member = self.number(word, WORD) as usize;
                if member >= self.sections.len() {
                    return Err(Failure::failed(format!(
                        "section {member} of an object is in a group, and is not there"
                    )));
                }
                members.push(member);
            }
        }
        Ok(members)
    }

    /// Takes the sections away that `dropped` is true for, to which nothing may refer; all others are numbered anew, and the names that are left are
    /// packed anew.
    pub fn drop_sections(&mut self, dropped: impl Fn(&Section<'_>) -> bool) -> Result<()> {
        let mut numbers = Vec::new();
        let mut next = 0;
        for section in &self.sections {
            let stays = !dropped(section);
            numbers.push(stays.then_some(next));
            next += u64::from(stays);
        }
        if next as usize == self.sections.len() {
            return Ok(());
        }
        let renumbered = |old: u64| {
            let new = numbers.get(old as usize).copied().flatten();
            new.ok_or_else(|| {
                Failure::failed(format!(
                    "section {old} of an object is referred to, and is not there"
                ))
            })
        };
        let mut sections = std::mem::take(&mut self.sections);
        sections.retain(|section| !dropped(section));
        for section in &mut sections {
            section.link = renumbered(u64::from(section.link))? as u32;
            if matches!(section.kind, elf::SHT_REL | elf::SHT_RELA)
                || section.flags & u64::from(elf::SHF_INFO_LINK) != 0
            {
                section.info = renumbered(u64::from(section.info))? as u32;
            }
            match section.kind {
                elf::SHT_SYMTAB => {
                    for symbol in section
                        .content
                        .to_mut()
                        .chunks_exact_mut(self.layout.symbol)
                    {
                        let old = self.number(&symbol[self.layout.shndx..], HALF);
                        if old < u64::from(elf::SHN_LORESERVE) {
                            self.put(symbol, self.layout.shndx, renumbered(old)?, HALF);
                        }
                    }
                }
                // The first word of a group holds its flags.
                elf::SHT_GROUP | elf::SHT_SYMTAB_SHNDX => {
                    let words = section.content.to_mut().chunks_exact_mut(WORD);
                    for word in words.skip(usize::from(section.kind == elf::SHT_GROUP)) {
                        let new = renumbered(self.number(word, WORD))?;
                        self.put(word, 0, new, WORD);
                    }
                }
                _ => {}
            }
        }
        self.names = renumbered(self.names as u64)? as usize;
        self.sections = sections;
        self.pack_names()
    }

    /// Writes the table of names anew, which LLVM has one of, for sections and symbols: each is there once, at the end of a longer one where there is one.
    fn pack_names(&mut self) -> Result<()> {
        let lost = || Failure::failed("a symbol of an object has no name in the table of names");
        let table = self.sections[self.names].content.clone();
        let at = |offset: u64| {
            let rest = table.get(offset as usize..)?;
            Some(&rest[..rest.iter().position(|byte| *byte == 0)?])
        };
        let symbols = self.sections.iter().position(|section| {
            section.kind == elf::SHT_SYMTAB && section.link as usize == self.names
        });
        let mut names: Vec<&[u8]> = self.sections.iter().map(|section| section.name).collect();
        if let Some(symbols) = symbols {
            for symbol in self.sections[symbols]
                .content
                .chunks_exact(self.layout.symbol)
            {
                names.push(at(self.number(symbol, WORD)).ok_or_else(lost)?);
            }
        }
        let (packed, offsets) = pack(names);
        let offset = |name: &[u8]| offsets.get(name).copied().ok_or_else(lost);
        for index in 0..self.sections.len() {
            let mut row = std::mem::take(&mut self.sections[index].row);
            self.put(&mut row, 0, offset(self.sections[index].name)?, WORD);
            self.sections[index].row = row;
        }
        if let Some(symbols) = symbols {
            let mut content = self.sections[symbols].content.to_vec();
            for symbol in content.chunks_exact_mut(self.layout.symbol) {
                let name = at(self.number(symbol, WORD)).ok_or_else(lost)?;
                self.put(symbol, 0, offset(name)?, WORD);
            }
            self.sections[symbols].content = content.into();
        }
        self.sections[self.names].content = packed.into();
        Ok(())
    }

    /// The object's bytes: sections in the order in which they were, then their headers.
    pub fn write(mut self) -> Vec<u8> {
        let mut out = self.header.clone();
        let mut order: Vec<_> = (0..self.sections.len())
            .filter(|&index| self.sections[index].kind != elf::SHT_NULL)
            .collect();
        order.sort_by_key(|&index| (self.sections[index].offset, index));
        for index in order {
            let section = &mut self.sections[index];
            out.resize(
                out.len().next_multiple_of(section.placed.max(1) as usize),
                0,
            );
            section.offset = out.len() as u64;
            out.extend_from_slice(&section.content);
        }
        out.resize(out.len().next_multiple_of(self.layout.word), 0);
        let (layout, table, count) = (self.layout, out.len() as u64, self.sections.len() as u64);
        // gABI, "ELF Header": numbers that are too large stand in the first section's header.
        let reserved = u64::from(elf::SHN_LORESERVE);
        let small = |number: u64, other: u64| if number < reserved { number } else { other };
        self.put(&mut out, layout.shoff, table, layout.word);
        self.put(&mut out, layout.shnum, small(count, 0), HALF);
        let names = small(self.names as u64, u64::from(elf::SHN_XINDEX));
        self.put(&mut out, layout.shstrndx, names, HALF);
        for (index, section) in self.sections.iter().enumerate() {
            let mut row = section.row.clone();
            let (mut size, mut link) = (section.size, section.link);
            if !section.content.is_empty() {
                size = section.content.len() as u64;
            }
            if index == 0 {
                size = if count < reserved { 0 } else { count };
                link = if (self.names as u64) < reserved {
                    0
                } else {
                    self.names as u32
                };
            }
            self.put(&mut row, layout.flags, section.flags, layout.word);
            self.put(&mut row, layout.offset, section.offset, layout.word);
            self.put(&mut row, layout.size, size, layout.word);
            self.put(&mut row, layout.link, u64::from(link), WORD);
            self.put(&mut row, layout.info, u64::from(section.info), WORD);
            self.put(&mut row, layout.alignment, section.alignment, layout.word);
            out.extend_from_slice(&row);
        }
        out
    }
}

/// A table of names as StringTableBuilder::finalize makes it (llvm/lib/MC/StringTableBuilder.cpp), and where each is in it: sorted from their ends, in
/// falling order, so that one that ends another comes right behind it.
fn pack(mut names: Vec<&[u8]>) -> (Vec<u8>, HashMap<Vec<u8>, u64>) {
    names.sort_unstable_by(|a, b| b.iter().rev().cmp(a.iter().rev()));
    let mut packed = vec![0];
    let mut offsets = HashMap::new();
    let mut before: &[u8] = b"";
    for name in names {
        if name.is_empty() {
            offsets.insert(name.to_vec(), 0);
        } else if before.ends_with(name) {
            offsets.insert(name.to_vec(), (packed.len() - 1 - name.len()) as u64);
        } else {
            offsets.insert(name.to_vec(), packed.len() as u64);
            packed.extend_from_slice(name);
            packed.push(0);
            before = name;
        }
    }
    (packed, offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_ends_another_is_a_part_of_it() {
        let (packed, offsets) = pack(vec![b"", b"text", b".rela.text", b"a"]);
        assert_eq!(packed, b"\0.rela.text\0a\0");
        let at = |name: &[u8]| offsets[name];
        assert_eq!(
            [at(b""), at(b".rela.text"), at(b"text"), at(b"a")],
            [0, 1, 7, 12]
        );
    }

    #[test]
    fn what_refers_to_a_section_that_is_taken_away_is_an_error() {
        let object = crate::testing::Fixture::x86("define void @f() { ret void }").object(&[]);
        let mut file = Elf::parse(&object, "tests").unwrap();
        let failure = file
            .drop_sections(|section| section.name == b".text")
            .unwrap_err();
        assert!(failure.what.contains("is referred to"), "{failure}");
    }
}
