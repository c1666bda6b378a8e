//! The types of one unit of debug information.

use std::collections::BTreeMap;

use gimli::{AttributeValue, Dwarf, EndianSlice, RunTimeEndian, Unit, UnitOffset};

use super::{Layout, OF_BINDGEN, Place};

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// Whose types they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// rustc's.
    Rust,
    /// The C compiler's.
    C,
}

/// One type, or member.
#[derive(Debug, Clone, Default)]
struct Entry {
    tag: Option<gimli::DwTag>,
    name: Option<String>,
    /// The entry around it.
    parent: Option<UnitOffset>,
    children: Vec<UnitOffset>,
    size: Option<u64>,
    /// Of a member.
    offset: Option<u64>,
    /// What it is of.
    ty: Option<UnitOffset>,
    /// How many elements.
    count: Option<u64>,
    is_declaration: bool,
    is_bit_field: bool,
}

/// The types of a unit.
#[derive(Debug, Default)]
pub struct Types {
    entries: BTreeMap<UnitOffset, Entry>,
    /// Bytes of an address.
    address: u64,
}

/// Calls `found` with each unit of C and Rust.
pub fn units(
    dwarf: &Dwarf<Slice<'_>>,
    found: &mut dyn FnMut(Language, &Types),
) -> gimli::Result<()> {
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        let mut cursor = unit.entries();
        let Some((_, root)) = cursor.next_dfs()? else {
            continue;
        };
        let language = match root.attr_value(gimli::DW_AT_language)? {
            Some(AttributeValue::Language(gimli::DW_LANG_Rust)) => Language::Rust,
            Some(AttributeValue::Language(
                gimli::DW_LANG_C
                | gimli::DW_LANG_C89
                | gimli::DW_LANG_C99
                | gimli::DW_LANG_C11
                | gimli::DW_LANG_C17,
            )) => Language::C,
            // Assembly has no types.
            _ => continue,
        };
        found(language, &types(dwarf, &unit)?);
    }
    Ok(())
}

fn types(dwarf: &Dwarf<Slice<'_>>, unit: &Unit<Slice<'_>>) -> gimli::Result<Types> {
    let mut types = Types {
        entries: BTreeMap::new(),
        address: u64::from(unit.encoding().address_size),
    };
    let mut around: Vec<UnitOffset> = Vec::new();
    let mut depth = 0isize;
    let mut cursor = unit.entries();
    while let Some((step, found)) = cursor.next_dfs()? {
        depth += step;
        around.truncate(usize::try_from(depth).unwrap_or(0));
        let number = |attribute| -> gimli::Result<Option<u64>> {
            Ok(found
                .attr_value(attribute)?
                .and_then(|value| value.udata_value()))
        };
        let name = match found.attr_value(gimli::DW_AT_name)? {
            Some(value) => Some(dwarf.attr_string(unit, value)?.to_string_lossy().into()),
            None => None,
        };
        let ty = match found.attr_value(gimli::DW_AT_type)? {
            Some(AttributeValue::UnitRef(offset)) => Some(offset),
            _ => None,
        };
        // The count, or the last index where the compiler writes that.
        let last = number(gimli::DW_AT_upper_bound)?;
        let count = number(gimli::DW_AT_count)?.or(last.map(|last| last.wrapping_add(1)));
        let is_bit_field = found.attr(gimli::DW_AT_bit_size)?.is_some();
        let entry = Entry {
            tag: Some(found.tag()),
            name,
            parent: around.last().copied(),
            children: Vec::new(),
            size: number(gimli::DW_AT_byte_size)?,
            offset: number(gimli::DW_AT_data_member_location)?,
            ty,
            count,
            is_declaration: found.attr(gimli::DW_AT_declaration)?.is_some(),
            is_bit_field,
        };
        let offset = found.offset();
        if let Some(parent) = around.last().and_then(|last| types.entries.get_mut(last)) {
            parent.children.push(offset);
        }
        types.entries.insert(offset, entry);
        around.push(offset);
    }
    Ok(types)
}

fn is_structure(entry: &Entry) -> bool {
    matches!(
        entry.tag,
        Some(gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type)
    ) && !entry.is_declaration
}

/// Whether a name is that of a type of bindgen's own, which C has not.
fn is_of_bindgen_alone(name: &str) -> bool {
    name.contains('<') || name.starts_with("__Bindgen")
}

impl Types {
    /// The structures that have a name, and whose members are known.
    pub fn layouts(&self, language: Language) -> Vec<(String, Layout)> {
        let mut found = Vec::new();
        for (offset, entry) in &self.entries {
            let structure = match (language, entry.tag) {
                // C may name a structure by a type definition alone.
                (Language::C, Some(gimli::DW_TAG_typedef)) => {
                    let structure = entry.ty.filter(|ty| {
                        let entry = &self.entries.get(ty);
                        entry.is_some_and(|entry| is_structure(entry) && entry.name.is_none())
                    });
                    match structure {
                        Some(structure) => structure,
                        None => continue,
                    }
                }
                _ if is_structure(entry) => *offset,
                _ => continue,
            };
            let Some(name) = entry.name.clone() else {
                continue;
            };
            if language == Language::Rust && !self.is_of_bindgen(entry) {
                continue;
            }
            if let Some(layout) = self.layout(language, structure) {
                found.push((name, layout));
            }
        }
        found
    }

