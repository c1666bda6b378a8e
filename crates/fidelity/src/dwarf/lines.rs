//! Line tables.

use std::collections::BTreeMap;

use gateless_base::hash;
use gimli::{AttributeValue, Dwarf, IncompleteLineProgram, Unit};

use super::relocate::Addresses;
use super::{Row, Slice};
use crate::names::{Renames, file_symbol};
use crate::object::resolve::Places;
use crate::object::{Object, Target};

/// The names of a unit's source files.
pub struct Files {
    names: BTreeMap<u64, String>,
    described: Vec<String>,
}

impl Files {
    /// Joins directories and names. A path in the output directory gets `OUT` in its place.
    pub fn new(
        dwarf: &Dwarf<Slice<'_>>,
        unit: &Unit<Slice<'_>>,
        object: &Object,
    ) -> gimli::Result<Self> {
        let text = |value: AttributeValue<Slice<'_>>| -> gimli::Result<String> {
            Ok(dwarf
                .attr_string(unit, value)?
                .to_string_lossy()
                .into_owned())
        };
        let mut names = BTreeMap::new();
        let mut described = Vec::new();
        let Some(program) = &unit.line_program else {
            return Ok(Self { names, described });
        };
        let header = program.header();
        let unit_directory = unit.comp_dir.map_or_else(String::new, |directory| {
            directory.to_string_lossy().into_owned()
        });
        // File numbers begin with 0 since DWARF 5, before that with 1.
        let first = if header.version() >= 5 { 0 } else { 1 };
        for (index, file) in header.file_names().iter().enumerate() {
            let name = text(file.path_name())?;
            let mut path = String::new();
            let directory = match file.directory(header) {
                Some(directory) => text(directory)?,
                None => String::new(),
            };
            for part in [unit_directory.as_str(), &directory, &name] {
                if part.starts_with('/') {
                    path = part.to_owned();
                } else if !part.is_empty() {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    path.push_str(part);
                }
            }
            let path = unit_name(
                &without_roots(&path, &object.roots),
                &object.roots,
                &object.renames,
            );
            let checksum: String = if header.file_has_md5() {
                hash::hex(file.md5())
            } else {
                String::new()
            };
            described.push(
                format!("{path} {checksum} {} {}", file.timestamp(), file.size())
                    .trim_end_matches([' ', '0'])
                    .to_owned(),
            );
            names.insert(index as u64 + first, path);
        }
        Ok(Self { names, described })
    }

    /// Each file with its checksum, if it has one.
    pub fn described(&self) -> impl Iterator<Item = String> + '_ {
        self.described.iter().cloned()
    }

    /// The file of this number.
    pub fn name(&self, number: u64) -> String {
        self.names
            .get(&number)
            .cloned()
            .unwrap_or_else(|| format!("file {number}"))
    }
}

/// The name of a unit's root file without hash; rustc puts the unit's name behind it: `FILE/@/CRATE.HASH-cgu.N`.
pub fn unit_name(name: &str, roots: &[String], renames: &Renames) -> String {
    match name.split_once("/@/") {
        Some((file, unit)) => format!(
            "{}/@/{}",
            without_roots(file, roots),
            file_symbol(unit, renames)
        ),
        None => name.to_owned(),
    }
}

/// A path with `OUT` in the place of the output directory's names.
pub fn without_roots(path: &str, roots: &[String]) -> String {
    for root in roots {
        if let Some(rest) = path.strip_prefix(root.as_str())
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("OUT{rest}");
        }
    }
    path.to_owned()
}

/// Adds the rows of a line table to `rows`.
pub fn collect(
    program: IncompleteLineProgram<Slice<'_>>,
    files: &Files,
    addresses: &Addresses,
    places: &Places<'_>,
    object: &Object,
    rows: &mut BTreeMap<Option<usize>, Vec<Row>>,
) -> gimli::Result<()> {
    let mut table = program.rows();
    // A row at the end of a function ends that function's sequence, even where the next one begins.
    let mut last: Option<usize> = None;
    while let Some((_, row)) = table.next_row()? {
        let (item, offset) = match addresses.place(row.address()) {
            Some((section, offset)) => match (places.at(section, offset as i64), last) {
                (_, Some(item)) if row.end_sequence() => {
                    let entry = &object.items[item];
                    if entry.section == section {
                        (Some(item), offset as i64 - entry.entry as i64)
                    } else {
                        (None, offset as i64)
                    }
                }
                (Target::Item(item, offset), _) => (Some(item), offset),
                _ => (None, offset as i64),
            },
            None => (None, row.address() as i64),
        };
        last = item;
        let mut found = Row {
            offset,
            file: None,
            line: 0,
            column: 0,
            is_statement: false,
            prologue_end: false,
            epilogue_begin: false,
            discriminator: 0,
        };
        // The row that ends a sequence says only where: the rest is left over from the row before it.
        if !row.end_sequence() {
            found.file = Some(files.name(row.file_index()));
            found.line = row.line().map_or(0, std::num::NonZero::get);
            found.column = match row.column() {
                gimli::ColumnType::LeftEdge => 0,
                gimli::ColumnType::Column(column) => column.get(),
            };
            found.is_statement = row.is_stmt();
            found.prologue_end = row.prologue_end();
            found.epilogue_begin = row.epilogue_begin();
            found.discriminator = row.discriminator();
        }
        rows.entry(item).or_default().push(found);
    }
    Ok(())
}
