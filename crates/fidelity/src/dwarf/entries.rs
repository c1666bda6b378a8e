//! The functions that the debug information declares.

use std::collections::BTreeMap;

use gimli::{AttributeValue, DebuggingInformationEntry, Dwarf, Unit};

use super::lines::Files;
use super::{Entry, Slice};
use crate::names::{Name, Renames};

/// Adds the unit's functions: those with a name of their own, that is declarations and definitions, not the places they are inlined at.
pub fn collect(
    dwarf: &Dwarf<Slice<'_>>,
    unit: &Unit<Slice<'_>>,
    files: &Files,
    renames: &Renames,
    entries: &mut BTreeMap<Entry, usize>,
) -> gimli::Result<()> {
    let text = |value: AttributeValue<Slice<'_>>| -> gimli::Result<String> {
        Ok(dwarf.attr_string(unit, value)?.to_string_lossy().into_owned())
    };
    // Names of the entries around the current one.
    let mut path: Vec<String> = Vec::new();
    let mut depth = 0isize;
    let mut cursor = unit.entries();
    while let Some((step, entry)) = cursor.next_dfs()? {
        depth += step;
        path.truncate(usize::try_from(depth).unwrap_or(0));
        let name = match entry.attr_value(gimli::DW_AT_name)? {
            Some(value) => Some(text(value)?),
            None => None,
        };
        if entry.tag() == gimli::DW_TAG_subprogram {
            let linkage = match entry.attr_value(gimli::DW_AT_linkage_name)? {
                Some(value) => Some(text(value)?),
                None => None,
            };
            let full = match (linkage, &name) {
                (Some(linkage), _) => Some(Name::of(&linkage, renames).map_or(linkage, |name| name.shown)),
                (None, Some(name)) => Some(path.iter().skip(1).map(String::as_str).chain([name.as_str()]).collect::<Vec<_>>().join("::")),
                (None, None) => None,
            };
            if let Some(name) = full {
                let entry = Entry {
                    kind: "function".to_owned(),
                    name,
                    file: number(entry, gimli::DW_AT_decl_file)?.map(|file| files.name(file)),
                    line: number(entry, gimli::DW_AT_decl_line)?,
                };
                *entries.entry(entry).or_default() += 1;
            }
        }
        // The unit's own name is that of a file.
        path.push(if depth == 0 { String::new() } else { name.unwrap_or_default() });
    }
    Ok(())
}

fn number(entry: &DebuggingInformationEntry<'_, '_, Slice<'_>>, attribute: gimli::DwAt) -> gimli::Result<Option<u64>> {
    Ok(match entry.attr_value(attribute)? {
        Some(AttributeValue::FileIndex(index)) => Some(index),
        Some(value) => value.udata_value(),
        None => None,
    })
}
