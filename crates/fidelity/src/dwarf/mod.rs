//! What the debug information says: which source line each instruction belongs to, and which functions there are.

mod entries;
mod lines;
mod relocate;

use std::collections::BTreeMap;

use gateless_model::{Failure, Result};
use gimli::{EndianSlice, RunTimeEndian};

use crate::names::Renames;
use crate::object::{Object, Role};

/// The debug information of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Debug {
    /// How each debug section is stored: its name, and `compressed` or `plain`.
    pub form: BTreeMap<String, Form>,
    /// DWARF versions of units and line tables, and how many of each.
    pub versions: BTreeMap<String, usize>,
    /// The line table's rows by item (index in the object's items); those that belong to none under `None`.
    pub rows: BTreeMap<Option<usize>, Vec<Row>>,
    /// Every entry of the debug information that declares or describes something, as text, and how many are the same.
    pub entries: BTreeMap<Entry, usize>,
}

/// How a debug section is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// With a compression header.
    Compressed,
}

/// One row of a line table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Offset from the item's entry.
    pub offset: i64,
    /// Source file, or nothing at the end of a sequence.
    pub file: Option<String>,
    /// Line in it, 0 for none.
    pub line: u64,
    /// Column in it, 0 for none.
    pub column: u64,
    /// Whether a debugger may stop here for the line.
    pub is_statement: bool,
    /// Whether the function's prologue ends here.
    pub prologue_end: bool,
}

/// One entry of the debug information.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What it is: `subprogram`.
    pub kind: String,
    /// Its full name, without hashes.
    pub name: String,
    /// Where it is declared.
    pub file: Option<String>,
    /// The line there.
    pub line: Option<u64>,
}

/// Where a symbol is, for relocating.
#[derive(Debug, Clone, Copy)]
pub struct SymbolPlace {
    /// Index of its section; nothing if it is in none.
    pub section: Option<usize>,
    /// Offset in it.
    pub value: u64,
}

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// Reads the debug sections of `object`.
///
/// `roots` are names of the output folder, to be taken out of the names of files.
///
/// # Errors
/// When they are damaged, or have relocations of an unknown type.
pub fn read(object: &Object, symbols: &[SymbolPlace], roots: &[String], renames: &Renames) -> Result<Debug> {
    let mut debug = Debug::default();
    let compressed = |flags: u64| flags & u64::from(object::elf::SHF_COMPRESSED) != 0;
    let sections: Vec<_> = object.sections.iter().filter(|section| section.role == Role::Debug).collect();
    for section in &sections {
        let form = if compressed(section.flags) || section.name.starts_with(".zdebug") { Form::Compressed } else { Form::Plain };
        debug.form.insert(section.name.clone(), form);
    }
    if sections.is_empty() {
        return Ok(debug);
    }
    let addresses = relocate::Addresses::new(object);
    let mut contents: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for section in &sections {
        let bytes = relocate::apply(object, section, symbols, &addresses)?;
        if contents.insert(&section.name, bytes).is_some() {
            return Err(Failure::failed(format!("it has several sections {}, which is not supported", section.name)));
        }
    }
    let endian = if object.header.is_little { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let load = |id: gimli::SectionId| -> Result<Slice<'_>, gimli::Error> {
        Ok(EndianSlice::new(contents.get(id.name()).map_or(&[][..], Vec::as_slice), endian))
    };
    let broken = |error: gimli::Error| Failure::failed("its debug information is damaged").because(error);
    let dwarf = gimli::Dwarf::load(load).map_err(broken)?;
    let mut units = dwarf.units();
    while let Some(header) = units.next().map_err(broken)? {
        *debug.versions.entry(format!("unit, DWARF {}", header.version())).or_default() += 1;
        let unit = dwarf.unit(header).map_err(broken)?;
        let files = lines::Files::new(&dwarf, &unit, roots).map_err(broken)?;
        if let Some(program) = unit.line_program.clone() {
            *debug.versions.entry(format!("line table, DWARF {}", program.header().version())).or_default() += 1;
            lines::collect(program, &files, &addresses, object, &mut debug.rows).map_err(broken)?;
        }
        entries::collect(&dwarf, &unit, &files, renames, &mut debug.entries).map_err(broken)?;
    }
    Ok(debug)
}
