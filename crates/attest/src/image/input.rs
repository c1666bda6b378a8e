//! An object that goes into an image, as plain data.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use object::elf::{SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS};
use object::read::elf::{ElfFile, FileHeader, SectionHeader};
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags,
    SectionKind, SymbolKind,
};

/// A parsed object.
pub struct Input<'data> {
    /// Its path, relative to the output directory.
    pub path: Utf8PathBuf,
    /// `e_machine`
    pub machine: u16,
    /// Whether addresses have 64 bits.
    pub is_64: bool,
    /// By the index that the file gives them.
    pub sections: Vec<Section<'data>>,
    /// By the index that the file gives them.
    pub symbols: Vec<Symbol<'data>>,
}

/// A section.
#[derive(Default)]
pub struct Section<'data> {
    /// Its name.
    pub name: &'data str,
    /// What the linker does with it.
    pub kind: Kind,
    /// Size in memory.
    pub size: u64,
    /// Content; empty for zeros.
    pub bytes: &'data [u8],
    /// In the order of the file.
    pub relocations: Vec<Relocation>,
}

/// What a linker does with a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Puts it into the image as one piece that is executed.
    Code,
    /// Puts it into the image as one piece.
    Data,
    /// Puts its entries into the image one by one, equal ones once: strings, or entries of this size.
    Merged { strings: bool, entry: u64 },
    /// Nothing: it takes up no memory.
    #[default]
    Aside,
}

/// A symbol.
#[derive(Default)]
pub struct Symbol<'data> {
    /// Its name; empty for a section's own.
    pub name: &'data str,
    /// The section that it lies in; nothing for one that another object defines.
    pub section: Option<usize>,
    /// Offset in the section.
    pub value: u64,
    /// Extent.
    pub size: u64,
    /// Whether it is a function.
    pub function: bool,
    /// Whether another object's definition may take its place.
    pub weak: bool,
}

impl Symbol<'_> {
    /// Whether the linker keeps it as the name of one place: labels of the assembler are left out of images, and mapping symbols (`$x`, `$d` in the
    /// ABIs of Arm and RISC-V) say of many places what lies there.
    pub fn is_kept(&self) -> bool {
        !self.name.is_empty() && !self.name.starts_with(".L") && !self.name.starts_with('$')
    }
}

/// A relocation.
#[derive(Debug, Clone, Copy)]
pub struct Relocation {
    /// Offset in the section.
    pub offset: u64,
    /// `r_type`
    pub kind: u32,
    /// Index of its symbol; nothing for a relocation that has none.
    pub symbol: Option<usize>,
    /// What is added; nothing where it stands in the section itself.
    pub addend: Option<i64>,
    /// How many bytes it fills, where that is known without knowing the machine; else 0.
    pub bytes: u64,
}

impl<'data> Input<'data> {
    /// Parses the object at `path`.
    pub fn parse(path: &Utf8Path, bytes: &'data [u8]) -> Result<Self> {
        let bad = |error: object::Error| {
            Failure::failed(format!("`{path}` can't be read")).because(error)
        };
        let file = object::File::parse(bytes).map_err(bad)?;
        let mut input = Self {
            path: path.to_owned(),
            machine: machine(&file),
            is_64: file.is_64(),
            sections: Vec::new(),
            symbols: Vec::new(),
        };
        for section in file.sections() {
            let index = section.index().0;
            while input.sections.len() <= index {
                input.sections.push(Section::default());
            }
            let kind = kind(&file, &section);
            let mut relocations = Vec::new();
            if kind != Kind::Aside {
                relocations.extend(section.relocations().map(relocation));
            }
            input.sections[index] = Section {
                name: section.name().map_err(bad)?,
                kind,
                size: section.size(),
                bytes: match section.kind() {
                    SectionKind::UninitializedData => &[],
                    _ => section.data().map_err(bad)?,
                },
                relocations,
            };
        }
        for symbol in file.symbols() {
            let index = symbol.index().0;
            while input.symbols.len() <= index {
                input.symbols.push(Symbol::default());
            }
            input.symbols[index] = Symbol {
                name: match symbol.kind() {
                    SymbolKind::Section | SymbolKind::File => "",
                    _ => symbol.name().map_err(bad)?,
                },
                section: symbol.section_index().map(|index| index.0),
                value: symbol.address(),
                size: symbol.size(),
                function: symbol.kind() == SymbolKind::Text,
                weak: symbol.is_weak(),
            };
        }
        Ok(input)
    }

    /// The function that holds an offset in a section, by its name.
    pub fn function_at(&self, section: usize, offset: u64) -> Option<&'data str> {
        let holds = |symbol: &&Symbol<'data>| {
            symbol.function
                && symbol.section == Some(section)
                && (symbol.value..symbol.value + symbol.size).contains(&offset)
        };
        self.symbols.iter().find(holds).map(|symbol| symbol.name)
    }
}

/// `e_machine` of an ELF file; 0 for another.
pub fn machine(file: &object::File<'_>) -> u16 {
    fn of<Elf: FileHeader>(file: &ElfFile<'_, Elf>) -> u16 {
        file.elf_header().e_machine(file.endian())
    }
    match file {
        object::File::Elf32(file) => of(file),
        object::File::Elf64(file) => of(file),
        _ => 0,
    }
}

fn kind(file: &object::File<'_>, section: &object::Section<'_, '_>) -> Kind {
    let SectionFlags::Elf { sh_flags } = section.flags() else {
        return Kind::Aside;
    };
    let has = |flag: u32| sh_flags & u64::from(flag) != 0;
    if !has(SHF_ALLOC) {
        Kind::Aside
    } else if has(SHF_EXECINSTR) {
        Kind::Code
    } else if has(SHF_MERGE) {
        Kind::Merged {
            strings: has(SHF_STRINGS),
            entry: entry_size(file, section).max(1),
        }
    } else {
        Kind::Data
    }
}

/// `sh_entsize`
fn entry_size(file: &object::File<'_>, section: &object::Section<'_, '_>) -> u64 {
    fn of<Elf: FileHeader>(file: &ElfFile<'_, Elf>, index: object::SectionIndex) -> u64 {
        let header = file.elf_section_table().section(index);
        header.map_or(0, |header| header.sh_entsize(file.endian()).into())
    }
    match file {
        object::File::Elf32(file) => of(file, section.index()),
        object::File::Elf64(file) => of(file, section.index()),
        _ => 0,
    }
}

fn relocation((offset, relocation): (u64, object::Relocation)) -> Relocation {
    Relocation {
        offset,
        kind: match relocation.flags() {
            RelocationFlags::Elf { r_type } => r_type,
            _ => 0,
        },
        symbol: match relocation.target() {
            RelocationTarget::Symbol(index) => Some(index.0),
            _ => None,
        },
        addend: (!relocation.has_implicit_addend()).then(|| relocation.addend()),
        bytes: u64::from(relocation.size()) / 8,
    }
}
