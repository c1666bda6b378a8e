//! `.debug_names`: an index of the entries by name (DWARF 5, section 6.1.1).
//!
//! It is made from the entries, sorted by hashes of their names, which crate hashes are part of. So it is compared as a set: every name with the tags
//! it is listed under, and whether the entry it leads to is one of that tag and name.

use std::collections::{BTreeMap, HashMap};

use gimli::{Dwarf, Format, Reader as _, UnitOffset};

use super::Slice;
use crate::names::{Name, Renames};

/// An abbreviation: the tag, and the attributes with their forms.
type Abbreviation = (gimli::DwTag, Vec<(u64, gimli::DwForm)>);

/// Adds what the indexes say to `counts`.
pub fn collect(dwarf: &Dwarf<Slice<'_>>, bytes: Slice<'_>, renames: &Renames, counts: &mut BTreeMap<String, usize>) -> gimli::Result<()> {
    let mut units = HashMap::new();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        if let Some(offset) = header.offset().as_debug_info_offset() {
            units.insert(offset.0 as u64, dwarf.unit(header)?);
        }
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let (length, format) = rest.read_initial_length()?;
        one(dwarf, rest.split(length)?, format, &units, renames, counts)?;
    }
    Ok(())
}

fn one(
    dwarf: &Dwarf<Slice<'_>>,
    mut table: Slice<'_>,
    format: Format,
    units: &HashMap<u64, gimli::Unit<Slice<'_>>>,
    renames: &Renames,
    counts: &mut BTreeMap<String, usize>,
) -> gimli::Result<()> {
    let mut count = |what: String| *counts.entry(format!("index: {what}")).or_default() += 1;
    count(format!("version {}", table.read_u16()?));
    table.read_u16()?;
    let [unit_count, types, foreign, buckets, names, abbreviations, augmentation] = {
        let mut numbers = [0; 7];
        for number in &mut numbers {
            *number = table.read_u32()? as usize;
        }
        numbers
    };
    count(format!("{unit_count} units, {types} and {foreign} of types, {names} names"));
    let word = usize::from(format.word_size());
    let augmentation = table.split(augmentation.next_multiple_of(4))?;
    count(format!("augmentation {:?}", augmentation.to_string_lossy().trim_end_matches('\0')));
    let mut starts = Vec::new();
    for _ in 0..unit_count {
        starts.push(table.read_offset(format)? as u64);
    }
    table.skip(types * word + foreign * 8 + buckets * 4)?;
    if buckets > 0 {
        table.skip(names * 4)?;
    }
    let mut strings = table.split(names * word)?;
    let mut offsets = table.split(names * word)?;
    let abbreviations = read_abbreviations(table.split(abbreviations)?)?;
    for _ in 0..names {
        let name = dwarf.string(gimli::DebugStrOffset(strings.read_offset(format)?))?.to_string_lossy().into_owned();
        let shown = Name::of(renames.of(&name), renames).map_or(name.clone(), |name| name.key);
        let mut entries = table;
        entries.skip(offsets.read_offset(format)?)?;
        loop {
            let code = entries.read_uleb128()?;
            if code == 0 {
                break;
            }
            let Some((tag, attributes)) = abbreviations.get(&code) else {
                count(format!("{shown}: unknown abbreviation {code}"));
                break;
            };
            let (mut unit, mut entry, mut more) = (0, None, String::new());
            for (attribute, form) in attributes {
                let value = match *form {
                    gimli::DW_FORM_flag_present => 1,
                    gimli::DW_FORM_data1 => u64::from(entries.read_u8()?),
                    gimli::DW_FORM_data2 => u64::from(entries.read_u16()?),
                    gimli::DW_FORM_ref4 | gimli::DW_FORM_data4 => u64::from(entries.read_u32()?),
                    gimli::DW_FORM_data8 => entries.read_u64()?,
                    gimli::DW_FORM_udata => entries.read_uleb128()?,
                    _ => return Err(gimli::Error::UnknownForm(*form)),
                };
                match *attribute {
                    1 => unit = value as usize,
                    3 => entry = Some(value as usize),
                    // Where in the index the entry around this one is.
                    4 if *form == gimli::DW_FORM_ref4 => more.push_str(", inside another"),
                    4 => more.push_str(", not inside another"),
                    other => more.push_str(&format!(", {other}={value}")),
                }
            }
            let found = match (starts.get(unit).and_then(|start| units.get(start)), entry) {
                (Some(unit), Some(entry)) => leads_to(dwarf, unit, UnitOffset(entry), *tag, &name),
                _ => false,
            };
            let place = if found { "" } else { ", leads to no such entry" };
            count(format!("{shown}, {tag}{more}{place}"));
        }
    }
    Ok(())
}

fn read_abbreviations(mut table: Slice<'_>) -> gimli::Result<HashMap<u64, Abbreviation>> {
    let mut found = HashMap::new();
    loop {
        let code = if table.is_empty() { 0 } else { table.read_uleb128()? };
        if code == 0 {
            return Ok(found);
        }
        let tag = gimli::DwTag(table.read_uleb128()? as u16);
        let mut attributes = Vec::new();
        loop {
            let (attribute, form) = (table.read_uleb128()?, table.read_uleb128()?);
            if attribute == 0 && form == 0 {
                break;
            }
            attributes.push((attribute, gimli::DwForm(form as u16)));
        }
        found.insert(code, (tag, attributes));
    }
}

/// Whether there is an entry of this tag and name; an entry's name may be that of what it is an instance of.
fn leads_to(dwarf: &Dwarf<Slice<'_>>, unit: &gimli::Unit<Slice<'_>>, offset: UnitOffset, tag: gimli::DwTag, name: &str) -> bool {
    /// Deepest chain of instances of instances.
    const DEEPEST: usize = 4;
    let mut at = offset;
    for depth in 0..DEEPEST {
        let Ok(entry) = unit.entry(at) else { return false };
        if depth == 0 && entry.tag() != tag {
            return false;
        }
        for attribute in [gimli::DW_AT_name, gimli::DW_AT_linkage_name] {
            let value = entry.attr_value(attribute).ok().flatten().and_then(|value| dwarf.attr_string(unit, value).ok());
            if value.is_some_and(|value| value.to_string_lossy() == name) {
                return true;
            }
        }
        let origin = |attribute| entry.attr_value(attribute).ok().flatten();
        match origin(gimli::DW_AT_abstract_origin).or_else(|| origin(gimli::DW_AT_specification)) {
            Some(gimli::AttributeValue::UnitRef(next)) => at = next,
            _ => return false,
        }
    }
    false
}
