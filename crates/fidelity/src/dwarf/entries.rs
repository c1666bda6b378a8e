//! The entries of the debug information: each with all its attributes, in words that do not depend on where in the file things are.

use std::collections::HashMap;
use std::fmt::Write as _;

use gateless_base::hash;
use gimli::{Attribute, AttributeValue, DwTag, Dwarf, Expression, Operation, Unit, UnitOffset};

use super::lines::{Files, unit_name, without_roots};
use super::relocate::Addresses;
use super::{Entry, Slice};
use crate::names::{Name, Renames};
use crate::object::resolve::Places;
use crate::object::{Object, Target};

/// A unit that is being read.
pub struct Reader<'a, 'd> {
    /// All debug sections.
    pub dwarf: &'a Dwarf<Slice<'d>>,
    /// The unit.
    pub unit: &'a Unit<Slice<'d>>,
    /// Its files.
    pub files: &'a Files,
    /// The object, for the names of places.
    pub object: &'a Object,
    /// Where the object's sections are.
    pub addresses: &'a Addresses,
    /// What covers a place.
    pub places: &'a Places<'a>,
}

/// What is known of every entry before attributes are put into words, so that references can be.
struct Known {
    tag: DwTag,
    parent: Option<UnitOffset>,
    name: Option<String>,
    /// What it is an instance of, or completes.
    origin: Option<UnitOffset>,
}

