//! Reading an ELF object.

use std::collections::{BTreeMap, BTreeSet};

use gateless_model::{Failure, Result};
use object::elf;
use object::read::elf::{CompressionHeader as _, ElfFile, FileHeader, SectionHeader, Sym};
use object::{
    Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags,
    RelocationTarget, SymbolIndex,
};

use super::resolve::Places;
use super::tile::{Defined, tile};
use super::{
    Binding, Form, Header, Item, ItemKind, Label, Object, Outside, Reference, Relocation, Role,
    Section, Target, decode,
};
use crate::disassembly::Toolbox;
use crate::dwarf;
use crate::names::{Name, Renames, file_symbol};

/// Reads the bytes of a relocatable ELF file, 32 or 64 bits, of either byte order.
///
/// `roots` are the output directory's names: they are taken out of the names of source files. `renames` are crates to be named otherwise.
///
/// # Errors
/// When it is no such file, or is damaged.
pub fn read(
    bytes: &[u8],
    roots: &[String],
    renames: &Renames,
    tools: &mut Toolbox,
) -> Result<Object> {
    let kind = object::FileKind::parse(bytes)
        .map_err(|error| Failure::failed("it is not an object file").because(error))?;
    match kind {
        object::FileKind::Elf64 => {
            Reader::<elf::FileHeader64<Endianness>>::parse(bytes)?.read(roots, renames, tools)
        }
        object::FileKind::Elf32 => {
            Reader::<elf::FileHeader32<Endianness>>::parse(bytes)?.read(roots, renames, tools)
        }
        other => Err(Failure::failed(format!(
            "it is {other:?}, not an ELF object file"
        ))),
    }
}

/// llvm/BinaryFormat/ELF.h: the symbols whose address matters, as numbers of variable length.
const SHT_LLVM_ADDRSIG: u32 = 0x6fff_4c03;

struct Reader<'a, Elf: FileHeader<Endian = Endianness>> {
    file: ElfFile<'a, Elf>,
}

/// A symbol as the table has it.
struct Symbol {
    name: String,
    kind: u8,
    local: bool,
    value: u64,
    size: u64,
    /// Index among the sections that were read.
    section: Option<usize>,
    raw_section: u16,
    binding: Binding,
}

fn damaged(error: object::Error) -> Failure {
    Failure::failed("it is damaged").because(error)
}

