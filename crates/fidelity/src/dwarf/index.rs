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
pub fn collect(
    dwarf: &Dwarf<Slice<'_>>,
    bytes: Slice<'_>,
    renames: &Renames,
    counts: &mut BTreeMap<String, usize>,
) -> gimli::Result<()> {
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
    let (version, padding) = (table.read_u16()?, table.read_u16()?);
    count(format!("version {version}, padding {padding}"));
    let [
        unit_count,
        types,
        foreign,
        buckets,
        names,
        abbreviations,
        augmentation,
    ] = {
        let mut numbers = [0; 7];
        for number in &mut numbers {
            *number = table.read_u32()? as usize;
        }
        numbers
    };
    count(format!(
        "{unit_count} units, {types} and {foreign} of types, {names} names"
    ));
    let word = usize::from(format.word_size());
    let augmentation = table.split(augmentation.next_multiple_of(4))?;
    count(format!(
        "augmentation {:?}",
        augmentation.to_string_lossy().trim_end_matches('\0')
    ));
    let mut starts = Vec::new();
    for _ in 0..unit_count {
        starts.push(table.read_offset(format)? as u64);
    }
    table.skip(types * word + foreign * 8)?;
    let mut first_of_bucket = Vec::new();
    for _ in 0..buckets {
        first_of_bucket.push(table.read_u32()? as usize);
    }
    let mut hashes = Vec::new();
    for _ in 0..if buckets > 0 { names } else { 0 } {
        hashes.push(table.read_u32()?);
    }
    for (bucket, first) in first_of_bucket.iter().enumerate() {
        let expected = hashes
            .iter()
            .position(|hash| *hash as usize % buckets == bucket)
            .map_or(0, |at| at + 1);
        if *first != expected {
            count(format!(
                "bucket {bucket} of {buckets} begins with name {first}, not {expected}"
            ));
        }
    }
    let mut strings = table.split(names * word)?;
    let mut offsets = table.split(names * word)?;
    let abbreviations = read_abbreviations(table.split(abbreviations)?)?;
    for number in 0..names {
        let name = dwarf
            .string(gimli::DebugStrOffset(strings.read_offset(format)?))?
            .to_string_lossy()
            .into_owned();
        let shown = Name::of(renames.of(&name), renames).map_or(name.clone(), |name| name.key);
        if hashes
            .get(number)
            .is_some_and(|hash| name.is_ascii() && *hash != hash_of(&name))
        {
            count(format!("{shown}: has the hash of another name"));
        }
        let mut entries = table;
        entries.skip(offsets.read_offset(format)?)?;
        while let Some(entry) = read_entry(&mut entries, &abbreviations)? {
            let unit = starts.get(entry.unit).and_then(|start| units.get(start));
            let found = match (unit, entry.offset) {
                (Some(unit), Some(offset)) => {
                    names_of(dwarf, unit, UnitOffset(offset), entry.tag).contains(&name)
                }
                _ => false,
            };
            let place = if found {
                ""
            } else {
                ", leads to no such entry"
            };
            let parent = match entry.parent {
                None => "".to_owned(),
                Some(None) => ", not inside another".to_owned(),
                Some(Some(at)) => {
                    let mut pool = table;
                    pool.skip(at)?;
                    let around = read_entry(&mut pool, &abbreviations)?.and_then(|around| {
                        let names = names_of(dwarf, unit?, UnitOffset(around.offset?), around.tag);
                        Some(
                            names
                                .first()
                                .map_or("?".to_owned(), |name| renames.of(name).to_owned()),
                        )
                    });
                    format!(", inside {}", around.as_deref().unwrap_or("nothing"))
                }
            };
            count(format!(
                "{shown}, {}{parent}{}{place}",
                entry.tag, entry.more
            ));
        }
    }
    Ok(())
}

/// An entry of the index.
struct Indexed {
    tag: gimli::DwTag,
    /// Which of the index's units.
    unit: usize,
    /// Offset of the entry in the unit.
    offset: Option<usize>,
    /// Where in the index the entry around it is, if that is said; `Some(None)` says that there is none.
    parent: Option<Option<usize>>,
    /// Attributes that are not known here.
    more: String,
}

/// Reads one; nothing at the end of a list.
fn read_entry(
    entries: &mut Slice<'_>,
    abbreviations: &HashMap<u64, Abbreviation>,
) -> gimli::Result<Option<Indexed>> {
    let code = entries.read_uleb128()?;
    if code == 0 {
        return Ok(None);
    }
    let Some((tag, attributes)) = abbreviations.get(&code) else {
        return Err(gimli::Error::UnknownAbbreviation(code));
    };
    let mut indexed = Indexed {
        tag: *tag,
        unit: 0,
        offset: None,
        parent: None,
        more: String::new(),
    };
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
        // DW_IDX_compile_unit, DW_IDX_die_offset, DW_IDX_parent (DWARF 5, section 7.19).
        match *attribute {
            1 => indexed.unit = value as usize,
            3 => indexed.offset = Some(value as usize),
            4 => indexed.parent = Some((*form == gimli::DW_FORM_ref4).then_some(value as usize)),
            other => indexed.more.push_str(&format!(", {other}={value}")),
        }
    }
    Ok(Some(indexed))
}

/// Bernstein's hash without regard to case (DWARF 5, section 7.33), for names in ASCII.
fn hash_of(name: &str) -> u32 {
    name.bytes().fold(5381, |hash: u32, byte| {
        hash.wrapping_mul(33)
            .wrapping_add(byte.to_ascii_lowercase().into())
    })
}

fn read_abbreviations(mut table: Slice<'_>) -> gimli::Result<HashMap<u64, Abbreviation>> {
    let mut found = HashMap::new();
    loop {
        let code = if table.is_empty() {
            0
        } else {
            table.read_uleb128()?
        };
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

/// The names of the entry at this offset, if it has this tag: its own, and those of what it is an instance of.
fn names_of(
    dwarf: &Dwarf<Slice<'_>>,
    unit: &gimli::Unit<Slice<'_>>,
    offset: UnitOffset,
    tag: gimli::DwTag,
) -> Vec<String> {
    /// Deepest chain of instances of instances.
    const DEEPEST: usize = 4;
    let mut names = Vec::new();
    let mut at = offset;
    for depth in 0..DEEPEST {
        let Ok(entry) = unit.entry(at) else { break };
        if depth == 0 && entry.tag() != tag {
            break;
        }
        let value = |attribute| entry.attr_value(attribute).ok().flatten();
        for attribute in [gimli::DW_AT_name, gimli::DW_AT_linkage_name] {
            let text = value(attribute).and_then(|value| dwarf.attr_string(unit, value).ok());
            names.extend(text.map(|text| text.to_string_lossy().into_owned()));
        }
        match value(gimli::DW_AT_abstract_origin).or_else(|| value(gimli::DW_AT_specification)) {
            Some(gimli::AttributeValue::UnitRef(next)) => at = next,
            _ => break,
        }
    }
    names
}