impl<'d> Reader<'_, 'd> {
    /// Calls `found` with every entry of the unit.
    pub fn entries(&self, found: &mut dyn FnMut(Entry)) -> gimli::Result<()> {
        let known = self.names()?;
        let mut paths = HashMap::new();
        // Entries from the unit to the current one, and how many children of each tag they have had.
        let mut around: Vec<(UnitOffset, HashMap<DwTag, usize>)> = Vec::new();
        let mut depth = 0isize;
        let mut cursor = self.unit.entries();
        while let Some((step, entry)) = cursor.next_dfs()? {
            depth += step;
            around.truncate(usize::try_from(depth).unwrap_or(0));
            let mut attributes = Vec::new();
            // The order of some children means something.
            if let Some((_, children)) = around.last_mut() {
                let number = children.entry(entry.tag()).or_default();
                if matches!(
                    entry.tag(),
                    gimli::DW_TAG_formal_parameter | gimli::DW_TAG_template_type_parameter
                ) {
                    attributes.push(("number".to_owned(), number.to_string()));
                }
                *number += 1;
            }
            if entry.has_children() {
                attributes.push(("children".to_owned(), "yes".to_owned()));
            }
            let mut list = entry.attrs();
            while let Some(attribute) = list.next()? {
                let text = match known.get(&entry.offset()) {
                    Some(Known {
                        tag: gimli::DW_TAG_namespace,
                        name: Some(name),
                        ..
                    }) if attribute.name() == gimli::DW_AT_name => Some(name.clone()),
                    _ => self.text(&attribute, &known, &mut paths)?,
                };
                if let Some(text) = text {
                    attributes.push((attribute.name().to_string(), text));
                }
            }
            around.push((entry.offset(), HashMap::new()));
            // What a namespace or the unit holds owns all that is in it.
            let owner = around
                .iter()
                .map(|(offset, _)| *offset)
                .find(|offset| known.get(offset).is_none_or(|known| !is_space(known.tag)))
                .unwrap_or(entry.offset());
            found(Entry {
                tag: short(entry.tag()),
                owner: format!(
                    "{} {}",
                    known
                        .get(&owner)
                        .map_or_else(String::new, |known| short(known.tag)),
                    path(&known, owner, &mut paths, 0)
                ),
                path: path(&known, entry.offset(), &mut paths, 0),
                attributes,
            });
        }
        Ok(())
    }

    fn names(&self) -> gimli::Result<HashMap<UnitOffset, Known>> {
        let mut known = HashMap::new();
        let mut around: Vec<UnitOffset> = Vec::new();
        let mut depth = 0isize;
        let mut cursor = self.unit.entries();
        while let Some((step, entry)) = cursor.next_dfs()? {
            depth += step;
            around.truncate(usize::try_from(depth).unwrap_or(0));
            let origin = match entry
                .attr_value(gimli::DW_AT_abstract_origin)?
                .or(entry.attr_value(gimli::DW_AT_specification)?)
            {
                Some(AttributeValue::UnitRef(offset)) => Some(offset),
                _ => None,
            };
            let name = match entry.attr_value(gimli::DW_AT_name)? {
                Some(value) => Some(self.string(value)?),
                None => None,
            };
            let name = match entry.tag() {
                gimli::DW_TAG_compile_unit => None,
                // The outermost name is the crate's.
                gimli::DW_TAG_namespace if around.len() == 1 => {
                    name.map(|name| self.object.renames.of(&name).to_owned())
                }
                _ => name,
            };
            known.insert(
                entry.offset(),
                Known {
                    tag: entry.tag(),
                    parent: around.last().copied(),
                    name,
                    origin,
                },
            );
            around.push(entry.offset());
        }
        Ok(known)
    }

    fn string(&self, value: AttributeValue<Slice<'d>>) -> gimli::Result<String> {
        Ok(self
            .dwarf
            .attr_string(self.unit, value)?
            .to_string_lossy()
            .into_owned())
    }

    /// An attribute's value; nothing for what only says where in the file other things are.
    fn text(
        &self,
        attribute: &Attribute<Slice<'d>>,
        known: &HashMap<UnitOffset, Known>,
        paths: &mut HashMap<UnitOffset, String>,
    ) -> gimli::Result<Option<String>> {
        let value = attribute.value();
        if attribute.name() == gimli::DW_AT_sibling {
            return Ok(None);
        }
        if let Some(address) = self.dwarf.attr_address(self.unit, value)? {
            return Ok(Some(self.place(address)));
        }
        Ok(Some(match value {
            AttributeValue::DebugLineRef(_)
            | AttributeValue::DebugAddrBase(_)
            | AttributeValue::DebugStrOffsetsBase(_)
            | AttributeValue::DebugLocListsBase(_)
            | AttributeValue::DebugRngListsBase(_) => return Ok(None),
            AttributeValue::UnitRef(offset) => self.reference(offset, known, paths),
            AttributeValue::Exprloc(expression) => self.expression(expression, known, paths)?,
            AttributeValue::LocationListsRef(_) | AttributeValue::DebugLocListsIndex(_) => {
                self.locations(value, known, paths)?
            }
            AttributeValue::RangeListsRef(_) | AttributeValue::DebugRngListsIndex(_) => {
                self.ranges(value)?
            }
            AttributeValue::FileIndex(index) => self.files.name(index),
            AttributeValue::Block(bytes) => hash::hex(&bytes),
            AttributeValue::Data1(number) => number.to_string(),
            AttributeValue::Data2(number) => number.to_string(),
            AttributeValue::Data4(number) => number.to_string(),
            AttributeValue::Data8(number) | AttributeValue::Udata(number) => number.to_string(),
            AttributeValue::Sdata(number) => number.to_string(),
            AttributeValue::String(_)
            | AttributeValue::DebugStrRef(_)
            | AttributeValue::DebugStrOffsetsIndex(_)
            | AttributeValue::DebugLineStrRef(_) => {
                self.name_of(attribute.name(), self.string(value)?)
            }
            other => format!("{other:?}"),
        }))
    }

    /// A string attribute without hashes and without the output directory.
    fn name_of(&self, attribute: gimli::DwAt, text: String) -> String {
        let renames: &Renames = &self.object.renames;
        match attribute {
            gimli::DW_AT_linkage_name => Name::of(&text, renames).map_or(text, |name| name.key),
            gimli::DW_AT_name => unit_name(&text, &self.object.roots, renames),
            gimli::DW_AT_comp_dir => without_roots(&text, &self.object.roots),
            _ => text,
        }
    }

    fn reference(
        &self,
        offset: UnitOffset,
        known: &HashMap<UnitOffset, Known>,
        paths: &mut HashMap<UnitOffset, String>,
    ) -> String {
        let tag = known
            .get(&offset)
            .map_or_else(|| "nothing".to_owned(), |known| short(known.tag));
        format!("{tag} {}", path(known, offset, paths, 0))
    }

    /// An address in words: the item's key, since names for people may be those of several.
    fn place(&self, address: u64) -> String {
        let Some((section, offset)) = self.addresses.place(address) else {
            return format!("{address:#x}");
        };
        match self.places.at(section, offset as i64) {
            Target::Item(item, at) => match &self.object.items[item].name {
                Some(name) => format!("{}{at:+#x}", name.key),
                None => format!("{}{at:+#x}", self.object.show_item(item)),
            },
            other => self.object.show_target(&other),
        }
    }

    /// The address behind the last byte of what begins at `begin`: that byte's item tells it, whatever comes next.
    fn end(&self, begin: u64, address: u64) -> String {
        match address.checked_sub(1).filter(|last| *last >= begin) {
            Some(last) => format!("{} and 1", self.place(last)),
            None => self.place(address),
        }
    }

    fn expression(
        &self,
        expression: Expression<Slice<'d>>,
        known: &HashMap<UnitOffset, Known>,
        paths: &mut HashMap<UnitOffset, String>,
    ) -> gimli::Result<String> {
        let mut text = String::new();
        let mut operations = expression.operations(self.unit.encoding());
        while let Some(operation) = operations.next()? {
            if !text.is_empty() {
                text.push_str(", ");
            }
            match operation {
                Operation::Address { address } => text.push_str(&self.place(address)),
                Operation::AddressIndex { index } => {
                    text.push_str(&self.place(self.dwarf.address(self.unit, index)?))
                }
                Operation::ImplicitValue { data } => text.push_str(&hash::hex(&data)),
                Operation::TypedLiteral { base_type, value } => {
                    let _ = write!(
                        text,
                        "{} of {}",
                        hash::hex(&value),
                        self.reference(base_type, known, paths)
                    );
                }
                Operation::EntryValue { expression } => {
                    let inner = self.expression(Expression(expression), known, paths)?;
                    let _ = write!(text, "entry value ({inner})");
                }
                Operation::Convert { base_type } => {
                    let _ = write!(
                        text,
                        "convert to {}",
                        self.reference(base_type, known, paths)
                    );
                }
                Operation::Reinterpret { base_type } => {
                    let _ = write!(
                        text,
                        "reinterpret as {}",
                        self.reference(base_type, known, paths)
                    );
                }
                other => {
                    let _ = write!(text, "{other:?}");
                }
            }
        }
        Ok(text)
    }

    fn locations(
        &self,
        value: AttributeValue<Slice<'d>>,
        known: &HashMap<UnitOffset, Known>,
        paths: &mut HashMap<UnitOffset, String>,
    ) -> gimli::Result<String> {
        let mut text = String::new();
        let Some(mut list) = self.dwarf.attr_locations(self.unit, value)? else {
            return Ok(text);
        };
        while let Some(entry) = list.next()? {
            let expression = self.expression(entry.data, known, paths)?;
            let _ = write!(
                text,
                "[{}, {}): {expression}; ",
                self.place(entry.range.begin),
                self.end(entry.range.begin, entry.range.end)
            );
        }
        Ok(text)
    }

    fn ranges(&self, value: AttributeValue<Slice<'d>>) -> gimli::Result<String> {
        let mut text = String::new();
        let Some(mut list) = self.dwarf.attr_ranges(self.unit, value)? else {
            return Ok(text);
        };
        while let Some(range) = list.next()? {
            let _ = write!(
                text,
                "[{}, {}); ",
                self.place(range.begin),
                self.end(range.begin, range.end)
            );
        }
        Ok(text)
    }
}

