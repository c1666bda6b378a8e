//! Columns of panic locations where rustc makes the object by itself: libraries and programs for the host.
//!
//! Lowering moves characters within their lines. Where the code generation stage makes the object, it puts the columns right in LLVM IR; here they are
//! fixed up in the objects that rustc wrote: in libraries once they are written, in those of programs before the linker reads them (`linker.rs`).

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::files;
use gateless_lower::Lowered;
use gateless_model::columns::{Columns, Machine};
use gateless_model::{Failure, Result};
use object::{Object, ObjectSection, ObjectSymbol, RelocationKind, RelocationTarget};

use crate::call::{Call, mangle};
use crate::classify::Class;
use crate::objects::{self, Change};
use crate::used;

/// The columns of the crate's own lowered lines, if it was lowered, and of those of the crates that it uses.
pub fn all(lowered: Option<&Lowered<'_>>, others: &Columns) -> Columns {
    let mut columns = lowered.map_or_else(Columns::default, Lowered::columns);
    columns.merge(others);
    columns
}

/// Whether the call makes code for the host, of which rustc makes the objects.
pub fn is_of_host(call: &Call<'_>) -> bool {
    matches!(call.class, Class::HostProgram | Class::HostLibrary)
}

/// Puts right what rustc wrote: a library, or an object by itself.
pub fn put_right(call: &Call<'_>, columns: &Columns) -> Result<()> {
    if !is_of_host(call) || columns.is_empty() {
        return Ok(());
    }
    let objects = call.invocation.emits().filter(|(kind, _)| *kind == "obj");
    let objects = objects.filter_map(|(_, path)| Some(call.cwd.join(path?)));
    let library = (call.class == Class::HostLibrary).then(|| used::library(call));
    for path in objects.chain(library).filter(|path| path.is_file()) {
        correct(&path, columns)?;
    }
    Ok(())
}

/// Writes the columns down for the process that replaces the linker.
pub fn write(call: &Call<'_>, columns: &Columns) -> Result<Utf8PathBuf> {
    let name = format!("{}.json", mangle(&call.primary_output()));
    let path = call.state.directory().join("columns").join(name);
    let text =
        serde_json::to_string(columns).map_err(|error| Failure::failed(error.to_string()))?;
    files::write_with_parents(&path, text.as_bytes())?;
    Ok(path)
}

/// Reads what was written down.
pub fn read(path: &Utf8Path) -> Result<Columns> {
    let text = fs_err::read_to_string(path)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::failed(format!("{path} is damaged")).because(error))
}

/// Gives the locations in an object, or in the objects of a library, the columns as they were written.
pub fn correct(path: &Utf8Path, columns: &Columns) -> Result<()> {
    objects::change(path, &|data| in_object(data, columns))
}

/// A location is a pointer to the file's name, which the linker puts in, and numbers behind it.
fn in_object(data: &[u8], columns: &Columns) -> object::Result<Vec<Change>> {
    let mut changes = Vec::new();
    let Ok(file) = object::File::parse(data) else {
        // Metadata of a library.
        return Ok(changes);
    };
    let machine = Machine {
        pointer: if file.is_64() { 8 } else { 4 },
        little: file.is_little_endian(),
    };
    for section in file.sections() {
        let (Some((start, _)), Ok(content)) = (section.file_range(), section.data()) else {
            continue;
        };
        for (offset, relocation) in section.relocations() {
            let is_pointer = relocation.kind() == RelocationKind::Absolute
                && usize::from(relocation.size()) == 8 * machine.pointer;
            let offset = offset as usize;
            let Some(content) = content.get(offset..).filter(|_| is_pointer) else {
                continue;
            };
            let addend = match relocation.has_implicit_addend() {
                true => pointer(content, machine),
                false => relocation.addend(),
            };
            let Some(bytes) = content.get(machine.pointer..2 * machine.pointer + 8) else {
                continue;
            };
            let name = target(&file, relocation.target(), addend);
            if let Some(new) = name.and_then(|name| columns.corrected(name, bytes, machine)) {
                let at = start as usize + offset + machine.pointer;
                changes.push(Change { at, new });
            }
        }
    }
    Ok(changes)
}