impl<'a, Elf: FileHeader<Endian = Endianness>> Reader<'a, Elf> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        Ok(Self {
            file: ElfFile::parse(bytes).map_err(damaged)?,
        })
    }

    fn read(&self, roots: &[String], renames: &Renames, tools: &mut Toolbox) -> Result<Object> {
        let header = self.header();
        if header.kind != elf::ET_REL {
            return Err(Failure::failed(
                "it is linked already, not a relocatable object",
            ));
        }
        let (mut sections, indices) = self.sections(renames)?;
        let symbols = self.symbols(&indices, &header)?;
        for section in &mut sections {
            section
                .relocations
                .sort_by_key(|relocation| relocation.offset);
        }
        self.name_indices(&mut sections, &indices, &symbols, renames);
        let decoded = decode_code(&header, &sections, &symbols, tools)?;

        // Where each relocation that is resolved to a place leads.
        let mut places: BTreeMap<(usize, usize), (usize, i64)> = BTreeMap::new();
        let mut referenced = vec![BTreeSet::new(); sections.len()];
        for (index, section) in sections.iter().enumerate() {
            if !matches!(section.role, Role::Code | Role::Data) {
                continue;
            }
            for (at, relocation) in section.relocations.iter().enumerate() {
                let Some(symbol) = relocation.symbol.and_then(|symbol| symbols.get(symbol)) else {
                    continue;
                };
                let Some(target) = symbol.section.filter(|_| symbol.is_place(renames)) else {
                    continue;
                };
                let mut place = symbol.value as i64 + relocation.addend;
                if section.role == Role::Code
                    && decode::counts_from_end(header.machine, relocation.kind)
                {
                    let end = decoded
                        .get(&index)
                        .and_then(|decoded| end_of_instruction(decoded, relocation.offset));
                    place += end.unwrap_or(relocation.offset + relocation.width) as i64
                        - relocation.offset as i64;
                }
                places.insert((index, at), (target, place));
                if let Ok(place) = u64::try_from(place) {
                    referenced[target].insert(place);
                }
            }
        }

        let mut items = Vec::new();
        let mut pending_labels = Vec::new();
        for (index, section) in sections.iter().enumerate() {
            if !matches!(section.role, Role::Code | Role::Data) {
                continue;
            }
            let mut defined = Vec::new();
            for symbol in symbols
                .iter()
                .filter(|symbol| symbol.section == Some(index) && !symbol.is_marker(&header))
            {
                if symbol
                    .value
                    .checked_add(symbol.size)
                    .is_none_or(|end| end > section.size)
                {
                    return Err(Failure::failed(format!(
                        "it is damaged: its symbol {} reaches out of the section {}",
                        symbol.name, section.name
                    )));
                }
                let name = Name::of(&symbol.name, renames);
                if symbol.size > 0 || name.is_some() {
                    defined.push(Defined {
                        name,
                        start: symbol.value,
                        size: symbol.size,
                        binding: symbol.binding,
                    });
                }
            }
            let tiles = tile(index, section, &defined, &referenced[index]);
            items.extend(tiles.items);
            pending_labels.extend(
                tiles
                    .labels
                    .into_iter()
                    .map(|at| (index, defined[at].clone())),
            );
        }

        let lookup = Places::new(
            &items,
            sections
                .iter()
                .map(|section| section.name.as_str())
                .collect(),
        );
        let labels = pending_labels
            .into_iter()
            .filter_map(|(section, symbol)| {
                Some(Label {
                    name: symbol.name?,
                    binding: symbol.binding,
                    place: lookup.at(section, symbol.start as i64),
                })
            })
            .collect();
        let target = |section: usize, at: usize| {
            let relocation = &sections[section].relocations[at];
            if let Some(&(section, place)) = places.get(&(section, at)) {
                return lookup.at(section, place);
            }
            match relocation.symbol.and_then(|symbol| symbols.get(symbol)) {
                None => Target::Number(relocation.addend),
                Some(symbol) => match Name::of(&symbol.name, renames) {
                    Some(name) => Target::Symbol(name, relocation.addend),
                    // A symbol of another object that has a hash for a name: nothing better is known than the name itself.
                    None => Target::Symbol(
                        Name {
                            shown: symbol.name.clone(),
                            key: symbol.name.clone(),
                        },
                        relocation.addend,
                    ),
                },
            }
        };
        let references: Vec<Vec<Reference>> = items
            .iter()
            .map(|item: &Item| {
                let relocations = &sections[item.section].relocations;
                let from = relocations.partition_point(|relocation| relocation.offset < item.start);
                let to = relocations.partition_point(|relocation| relocation.offset < item.end);
                let mut references: Vec<Reference> = (from..to)
                    .map(|at| Reference {
                        offset: relocations[at].offset as i64 - item.entry as i64,
                        form: Form::Relocation(relocations[at].kind),
                        target: target(item.section, at),
                    })
                    .collect();
                for (decoded, place) in
                    directs(&sections[item.section], item, decoded.get(&item.section))
                {
                    references.push(Reference {
                        offset: decoded.offset as i64 - item.entry as i64,
                        form: Form::Direct {
                            length: decoded.length as usize,
                            text: decode::without_target(&decoded.text),
                        },
                        target: lookup.at(item.section, place as i64),
                    });
                }
                references.sort_by_key(|reference| reference.offset);
                references
            })
            .collect();
        for (item, references) in items.iter_mut().zip(references) {
            item.references = references;
        }

        let mut outside = Vec::new();
        let mut files = Vec::new();
        for symbol in symbols
            .iter()
            .filter(|symbol| symbol.section.is_none() && !symbol.name.is_empty())
        {
            if symbol.kind == elf::STT_FILE {
                files.push(file_symbol(&symbol.name, renames));
                continue;
            }
            let name = Name::of(&symbol.name, renames).unwrap_or_else(|| Name {
                shown: symbol.name.clone(),
                key: symbol.name.clone(),
            });
            let what = match symbol.raw_section {
                elf::SHN_UNDEF if symbol.value == 0 && symbol.size == 0 => "undefined".to_owned(),
                elf::SHN_UNDEF => {
                    format!("undefined, {} bytes at {:#x}", symbol.size, symbol.value)
                }
                elf::SHN_COMMON => {
                    format!("common, {} bytes, aligned to {}", symbol.size, symbol.value)
                }
                elf::SHN_ABS => format!("absolute {:#x}", symbol.value),
                other => format!("in section {other}"),
            };
            let Binding { info, other } = symbol.binding;
            outside.push(Outside {
                name,
                what: format!("{what}, st_info {info:#x}, st_other {other:#x}"),
            });
        }
        outside.sort();
        files.sort();
        let (roots, renames) = (roots.to_vec(), renames.clone());
        let mut object = Object {
            header,
            sections,
            items,
            labels,
            outside,
            files,
            debug: dwarf::Debug::default(),
            roots,
            renames,
        };
        let values: Vec<dwarf::SymbolPlace> = symbols
            .iter()
            .map(|symbol| dwarf::SymbolPlace {
                section: symbol.section,
                value: symbol.value,
            })
            .collect();
        object.debug = dwarf::read(&mut object, &values)?;
        Ok(object)
    }

    fn header(&self) -> Header {
        let endian = self.file.endian();
        let raw = self.file.elf_header();
        Header {
            machine: raw.e_machine(endian),
            is_64: raw.is_class_64(),
            is_little: endian == Endianness::Little,
            flags: raw.e_flags(endian),
            kind: raw.e_type(endian),
            os_abi: raw.e_ident().os_abi,
        }
    }

    /// The sections, and for each index of the file the index among them.
    fn sections(&self, renames: &Renames) -> Result<(Vec<Section>, BTreeMap<usize, usize>)> {
        let endian = self.file.endian();
        let mut sections = Vec::new();
        let mut indices = BTreeMap::new();
        let plain_name = |name: &str| section_name(name, renames);
        for section in self.file.sections() {
            let raw = section.elf_section_header();
            let (kind, flags) = (raw.sh_type(endian), raw.sh_flags(endian).into());
            let name = section.name().map_err(damaged)?;
            let role = role(name, kind, flags);
            let bytes = if kind == elf::SHT_NOBITS || role == Role::Table {
                Vec::new()
            } else {
                section.uncompressed_data().map_err(damaged)?.into_owned()
            };
            let linked = (flags & u64::from(elf::SHF_LINK_ORDER) != 0)
                .then(|| {
                    self.file
                        .section_by_index(object::SectionIndex(raw.sh_link(endian) as usize))
                        .ok()
                })
                .flatten()
                .and_then(|linked| linked.name().ok().map(plain_name));
            // Compression changes the alignment of the section, not of what is in it.
            let align = match raw.compression(endian, self.file.data()).map_err(damaged)? {
                Some((header, ..)) => header.ch_addralign(endian).into(),
                None => raw.sh_addralign(endian).into(),
            };
            let relocations = if role == Role::Table {
                Vec::new()
            } else {
                self.relocations(&section, &bytes)?
            };
            indices.insert(section.index().0, sections.len());
            sections.push(Section {
                name: plain_name(name),
                kind,
                flags,
                align,
                entry_size: raw.sh_entsize(endian).into(),
                size: if kind == elf::SHT_NOBITS || role == Role::Table {
                    section.size()
                } else {
                    bytes.len() as u64
                },
                linked,
                role,
                bytes,
                relocations,
            });
        }
        Ok((sections, indices))
    }

    fn relocations(
        &self,
        section: &object::read::elf::ElfSection<'_, '_, Elf>,
        bytes: &[u8],
    ) -> Result<Vec<Relocation>> {
        let mut relocations = Vec::new();
        for (offset, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else {
                return Err(Failure::failed("it has relocations that are not ELF's"));
            };
            let width = if relocation.size() % 8 == 0 {
                u64::from(relocation.size() / 8)
            } else {
                0
            };
            let symbol = match relocation.target() {
                RelocationTarget::Symbol(SymbolIndex(index)) => Some(index),
                RelocationTarget::Absolute => None,
                other => {
                    return Err(Failure::failed(format!(
                        "it has a relocation against {other:?}"
                    )));
                }
            };
            let addend = if relocation.has_implicit_addend() {
                implicit_addend(bytes, offset, width, self.file.endian())
            } else {
                relocation.addend()
            };
            relocations.push(Relocation {
                offset,
                kind: r_type,
                width,
                symbol,
                addend,
            });
        }
        Ok(relocations)
    }

    /// Puts names in the place of indices in sections that consist of them: groups, and the list of symbols whose address matters.
    fn name_indices(
        &self,
        sections: &mut [Section],
        indices: &BTreeMap<usize, usize>,
        symbols: &[Symbol],
        renames: &Renames,
    ) {
        let endian = self.file.endian();
        let names: Vec<String> = sections
            .iter()
            .map(|section| section.name.clone())
            .collect();
        let symbol = |index: usize| {
            let Some(symbol) = symbols.get(index) else {
                return format!("symbol {index}");
            };
            match (symbol.section, Name::of(&symbol.name, renames)) {
                (Some(section), _) if symbol.kind == elf::STT_SECTION => names[section].clone(),
                (Some(section), None) => format!("nameless in {}", names[section]),
                (_, name) => name.map_or_else(String::new, |name| name.key),
            }
        };
        for section in self.file.sections() {
            let raw = section.elf_section_header();
            let Some(place) = indices.get(&section.index().0).map(|&at| &mut sections[at]) else {
                continue;
            };
            let text = match place.kind {
                elf::SHT_GROUP => {
                    let word = |bytes: &[u8]| {
                        object::U32Bytes::<Endianness>::from_bytes(
                            bytes.try_into().unwrap_or_default(),
                        )
                        .get(endian)
                    };
                    let mut words = place.bytes.chunks(4).map(word);
                    let flags = words.next().unwrap_or(0);
                    let member = |index: u32| {
                        indices
                            .get(&(index as usize))
                            .map_or("?", |&at| names[at].as_str())
                    };
                    let members: Vec<&str> = words.map(member).collect();
                    format!(
                        "group {} flags {flags:#x}: {}",
                        symbol(raw.sh_info(endian) as usize),
                        members.join(" ")
                    )
                }
                SHT_LLVM_ADDRSIG => {
                    let mut listed: Vec<String> = uleb_list(&place.bytes)
                        .into_iter()
                        .map(|index| symbol(index as usize))
                        .collect();
                    listed.sort();
                    listed.join("\0")
                }
                _ => continue,
            };
            place.size = text.len() as u64;
            place.bytes = text.into_bytes();
        }
    }

    /// The symbols by their index in the table.
    fn symbols(&self, indices: &BTreeMap<usize, usize>, header: &Header) -> Result<Vec<Symbol>> {
        let endian = self.file.endian();
        let mut symbols = Vec::new();
        for symbol in self.file.symbols() {
            if symbols.is_empty() && symbol.index().0 == 1 {
                // The null symbol is not listed, but counted.
                symbols.push(Symbol {
                    name: String::new(),
                    kind: elf::STT_NOTYPE,
                    local: true,
                    value: 0,
                    size: 0,
                    section: None,
                    raw_section: elf::SHN_UNDEF,
                    binding: Binding { info: 0, other: 0 },
                });
            }
            let raw = symbol.elf_symbol();
            let kind = raw.st_type();
            let mut value: u64 = raw.st_value(endian).into();
            if header.machine == elf::EM_ARM && kind == elf::STT_FUNC {
                // The lowest bit says that it is Thumb code; it is no part of the address.
                value &= !1;
            }
            if symbols.len() != symbol.index().0 {
                return Err(Failure::failed("its symbol table has holes"));
            }
            symbols.push(Symbol {
                name: String::from_utf8_lossy(symbol.name_bytes().map_err(damaged)?).into_owned(),
                kind,
                local: raw.st_bind() == elf::STB_LOCAL,
                value,
                size: raw.st_size(endian).into(),
                section: symbol
                    .section_index()
                    .and_then(|index| indices.get(&index.0).copied()),
                raw_section: raw.st_shndx(endian),
                binding: Binding {
                    info: raw.st_info(),
                    other: raw.st_other(),
                },
            });
        }
        Ok(symbols)
    }
}