/// Entries that others are merely grouped in.
fn is_space(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_compile_unit | gimli::DW_TAG_namespace | gimli::DW_TAG_module
    )
}

/// `subprogram` for `DW_TAG_subprogram`.
fn short(tag: DwTag) -> String {
    let name = tag.to_string();
    name.strip_prefix("DW_TAG_")
        .map_or(name.clone(), str::to_owned)
}

/// The names around an entry and its own, with `::` between; what has none goes by the name of what it is an instance of, or by its tag.
fn path(
    known: &HashMap<UnitOffset, Known>,
    offset: UnitOffset,
    paths: &mut HashMap<UnitOffset, String>,
    depth: usize,
) -> String {
    /// References in damaged debug information could go round in circles.
    const DEEPEST: usize = 200;
    if let Some(path) = paths.get(&offset) {
        return path.clone();
    }
    let Some(entry) = known.get(&offset).filter(|_| depth < DEEPEST) else {
        return "?".to_owned();
    };
    let own = match (&entry.name, entry.origin) {
        (Some(name), _) => name.clone(),
        (None, Some(origin)) => path(known, origin, paths, depth + 1),
        (None, None) => short(entry.tag),
    };
    let result = match entry.parent.filter(|parent| {
        known
            .get(parent)
            .is_some_and(|parent| parent.tag != gimli::DW_TAG_compile_unit)
    }) {
        Some(parent) if entry.name.is_some() || entry.origin.is_none() => {
            format!("{}::{own}", path(known, parent, paths, depth + 1))
        }
        _ => own,
    };
    paths.insert(offset, result.clone());
    result
}