    /// Whether a type is one of the declarations that bindgen wrote: of C's, not what it adds for itself.
    fn is_of_bindgen(&self, entry: &Entry) -> bool {
        if entry.name.as_deref().is_none_or(is_of_bindgen_alone) {
            return false;
        }
        let mut outermost = None;
        let mut at = entry.parent.and_then(|parent| self.entries.get(&parent));
        while let Some(entry) = at {
            if entry.tag == Some(gimli::DW_TAG_namespace) {
                outermost = entry.name.as_deref();
            }
            at = entry.parent.and_then(|parent| self.entries.get(&parent));
        }
        outermost.is_some_and(|outermost| OF_BINDGEN.contains(&outermost))
    }

    fn layout(&self, language: Language, structure: UnitOffset) -> Option<Layout> {
        let mut layout = Layout {
            size: self.entries.get(&structure)?.size?,
            ..Layout::default()
        };
        let is_known = match language {
            Language::C => self.members_of_c(structure, 0, &mut layout),
            Language::Rust => self.members_of_rust(structure, 0, &mut layout),
        };
        is_known.then_some(layout)
    }

    fn members(&self, structure: UnitOffset) -> impl Iterator<Item = &Entry> {
        let children = self.entries.get(&structure).map(|entry| &entry.children);
        let children = children.into_iter().flatten();
        children
            .filter_map(|child| self.entries.get(child))
            .filter(|child| child.tag == Some(gimli::DW_TAG_member))
    }

    fn members_of_c(&self, structure: UnitOffset, base: u64, layout: &mut Layout) -> bool {
        for member in self.members(structure) {
            // Bit fields of newer debug information have no offset in bytes.
            if member.is_bit_field {
                continue;
            }
            // Members of unions have none.
            let offset = base + member.offset.unwrap_or(0);
            match (&member.name, member.ty.map(|ty| self.stripped(ty))) {
                (Some(name), _) => self.put(layout, name, offset, member.ty),
                (None, Some(ty)) => {
                    self.members_of_c(ty, offset, layout);
                }
                (None, None) => {}
            }
        }
        true
    }

    /// Whether there are members at all: a structure that C only declares has none.
    fn members_of_rust(&self, structure: UnitOffset, base: u64, layout: &mut Layout) -> bool {
        for member in self.members(structure) {
            let Some(name) = member.name.as_deref() else {
                continue;
            };
            let offset = base + member.offset.unwrap_or(0);
            match name {
                "_unused" => return false,
                "_bindgen_opaque_blob" => layout.is_opaque = true,
                "bindgen_union_field" | "_address" => {}
                _ if name.starts_with("__bindgen_anon_") => {
                    if let Some(ty) = member.ty.map(|ty| self.stripped(ty)) {
                        match self.entries.get(&ty).and_then(|ty| ty.name.as_deref()) {
                            // Of those that bindgen has no copy of, or only a number of bytes.
                            Some(name) if is_of_bindgen_alone(name) => layout.is_opaque = true,
                            _ => {
                                self.members_of_rust(ty, offset, layout);
                            }
                        }
                    }
                }
                _ if name.starts_with("__bindgen_padding_") => {
                    let size = member.ty.and_then(|ty| self.size(ty, 0)).unwrap_or(0);
                    layout.padding.push((offset, offset + size));
                }
                _ if name.starts_with("_bitfield_") || name.starts_with("__bindgen_") => {}
                _ => self.put(layout, name, offset, member.ty),
            }
        }
        true
    }

    fn put(&self, layout: &mut Layout, name: &str, offset: u64, ty: Option<UnitOffset>) {
        let size = ty.and_then(|ty| self.size(ty, 0));
        layout
            .members
            .insert(name.to_owned(), Place { offset, size });
    }

    /// A type without qualifiers and other names.
    fn stripped(&self, mut ty: UnitOffset) -> UnitOffset {
        while let Some(entry) = self.entries.get(&ty)
            && matches!(
                entry.tag,
                Some(
                    gimli::DW_TAG_typedef
                        | gimli::DW_TAG_const_type
                        | gimli::DW_TAG_volatile_type
                        | gimli::DW_TAG_atomic_type
                )
            )
            && let Some(next) = entry.ty
        {
            ty = next;
        }
        ty
    }

    fn size(&self, ty: UnitOffset, depth: usize) -> Option<u64> {
        const DEEPEST: usize = 32;
        let ty = self.stripped(ty);
        let entry = self.entries.get(&ty).filter(|_| depth < DEEPEST)?;
        if entry.size.is_some() {
            return entry.size;
        }
        match entry.tag? {
            gimli::DW_TAG_pointer_type => Some(self.address),
            gimli::DW_TAG_array_type => {
                let each = self.size(entry.ty?, depth + 1)?;
                let ranges = entry
                    .children
                    .iter()
                    .filter_map(|child| self.entries.get(child));
                // A flexible array has no count.
                let counts = ranges
                    .filter(|range| range.tag == Some(gimli::DW_TAG_subrange_type))
                    .map(|range| range.count.unwrap_or(0));
                Some(counts.fold(each, u64::wrapping_mul))
            }
            _ => None,
        }
    }
}
