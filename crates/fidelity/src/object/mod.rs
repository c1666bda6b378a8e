//! An object file as plain data: its sections cut into functions, data and what has no name, with every relocation resolved.

mod decode;
mod read;
mod relocation_names;
pub(crate) mod resolve;
mod tile;

pub use read::read;

use crate::dwarf::Debug;
use crate::names::{Name, Renames};
use gateless_base::hash;

/// A parsed object.
#[derive(Debug, Clone)]
pub struct Object {
    /// What the ELF header says.
    pub header: Header,
    /// Sections in the order of the file.
    pub sections: Vec<Section>,
    /// Functions, data and nameless pieces, by section and address.
    pub items: Vec<Item>,
    /// Symbols that mark a place and have no extent of their own; temporary labels of the assembler are not among them.
    pub labels: Vec<Label>,
    /// Symbols that other objects have to define, and absolute and common ones, with how they are bound.
    pub outside: Vec<Outside>,
    /// The names of file symbols, without hashes.
    pub files: Vec<String>,
    /// What the debug sections say.
    pub debug: Debug,
    /// The output directory's names, which were taken out of the names of source files.
    pub roots: Vec<String>,
    /// The crates that go by another name than the object's own.
    pub renames: Renames,
}

/// The ELF header, as far as it describes the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `e_machine`
    pub machine: u16,
    /// 64-bit, not 32-bit.
    pub is_64: bool,
    /// Little-endian.
    pub is_little: bool,
    /// `e_flags`
    pub flags: u32,
    /// `e_type`
    pub kind: u16,
    /// `EI_OSABI`
    pub os_abi: u8,
}

/// A section.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its name, without hashes.
    pub name: String,
    /// `sh_type`
    pub kind: u32,
    /// `sh_flags`
    pub flags: u64,
    /// `sh_addralign`; for compressed content that of the content itself.
    pub align: u64,
    /// `sh_entsize`
    pub entry_size: u64,
    /// In memory.
    pub size: u64,
    /// The name of the section that a section with link order belongs to.
    pub linked: Option<String>,
    /// What it is for.
    pub role: Role,
    /// Content; empty where the file holds none (`.bss`), decompressed where it is compressed.
    pub bytes: Vec<u8>,
    /// Relocations in the order of their offsets.
    pub relocations: Vec<Relocation>,
}

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Code.
    Code,
    /// Anything else that is compared.
    Data,
    /// DWARF, which is compared by what it says.
    Debug,
    /// Symbol and string tables, relocations: compared through what they say about the others.
    Table,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// Code with a name.
    Function,
    /// Data with a name.
    Datum,
    /// Code or data without a name of its own.
    Nameless,
    /// A section, or a part of one, that no symbol and no relocation divides.
    Whole,
}

/// A piece of a section.
#[derive(Debug, Clone)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Nothing for nameless ones.
    pub name: Option<Name>,
    /// Index in [`Object::sections`].
    pub section: usize,
    /// Offset in the section at which it begins, what belongs before a function's entry included.
    pub start: u64,
    /// Offset of the symbol: the function's entry.
    pub entry: u64,
    /// Offset at which it ends.
    pub end: u64,
    /// How it is bound; nothing for nameless ones.
    pub binding: Option<Binding>,
    /// What it refers to, in the order of the offsets.
    pub references: Vec<Reference>,
}

/// How a symbol is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// `st_info`: binding and type.
    pub info: u8,
    /// `st_other`: visibility, and bits that some architectures use.
    pub other: u8,
}

/// A relocation as the file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relocation {
    /// Offset in the section.
    pub offset: u64,
    /// Type, as the architecture numbers them.
    pub kind: u32,
    /// Bytes at the offset that the linker replaces whole; 0 where it is only a part of the bits, or not known.
    pub width: u64,
    /// Index in the symbol table; nothing for a relocation without symbol.
    pub symbol: Option<usize>,
    /// Added to the symbol's address.
    pub addend: i64,
}

/// What an item refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Offset from the item's entry.
    pub offset: i64,
    /// How.
    pub form: Form,
    /// To what.
    pub target: Target,
}

/// How an item refers to something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// By a relocation of this type.
    Relocation(u32),
    /// By an instruction that holds the distance: code in the same section needs no relocation.
    Direct {
        /// The instruction's length in bytes.
        length: usize,
        /// The instruction without the distance.
        text: String,
    },
}

/// What a relocation refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A symbol that is looked up by name when linking, and what is added.
    Symbol(Name, i64),
    /// A place in an item of this object, from its entry.
    Item(usize, i64),
    /// A place in a section that is not cut into items.
    Section(String, i64),
    /// No symbol: a number.
    Number(i64),
}

/// A symbol that marks a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: Name,
    /// How it is bound.
    pub binding: Binding,
    /// The place.
    pub place: Target,
}

/// A symbol that is not in a section.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outside {
    /// Its name.
    pub name: Name,
    /// What it is: `undefined`, `absolute VALUE`, `common SIZE ALIGN`, with binding and visibility.
    pub what: String,
}