impl Symbol {
    /// Whether a reference to it is one to its place: it can't be another object's, or its name is a hash.
    fn is_place(&self, renames: &Renames) -> bool {
        self.local || Name::of(&self.name, renames).is_none()
    }

    /// Whether it only marks places for the assembler or the disassembler, or stands for a section or a file.
    fn is_marker(&self, header: &Header) -> bool {
        let assembler = self.local
            && self.size == 0
            && self.kind == elf::STT_NOTYPE
            && self.name.starts_with(".L");
        // Mapping symbols say what is code and what is data (Arm, RISC-V).
        let mapping = self.local
            && self.kind == elf::STT_NOTYPE
            && self.name.starts_with('$')
            && matches!(
                header.machine,
                elf::EM_ARM | elf::EM_AARCH64 | elf::EM_RISCV
            );
        assembler
            || mapping
            || matches!(self.kind, elf::STT_SECTION | elf::STT_FILE)
            || self.name.is_empty()
    }
}

/// The instructions of each code section, by its index; nothing for a machine that can't be disassembled.
fn decode_code(
    header: &Header,
    sections: &[Section],
    symbols: &[Symbol],
    tools: &mut Toolbox,
) -> Result<BTreeMap<usize, Vec<decode::Decoded>>> {
    let mut decoded = BTreeMap::new();
    for (index, section) in sections
        .iter()
        .enumerate()
        .filter(|(_, section)| section.role == Role::Code)
    {
        let mut starts: Vec<u64> = symbols
            .iter()
            .filter(|symbol| symbol.section == Some(index) && symbol.kind == elf::STT_FUNC)
            .map(|symbol| symbol.value)
            .collect();
        starts.sort_unstable();
        let Some(disassembler) = tools.disassembler(header)? else {
            continue;
        };
        decoded.insert(index, decode::walk(&section.bytes, &starts, disassembler)?);
    }
    Ok(decoded)
}