/// The number in the place of a pointer.
fn pointer(content: &[u8], machine: Machine) -> i64 {
    let bytes = content.iter().take(machine.pointer);
    let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    let number = match machine.little {
        true => bytes.rev().fold(0, fold),
        false => bytes.fold(0, fold),
    };
    number as i64
}

/// The bytes to which a pointer leads.
fn target<'d>(file: &object::File<'d>, target: RelocationTarget, addend: i64) -> Option<&'d [u8]> {
    let (section, address) = match target {
        RelocationTarget::Symbol(symbol) => {
            let symbol = file.symbol_by_index(symbol).ok()?;
            (symbol.section_index()?, symbol.address())
        }
        RelocationTarget::Section(section) => (section, 0),
        _ => return None,
    };
    let content = file.section_by_index(section).ok()?.data().ok()?;
    content.get(usize::try_from(address.checked_add_signed(addend)?).ok()?..)
}

#[cfg(test)]
mod tests {
    use gateless_model::columns::Stretch;
    use object::write::{Object as Writer, Relocation, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, Endianness, RelocationEncoding, RelocationFlags, SectionKind,
        SymbolFlags, SymbolKind, SymbolScope,
    };

    use super::*;

    /// An object with one location in line 7, column 21, of `a.rs`.
    fn object(architecture: Architecture, endian: Endianness, pointer: u8) -> Vec<u8> {
        let little = endian == Endianness::Little;
        let mut writer = Writer::new(BinaryFormat::Elf, architecture, endian);
        let names = writer.add_section(Vec::new(), ".rodata".into(), SectionKind::ReadOnlyData);
        writer.append_section_data(names, b"xxa.rs\0", 1);
        let symbol = writer.add_symbol(Symbol {
            name: b".Lname".into(),
            value: 1,
            size: 6,
            kind: SymbolKind::Data,
            scope: SymbolScope::Compilation,
            weak: false,
            section: SymbolSection::Section(names),
            flags: SymbolFlags::None,
        });
        let data = writer.add_section(Vec::new(), ".data.rel.ro".into(), SectionKind::Data);
        let mut bytes = vec![0; 2 * usize::from(pointer)];
        let last = bytes.len() - 1;
        bytes[if little { pointer.into() } else { last }] = 4;
        for number in [7_u32, 21] {
            bytes.extend(match little {
                true => number.to_le_bytes(),
                false => number.to_be_bytes(),
            });
        }
        writer.append_section_data(data, &bytes, 8);
        let relocation = Relocation {
            offset: 0,
            symbol,
            addend: 1,
            flags: RelocationFlags::Generic {
                kind: RelocationKind::Absolute,
                encoding: RelocationEncoding::Generic,
                size: 8 * pointer,
            },
        };
        writer.add_relocation(data, relocation).unwrap();
        writer.write().unwrap()
    }

    #[test]
    fn locations_in_objects_of_all_kinds_of_machines_get_the_column_as_it_was_written() {
        let stretch = Stretch {
            from: 20,
            original: 2,
            added: false,
        };
        let mut columns = Columns::default();
        columns.add("a.rs".to_owned(), [(7, vec![stretch])].into());
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("x.o");
        for (architecture, endian, pointer) in [
            (Architecture::X86_64, Endianness::Little, 8),
            (Architecture::S390x, Endianness::Big, 8),
            (Architecture::I386, Endianness::Little, 4),
        ] {
            let before = object(architecture, endian, pointer);
            fs_err::write(&path, &before).unwrap();
            correct(&path, &columns).unwrap();
            let after = fs_err::read(&path).unwrap();
            let differing: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
            assert_eq!(differing, [(&21, &3)], "{architecture:?}");
        }
    }
}
