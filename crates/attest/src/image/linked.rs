//! A linked image: what lies at an address, and where its symbols are. A module is linked here, as if for a kernel that has all it asks for.

use std::borrow::Cow;
use std::collections::HashMap;

use object::elf::{SHF_ALLOC, SHF_TLS};
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionFlags, SectionKind, SymbolKind,
};

use super::input::{Input, Kind};
use super::relocations::{self, Value};

/// A section that takes up memory.
struct Extent<'data> {
    start: u64,
    size: u64,
    /// What the file holds of it; nothing for zeros.
    bytes: Option<Cow<'data, [u8]>>,
}

/// A symbol that is defined in the image.
pub struct Named<'data> {
    /// Its name.
    pub name: &'data str,
    /// Where it is.
    pub address: u64,
    /// Whether it is a function.
    pub is_function: bool,
}

/// A linked image.
pub struct Linked<'data> {
    /// The symbols that it defines.
    pub defined: Vec<Named<'data>>,
    extents: Vec<Extent<'data>>,
    addresses: HashMap<&'data str, Vec<u64>>,
    dynamic: HashMap<u64, u64>,
}

impl<'data> Linked<'data> {
    /// Reads a linked file.
    pub fn read(file: &object::File<'data>) -> object::Result<Self> {
        let mut linked = Self::empty();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                continue;
            };
            let takes_memory = sh_flags & u64::from(SHF_ALLOC) != 0
                && sh_flags & u64::from(SHF_TLS) == 0
                && section.size() > 0;
            if takes_memory {
                let zeros = section.kind() == SectionKind::UninitializedData;
                let bytes = (!zeros).then(|| section.data()).transpose()?;
                linked.extents.push(Extent {
                    start: section.address(),
                    size: section.size(),
                    bytes: bytes.map(Cow::Borrowed),
                });
            }
        }
        for symbol in file.symbols() {
            if symbol.is_definition() || symbol.section_index().is_some() {
                linked.define(Named {
                    name: symbol.name()?,
                    address: symbol.address(),
                    is_function: symbol.is_definition() && symbol.kind() == SymbolKind::Text,
                });
            }
        }
        for (at, relocation) in file.dynamic_relocations().into_iter().flatten() {
            // Those that add the load address only: the addend is what the word means before.
            if relocation.target() == RelocationTarget::Absolute {
                linked
                    .dynamic
                    .insert(at, relocation.addend().cast_unsigned());
            }
        }
        Ok(linked.sorted())
    }

    /// Links a relocatable file: each section gets an address of its own, and so does each symbol that it does not define.
    pub fn link(file: &Input<'data>) -> Self {
        /// Everything is within reach of a signed distance of 32 bits, and nothing is near 0.
        const START: u64 = 0x10_0000;
        const ALIGN: u64 = 0x1000;
        let mut next = START;
        let mut take = |size: u64| {
            let start = next;
            next = (next + size.max(1)).next_multiple_of(ALIGN);
            start
        };
        let bases: Vec<u64> = file
            .sections
            .iter()
            .map(|section| take(section.size))
            .collect();
        let addresses: Vec<u64> = file
            .symbols
            .iter()
            .map(|symbol| match symbol.section {
                Some(section) => bases.get(section).copied().unwrap_or(0) + symbol.value,
                None => take(0),
            })
            .collect();
        let mut linked = Self::empty();
        for (index, (section, base)) in file.sections.iter().zip(&bases).enumerate() {
            if section.kind == Kind::Aside || section.size == 0 {
                continue;
            }
            let mut bytes = section.bytes.to_vec();
            for relocation in &section.relocations {
                let meaning = relocations::meaning(file.machine, relocation.kind);
                let subject = match meaning.map(|meaning| meaning.value) {
                    Some(Value::PairDistance) => relocations::pair(file, index, relocation),
                    _ => Some(relocation),
                };
                let (Some(meaning), Some(subject)) = (meaning, subject) else {
                    continue;
                };
                let Some(symbol) = subject.symbol else {
                    continue;
                };
                let at = relocation.offset as usize;
                let Some(field) = bytes.get_mut(at..at + meaning.field.size()) else {
                    continue;
                };
                // Where the addend stands in the relocation there is nothing in the section; a loader overwrites or refuses what is. It stays
                // as it is, and is found to differ.
                let counts = matches!(meaning.value, Value::Sum | Value::Difference);
                let before = meaning.field.get(field, false).0;
                if relocation.addend.is_some() && !counts && before != 0 {
                    continue;
                }
                let addend = subject
                    .addend
                    .unwrap_or_else(|| meaning.field.get(field, true).0.cast_signed());
                let place = base + subject.offset;
                let target = addresses.get(symbol).copied().unwrap_or(0);
                if meaning.value == Value::Slot {
                    let slot = take(8);
                    linked.extents.push(Extent {
                        start: slot,
                        size: 8,
                        bytes: Some(target.to_le_bytes().to_vec().into()),
                    });
                    let far = slot.wrapping_add_signed(addend).wrapping_sub(place);
                    meaning.field.put(field, far);
                } else {
                    let target = target.wrapping_add_signed(addend);
                    let mut value = meaning.value.of(target, place);
                    if counts {
                        value = value.wrapping_add(before);
                    }
                    meaning.field.put(field, value);
                }
            }
            linked.extents.push(Extent {
                start: *base,
                size: section.size,
                bytes: (!bytes.is_empty()).then_some(bytes.into()),
            });
        }
        for (symbol, address) in file.symbols.iter().zip(&addresses) {
            linked.define(Named {
                name: symbol.name,
                address: *address,
                is_function: symbol.function && symbol.section.is_some(),
            });
        }
        linked.sorted()
    }

    fn empty() -> Self {
        Self {
            defined: Vec::new(),
            extents: Vec::new(),
            addresses: HashMap::new(),
            dynamic: HashMap::new(),
        }
    }

    fn define(&mut self, symbol: Named<'data>) {
        let at = self.addresses.entry(symbol.name).or_default();
        if !at.contains(&symbol.address) {
            at.push(symbol.address);
        }
        self.defined.push(symbol);
    }

    fn sorted(mut self) -> Self {
        self.extents.sort_by_key(|extent| extent.start);
        self
    }

    /// The `size` bytes at an address; nothing where no single section holds them all.
    pub fn at(&self, address: u64, size: u64) -> Option<Cow<'_, [u8]>> {
        let after = self
            .extents
            .partition_point(|extent| extent.start <= address);
        let extent = &self.extents[after.checked_sub(1)?];
        let from = address - extent.start;
        let to = from.checked_add(size).filter(|to| *to <= extent.size)?;
        match &extent.bytes {
            Some(bytes) => bytes
                .get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
                .map(Cow::Borrowed),
            None => Some(Cow::Owned(vec![0; usize::try_from(size).ok()?])),
        }
    }

    /// Where the symbols of this name are.
    pub fn addresses(&self, name: &str) -> &[u64] {
        self.addresses.get(name).map_or(&[], Vec::as_slice)
    }

    /// What a word at an address becomes when the image is loaded where it was linked for, if a dynamic relocation fills it in.
    pub fn filled_at_load(&self, address: u64) -> Option<u64> {
        self.dynamic.get(&address).copied()
    }
}