impl Section {
    /// The relocations at offsets from `start` to before `end`.
    pub fn relocations_in(&self, start: u64, end: u64) -> &[Relocation] {
        let from = self
            .relocations
            .partition_point(|relocation| relocation.offset < start);
        let to = self
            .relocations
            .partition_point(|relocation| relocation.offset < end);
        &self.relocations[from..to.max(from)]
    }
}

impl Object {
    /// The item's bytes, zero where a relocation replaces them and where an instruction refers to something else without one; nothing
    /// where the file holds none.
    pub fn content(&self, item: &Item) -> Vec<u8> {
        let section = &self.sections[item.section];
        let range = item.start as usize..item.end as usize;
        let mut bytes = section
            .bytes
            .get(range)
            .map(<[u8]>::to_vec)
            .unwrap_or_default();
        for relocation in section.relocations_in(item.start, item.end) {
            let at = (relocation.offset - item.start) as usize;
            let end = (at + relocation.width as usize).min(bytes.len());
            if let Some(masked) = bytes.get_mut(at..end) {
                masked.fill(0);
            }
        }
        for reference in &item.references {
            if let Form::Direct { length, .. } = reference.form {
                let at = (reference.offset + (item.entry - item.start) as i64) as usize;
                if let Some(masked) = bytes.get_mut(at..at + length) {
                    masked.fill(0);
                }
            }
        }
        bytes
    }

    /// For people: how and to what an item refers.
    pub fn show_reference(&self, reference: &Reference) -> String {
        let target = self.show_target(&reference.target);
        match &reference.form {
            Form::Relocation(kind) => format!("{} {target}", self.relocation_name(*kind)),
            Form::Direct { text, .. } => format!("{text} {target}"),
        }
    }

    /// The name for people of the relocation type `kind`.
    pub fn relocation_name(&self, kind: u32) -> String {
        relocation_names::name(self.header.machine, kind)
            .map_or_else(|| format!("relocation type {kind}"), str::to_owned)
    }

    /// For people: what a relocation refers to.
    pub fn show_target(&self, target: &Target) -> String {
        let offset = |offset: i64| match offset {
            0 => String::new(),
            below if below < 0 => format!("-{:#x}", below.unsigned_abs()),
            above => format!("+{above:#x}"),
        };
        match target {
            Target::Symbol(name, addend) => format!("{}{}", name.shown, offset(*addend)),
            Target::Item(index, at) => format!("{}{}", self.show_item(*index), offset(*at)),
            Target::Section(name, at) => format!("section {name}{}", offset(*at)),
            Target::Number(number) => format!("{number:#x}"),
        }
    }

    /// For people: an item's name, or what a nameless one holds.
    pub fn show_item(&self, index: usize) -> String {
        let item = &self.items[index];
        match &item.name {
            Some(name) => name.shown.clone(),
            None => {
                let section = &self.sections[item.section];
                format!(
                    "{} in {}",
                    show_bytes(&self.content(item), item.end - item.start),
                    section.name
                )
            }
        }
    }
}

/// For people: bytes as text where they are text, else in hex; the first few of many.
pub fn show_bytes(bytes: &[u8], size: u64) -> String {
    const SHOWN: usize = 40;
    if bytes.is_empty() {
        return format!("{size} bytes");
    }
    let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if text.len() > 1
        && let Ok(text) = std::str::from_utf8(text)
        && !text.contains(|c: char| c.is_control() && c != '\n')
    {
        let short: String = text.chars().take(SHOWN).collect();
        return format!(
            "{short:?}{}",
            if short.len() < text.len() { "..." } else { "" }
        );
    }
    let hex = hash::hex(&bytes[..bytes.len().min(SHOWN / 2)]);
    format!(
        "{size} bytes {hex}{}",
        if bytes.len() > SHOWN / 2 { "..." } else { "" }
    )
}

/// An object with nothing in it, for tests.
#[cfg(test)]
pub(crate) fn tests_object() -> Object {
    Object {
        header: Header {
            machine: object::elf::EM_X86_64,
            is_64: true,
            is_little: true,
            flags: 0,
            kind: object::elf::ET_REL,
            os_abi: 0,
        },
        sections: Vec::new(),
        items: Vec::new(),
        labels: Vec::new(),
        outside: Vec::new(),
        files: Vec::new(),
        debug: Debug::default(),
        roots: Vec::new(),
        renames: Renames::default(),
    }
}

#[cfg(test)]
impl Object {
    /// Adds a section with nameless items at these ranges.
    pub(crate) fn add_section(
        &mut self,
        name: &str,
        flags: u32,
        bytes: &[u8],
        items: &[(u64, u64)],
    ) {
        let section = self.sections.len();
        self.sections.push(Section {
            name: name.to_owned(),
            kind: object::elf::SHT_PROGBITS,
            flags: flags.into(),
            align: 1,
            entry_size: 1,
            size: bytes.len() as u64,
            linked: None,
            role: Role::Data,
            bytes: bytes.to_vec(),
            relocations: Vec::new(),
        });
        self.items.extend(items.iter().map(|&(start, end)| Item {
            kind: ItemKind::Nameless,
            name: None,
            section,
            start,
            entry: start,
            end,
            binding: None,
            references: Vec::new(),
        }));
    }
}