/// Where the instruction ends that the field at `offset` is in.
fn end_of_instruction(decoded: &[decode::Decoded], offset: u64) -> Option<u64> {
    let at = decoded
        .partition_point(|instruction| instruction.offset <= offset)
        .checked_sub(1)?;
    let end = decoded[at].offset + decoded[at].length;
    (end > offset).then_some(end)
}

/// The instructions of an item that refer to a place outside of it without a relocation, and the place.
fn directs<'a>(
    section: &Section,
    item: &Item,
    decoded: Option<&'a Vec<decode::Decoded>>,
) -> Vec<(&'a decode::Decoded, u64)> {
    let decoded = decoded
        .filter(|_| item.kind != ItemKind::Whole)
        .map_or(&[][..], Vec::as_slice);
    let from = decoded.partition_point(|instruction| instruction.offset < item.start);
    let to = decoded.partition_point(|instruction| instruction.offset < item.end);
    decoded[from..to]
        .iter()
        .filter_map(|instruction| {
            let target = instruction.target.filter(|target| {
                !(item.start..item.end).contains(target) && *target <= section.size
            })?;
            section
                .relocations_in(instruction.offset, instruction.offset + instruction.length)
                .is_empty()
                .then_some((instruction, target))
        })
        .collect()
}

/// What a section is for, by type and flags; by name for debug information, which has neither.
fn role(name: &str, kind: u32, flags: u64) -> Role {
    match kind {
        elf::SHT_NULL
        | elf::SHT_SYMTAB
        | elf::SHT_STRTAB
        | elf::SHT_REL
        | elf::SHT_RELA
        | elf::SHT_SYMTAB_SHNDX => Role::Table,
        _ if flags & u64::from(elf::SHF_ALLOC) == 0 && dwarf::is_read(name) => Role::Debug,
        _ if flags & u64::from(elf::SHF_EXECINSTR) != 0 => Role::Code,
        _ => Role::Data,
    }
}

