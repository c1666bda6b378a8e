//! What the debug information says: which source line each instruction belongs to, and every entry with its attributes.

mod covered;
mod data;
mod entries;
mod frames;
mod index;
mod lines;
mod relocate;

use std::collections::BTreeSet;

use gateless_model::{Failure, Result};
use gimli::{Dwarf, EndianSlice, RunTimeEndian};

pub use data::{Covered, Debug, Frame, Row};

use crate::object::resolve::Places;
use crate::object::{Object, Role};

/// One entry of the debug information.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// What it is: `subprogram`, `variable`, ...
    pub tag: String,
    /// What it belongs to: the function or type that a namespace holds, with its tag.
    pub owner: String,
    /// Its full name.
    pub path: String,
    /// Attributes and their values in words, in the order of the file.
    pub attributes: Vec<(String, String)>,
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

/// The sections that are read here. Others of similar names are compared as they are.
pub fn is_read(name: &str) -> bool {
    let name = name
        .strip_prefix(".z")
        .or(name.strip_prefix('.'))
        .unwrap_or(name);
    let read = [
        "debug_abbrev",
        "debug_addr",
        "debug_aranges",
        "debug_frame",
        "debug_info",
        "debug_line",
        "debug_line_str",
        "debug_loc",
        "debug_loclists",
        "debug_names",
        "debug_ranges",
        "debug_rnglists",
        "debug_str",
        "debug_str_offsets",
    ];
    read.contains(&name)
}

fn endian(object: &Object) -> RunTimeEndian {
    if object.header.is_little {
        RunTimeEndian::Little
    } else {
        RunTimeEndian::Big
    }
}

pub(crate) fn broken(error: gimli::Error) -> Failure {
    Failure::failed("its debug information is damaged").because(error)
}

/// Applies the relocations of the debug sections of `object`, and reads all but the entries.
///
/// # Errors
/// When they are damaged, or have relocations of an unknown type.
pub fn read(object: &mut Object, symbols: &[SymbolPlace]) -> Result<Debug> {
    let mut debug = Debug::default();
    let addresses = relocate::Addresses::new(object);
    let mut names = BTreeSet::new();
    for index in 0..object.sections.len() {
        let section = &object.sections[index];
        if section.role != Role::Debug {
            continue;
        }
        if !names.insert(section.name.clone()) {
            return Err(Failure::failed(format!(
                "it has several sections {}, which is not supported",
                section.name
            )));
        }
        for relocation in &section.relocations {
            // Offsets into other debug sections are read as such; that they are into the right one shows only here.
            let target = relocation
                .symbol
                .and_then(|symbol| symbols.get(symbol)?.section)
                .map(|target| &object.sections[target]);
            // Of unwinding tables each entry has one, to its header, by which it is read.
            let is_elsewhere = |target: &&crate::object::Section| target.name != section.name;
            if let Some(target) = target
                .filter(|target| target.role == Role::Debug)
                .filter(is_elsewhere)
            {
                let name = object.relocation_name(relocation.kind);
                *debug
                    .counts
                    .entry(format!("{name} from {} to {}", section.name, target.name))
                    .or_default() += 1;
            }
        }
        object.sections[index].bytes = relocate::apply(object, section, symbols, &addresses)?;
    }
    if names.is_empty() {
        return Ok(debug);
    }
    let dwarf = load(object)?;
    let places = Places::new(
        &object.items,
        object
            .sections
            .iter()
            .map(|section| section.name.as_str())
            .collect(),
    );
    let mut starts = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().map_err(broken)? {
        starts.extend(
            header
                .offset()
                .as_debug_info_offset()
                .map(|offset| offset.0),
        );
        *debug
            .counts
            .entry(format!("unit, DWARF {}", header.version()))
            .or_default() += 1;
        let unit = dwarf.unit(header).map_err(broken)?;
        let files = lines::Files::new(&dwarf, &unit, object).map_err(broken)?;
        if let Some(program) = unit.line_program.clone() {
            *debug
                .counts
                .entry(format!("line table, DWARF {}", program.header().version()))
                .or_default() += 1;
            lines::collect(
                program,
                &files,
                &addresses,
                &places,
                object,
                &mut debug.rows,
            )
            .map_err(broken)?;
        }
        debug.files.extend(files.described());
    }
    if let Some(section) = object
        .sections
        .iter()
        .find(|section| section.name == ".debug_names")
    {
        index::collect(
            &dwarf,
            EndianSlice::new(&section.bytes, endian(object)),
            &object.renames,
            &mut debug.counts,
        )
        .map_err(broken)?;
    }
    let find = |name: &str| {
        let section = object.sections.iter().find(|section| section.name == name);
        section.map(|section| EndianSlice::new(&section.bytes, endian(object)))
    };
    if let Some(bytes) = find(".debug_frame") {
        let mut section = gimli::DebugFrame::from(bytes);
        section.set_address_size(if object.header.is_64 { 8 } else { 4 });
        frames::collect(
            &section,
            &addresses,
            &places,
            &mut debug.frames,
            &mut debug.counts,
        )
        .map_err(broken)?;
    }
    if let Some(bytes) = find(".debug_aranges") {
        let section = gimli::DebugAranges::from(bytes);
        covered::collect(
            &section,
            &addresses,
            object,
            &starts,
            &mut debug.covered,
            &mut debug.counts,
        )
        .map_err(broken)?;
    }
    debug.files.sort();
    Ok(debug)
}

/// Calls `found` with every entry of the debug information of an object that was read.
///
/// # Errors
/// When it is damaged.
pub fn entries(object: &Object, found: &mut dyn FnMut(Entry)) -> Result<()> {
    if !object
        .sections
        .iter()
        .any(|section| section.role == Role::Debug)
    {
        return Ok(());
    }
    let addresses = relocate::Addresses::new(object);
    let dwarf = load(object)?;
    let places = Places::new(
        &object.items,
        object
            .sections
            .iter()
            .map(|section| section.name.as_str())
            .collect(),
    );
    let mut units = dwarf.units();
    while let Some(header) = units.next().map_err(broken)? {
        let unit = dwarf.unit(header).map_err(broken)?;
        let files = lines::Files::new(&dwarf, &unit, object).map_err(broken)?;
        let reader = entries::Reader {
            dwarf: &dwarf,
            unit: &unit,
            files: &files,
            object,
            addresses: &addresses,
            places: &places,
        };
        reader.entries(found).map_err(broken)?;
    }
    Ok(())
}

fn load(object: &Object) -> Result<Dwarf<Slice<'_>>> {
    let load = |id: gimli::SectionId| -> Result<Slice<'_>, gimli::Error> {
        let wanted = id.name();
        let section = object.sections.iter().find(|section| {
            section.role == Role::Debug
                && (section.name == wanted
                    || section.name.strip_prefix(".z") == wanted.strip_prefix('.'))
        });
        Ok(EndianSlice::new(
            section.map_or(&[][..], |section| &section.bytes),
            endian(object),
        ))
    };
    Dwarf::load(load).map_err(broken)
}