/// A section's name without hashes.
fn section_name(name: &str, renames: &Renames) -> String {
    let nameless = name.match_indices('.').map(|(at, _)| at).find(|&at| {
        Name::of(&name[at..], renames).is_none() || Name::of(&name[at + 1..], renames).is_none()
    });
    match nameless {
        Some(at) => name[..at].to_owned(),
        None => Name::of(name, renames).map_or_else(|| name.to_owned(), |name| name.shown),
    }
}

/// Numbers of variable length, one behind the other.
fn uleb_list(bytes: &[u8]) -> Vec<u64> {
    let mut list = Vec::new();
    let (mut value, mut shift) = (0u64, 0u32);
    for byte in bytes {
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 0x80 == 0 {
            list.push(value);
            (value, shift) = (0, 0);
        }
    }
    list
}

/// The addend that a field of a format without explicit ones holds: only where a relocation replaces a whole word.
fn implicit_addend(bytes: &[u8], offset: u64, width: u64, endian: Endianness) -> i64 {
    let at = offset as usize;
    let field = bytes
        .get(at..at.saturating_add(width as usize))
        .unwrap_or_default();
    let value = field.iter().enumerate().fold(0u64, |value, (index, byte)| {
        let place = if endian == Endianness::Little {
            index
        } else {
            field.len() - 1 - index
        };
        value | u64::from(*byte) << (8 * place)
    });
    match width {
        1 => i64::from(value as i8),
        2 => i64::from(value as i16),
        4 => i64::from(value as i32),
        8 => value as i64,
        _ => 0,
    }
}

impl ItemKind {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            ItemKind::Function => "function",
            ItemKind::Datum => "datum",
            ItemKind::Nameless => "nameless content",
            ItemKind::Whole => "section content",
        }
    }
}
