//! Finding an object in an image: where the linker put each of its sections, and whether what lies there is what it makes of them.
//!
//! Symbols say where sections are. From the code and data at these places, relocations lead to what has no symbol in the image; all that is reached is
//! compared in turn, with every relocation applied.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use object::elf;

use super::input::{Input, Kind, Relocation};
use super::linked::Linked;
use super::relocations::{self, Field, Meaning, Value};
use super::slot;
use super::steps::{self, Site};

/// What was found of one object.
#[derive(Debug, Default)]
pub struct Placed {
    /// Functions that are in the image as the object has them.
    pub functions: usize,
    /// Where its code is, or something in its place.
    pub code: Vec<Range<u64>>,
    /// Where its sections are, by their index.
    pub bases: Vec<Option<u64>>,
    /// Where its code and data hold whole addresses.
    pub addresses: Vec<u64>,
    /// Code that the linker left out, which it may do where the configuration says so.
    pub left_out: usize,
    /// What is in the way of a proof.
    pub findings: Vec<String>,
    /// Relocations whose meaning is not known, by machine and kind: the words that they fill were not compared.
    pub not_computed: BTreeMap<(u16, u32), usize>,
}

/// Where a symbol is, or how that can be found out.
enum Target {
    /// At one of these addresses.
    Known(Vec<u64>),
    /// In an entry that the linker merges: the section, and the offset of what is referred to.
    Entry(usize, u64),
    /// At this offset in a section whose place is not known yet.
    Somewhere(usize, u64),
}

struct Placing<'a, 'data> {
    input: &'a Input<'data>,
    image: &'a Linked<'data>,
    bases: Vec<Option<u64>>,
    todo: Vec<usize>,
    /// What instructions say, each a part, of the address that a symbol and an addend come to.
    parts: HashMap<(usize, i64), (u64, u64)>,
    placed: Placed,
}

/// Looks for an object in the image. With `may_drop`, the linker leaves out sections that nothing refers to.
pub fn place<'data>(input: &Input<'data>, image: &Linked<'data>, may_drop: bool) -> Placed {
    let mut placing = Placing {
        input,
        image,
        bases: vec![None; input.sections.len()],
        todo: Vec::new(),
        parts: HashMap::new(),
        placed: Placed::default(),
    };
    placing.start_from_symbols();
    while let Some(section) = placing.todo.pop() {
        placing.compare(section);
    }
    placing.account_for_code(may_drop);
    placing.placed.bases = placing.bases;
    placing.placed
}

impl Placing<'_, '_> {
    /// Most of a section's symbols agree on where it starts, even where other objects have symbols of the same names.
    fn start_from_symbols(&mut self) {
        let mut votes: BTreeMap<usize, BTreeMap<u64, usize>> = BTreeMap::new();
        for symbol in self.input.symbols.iter().filter(|symbol| symbol.is_kept()) {
            let Some(section) = symbol.section else {
                continue;
            };
            if !matches!(
                self.input.sections.get(section).map(|section| section.kind),
                Some(Kind::Code | Kind::Data)
            ) {
                continue;
            }
            for address in self.image.addresses(symbol.name) {
                let base = address.wrapping_sub(symbol.value);
                *votes.entry(section).or_default().entry(base).or_default() += 1;
            }
        }
        for (section, votes) in votes {
            let most = votes.values().max().copied().unwrap_or(0);
            let mut best = votes.iter().filter(|(_, count)| **count == most);
            let first = best.next().map(|(base, _)| *base);
            let base = if best.next().is_none() {
                first
            } else {
                let mut tied = votes.iter().filter(|(_, count)| **count == most);
                tied.find(|(base, _)| self.is_alike(section, **base))
                    .map(|(base, _)| *base)
                    .or(first)
            };
            if let Some(base) = base {
                self.put(section, base);
            }
        }
    }

    /// Whether the bytes at a place could be this section's: those before the first relocation and between them are equal.
    fn is_alike(&self, section: usize, base: u64) -> bool {
        let section = &self.input.sections[section];
        let Some(found) = self.image.at(base, section.size) else {
            return false;
        };
        let mut filled = vec![false; section.bytes.len()];
        for relocation in &section.relocations {
            for at in self.filled_by(relocation, section.bytes.len()) {
                filled[at] = true;
            }
        }
        let mut bytes = section.bytes.iter().zip(found.iter()).zip(&filled);
        bytes.all(|((made, found), filled)| *filled || made == found)
    }

    fn put(&mut self, section: usize, base: u64) {
        self.bases[section] = Some(base);
        self.todo.push(section);
    }

    /// Compares a section with what lies at its place.
    fn compare(&mut self, index: usize) {
        let (input, image) = (self.input, self.image);
        let section = &input.sections[index];
        let Some(base) = self.bases[index] else {
            return;
        };
        let Some(found) = image.at(base, section.size) else {
            self.find(format!(
                "its section `{}` would be at {base:#x}, where the image has no {} bytes",
                section.name, section.size
            ));
            return;
        };
        if section.kind == Kind::Code {
            self.placed.code.push(base..base + section.size);
        }
        let mut linked = if section.bytes.is_empty() {
            vec![0; found.len()]
        } else {
            section.bytes.to_vec()
        };
        let relocations =
            relocations::applied(input.machine, &section.relocations, &mut linked, &found);
        for relocation in relocations.iter() {
            self.apply(index, base, relocation, &mut linked, &found);
        }
        let mut from = 0;
        while let Some(at) = first_difference(&linked[from..], &found[from..]) {
            let at = from + at;
            let site = Site {
                input,
                section: index,
                offset: at,
                linked: &linked,
                found: &found,
            };
            let Some(length) = steps::explained(&site) else {
                self.find(format!(
                    "{} is in the image with other content than its object has: at {:#x} the image has {:02x}, and {:02x} would be linked there",
                    self.name_of(index, at as u64),
                    base + at as u64,
                    found[at],
                    linked[at]
                ));
                return;
            };
            from = at + length;
        }
        if section.kind == Kind::Code {
            self.count_functions(index, base);
        }
    }

    /// Each function of a section that is in place is to be where the image's symbol says.
    fn count_functions(&mut self, section: usize, base: u64) {
        let input = self.input;
        let functions = input.symbols.iter().filter(|symbol| {
            symbol.function && symbol.section == Some(section) && symbol.is_kept()
        });
        for function in functions {
            let address = base.wrapping_add(function.value);
            if self.image.addresses(function.name).contains(&address) {
                self.placed.functions += 1;
            } else if !function.weak {
                self.find(format!(
                    "the image's symbol table has `{}` elsewhere than at {address:#x}, where the rest of its object is",
                    function.name
                ));
            }
        }
    }

    /// Applies one relocation to `linked`, the section as the object has it.
    fn apply(
        &mut self,
        section: usize,
        base: u64,
        relocation: &Relocation,
        linked: &mut [u8],
        found: &[u8],
    ) {
        let at = relocation.offset as usize;
        let Some(meaning) = relocations::meaning(self.input.machine, relocation.kind) else {
            let kind = (self.input.machine, relocation.kind);
            *self.placed.not_computed.entry(kind).or_default() += 1;
            let filled = self.filled_by(relocation, linked.len());
            linked[filled.clone()].copy_from_slice(&found[filled]);
            return;
        };
        let Meaning { value, field } = meaning;
        // A lower part is of what its upper part's relocation says, seen from there.
        let is_lower = value == Value::PairDistance;
        let subject = match is_lower {
            true => relocations::pair(self.input, section, relocation),
            false => Some(relocation),
        };
        let Some(subject) = subject else {
            self.find(format!(
                "a relocation at {at:#x} of section {section} is the lower part of none"
            ));
            return;
        };
        let Some(range) = (at.checked_add(field.size()))
            .filter(|end| *end <= linked.len())
            .map(|end| at..end)
        else {
            self.find(format!(
                "a relocation at {at:#x} of section {section} leads out of it"
            ));
            return;
        };
        let Some(symbol) = subject.symbol.filter(|_| value != Value::Nothing) else {
            return;
        };
        let addend = subject.addend.unwrap_or_else(|| {
            let (bits, _) = field.get(&linked[range.clone()], true);
            bits.cast_signed()
        });
        let place = base.wrapping_add(subject.offset);
        if is_whole_address(meaning) {
            self.placed.addresses.push(place);
        }
        match self.target(symbol, addend) {
            Target::Known(addresses) if value == Value::Slot => {
                let mut forms = addresses.iter();
                if !forms.any(|target| slot::put(linked, found, at, base, *target, self.image)) {
                    self.find(format!(
                        "{} reads the address of `{}`, and the image has neither that nor a word that holds it",
                        self.name_of(section, relocation.offset),
                        self.input.symbols[symbol].name
                    ));
                    linked[range.clone()].copy_from_slice(&found[range]);
                }
            }
            Target::Known(addresses) if matches!(value, Value::Sum | Value::Difference) => {
                let [address] = addresses[..] else {
                    self.find(format!(
                        "{} counts with `{}`, which the image has {} times",
                        self.name_of(section, relocation.offset),
                        self.input.symbols[symbol].name,
                        addresses.len()
                    ));
                    return;
                };
                let target = address.wrapping_add_signed(addend);
                let (before, _) = field.get(&linked[range.clone()], false);
                let sum = before.wrapping_add(value.of(target, place));
                field.put(&mut linked[range], sum);
            }
            Target::Known(addresses) => {
                let mut first = None;
                for address in &addresses {
                    let target = address.wrapping_add_signed(addend);
                    let mut word = linked[range.clone()].to_vec();
                    field.put(&mut word, value.of(target, place));
                    if word == found[range.clone()]
                        || (is_whole_address(meaning)
                            && self.image.filled_at_load(place) == Some(target))
                    {
                        linked[range.clone()].copy_from_slice(&found[range]);
                        return;
                    }
                    first = first.or(Some(word));
                }
                match first {
                    Some(word) => linked[range].copy_from_slice(&word),
                    None => self.find(format!(
                        "{} refers to `{}`, which the image does not have",
                        self.name_of(section, relocation.offset),
                        self.input.symbols[symbol].name
                    )),
                }
            }
            // It was read with its upper part, and agreed with it.
            _ if is_lower => linked[range.clone()].copy_from_slice(&found[range]),
            target => {
                let said = match relocations::is_upper(self.input.machine, relocation.kind) {
                    true => relocations::whole(self.input, section, relocation, found)
                        .map(|whole| self.at_whole(value, whole, place)),
                    false => Some(self.read(meaning, place, &found[range.clone()])),
                };
                let agrees = match said {
                    Some(said) => self.follow(symbol, addend, target, said),
                    None => Err("has no address that all of its instructions agree on".to_owned()),
                };
                if let Err(what) = agrees {
                    let name = self.name_of(section, relocation.offset);
                    self.find(format!("{name} {what}"));
                }
                linked[range.clone()].copy_from_slice(&found[range]);
            }
        }
    }

    /// Where a relocation leads that is about this symbol.
    fn target(&self, symbol: usize, addend: i64) -> Target {
        let Some(symbol) = self.input.symbols.get(symbol) else {
            return Target::Known(Vec::new());
        };
        let Some(section) = symbol.section else {
            let mut addresses = self.image.addresses(symbol.name).to_vec();
            if addresses.is_empty() && symbol.weak {
                addresses.push(0);
            }
            return Target::Known(addresses);
        };
        if let Some(base) = self.bases.get(section).copied().flatten() {
            return Target::Known(vec![base.wrapping_add(symbol.value)]);
        }
        match self.input.sections.get(section).map(|section| section.kind) {
            // A section's own symbol names an entry by what is added to it.
            Some(Kind::Merged { .. }) if symbol.name.is_empty() => {
                Target::Entry(section, symbol.value.wrapping_add_signed(addend))
            }
            Some(Kind::Merged { .. }) => Target::Entry(section, symbol.value),
            _ => Target::Somewhere(section, symbol.value),
        }
    }

    /// Goes where the image's bytes lead, which say these bits of an address, and looks at what is there.
    fn follow(
        &mut self,
        symbol: usize,
        addend: i64,
        target: Target,
        (bits, mask): (u64, u64),
    ) -> Result<(), String> {
        let part = self.parts.entry((symbol, addend)).or_insert((0, 0));
        let both = part.1 & mask;
        if part.0 & both != bits & both {
            return Err("refers to a place with two different addresses".to_owned());
        }
        *part = (part.0 | (bits & mask), part.1 | mask);
        if part.1 != u64::MAX {
            return Ok(());
        }
        let address = part.0;
        let start = self.narrow(address.wrapping_sub(addend.cast_unsigned()));
        match target {
            Target::Somewhere(section, value) => {
                self.put(section, self.narrow(start.wrapping_sub(value)));
                Ok(())
            }
            Target::Entry(section, offset) => {
                let own = self.input.symbols[symbol].name.is_empty();
                let start = if own { self.narrow(address) } else { start };
                self.compare_entry(section, offset, start)
            }
            Target::Known(_) => Ok(()),
        }
    }

    /// The address that an upper and a lower part lead to.
    fn at_whole(&self, value: Value, whole: u64, place: u64) -> (u64, u64) {
        let address = match value {
            Value::Distance => place.wrapping_add(whole),
            _ => whole,
        };
        (self.narrow(address), u64::MAX)
    }

    /// The address that a field leads to, as far as it says.
    fn read(&self, meaning: Meaning, place: u64, found: &[u8]) -> (u64, u64) {
        let Meaning { value, field } = meaning;
        if let Some(address) = self.image.filled_at_load(place)
            && is_whole_address(meaning)
        {
            return (address, u64::MAX);
        }
        let (bits, mask) = field.get(found, value != Value::Address);
        match value {
            Value::Distance => {
                // What a shifted field leaves out is zero in both.
                (self.narrow(place.wrapping_add(bits)), u64::MAX)
            }
            Value::PageDistance => ((place & !0xfff).wrapping_add(bits), !0xfff),
            _ if matches!(field, Field::Bytes(_)) => (self.narrow(bits), mask),
            _ => (bits, mask),
        }
    }

    /// Compares an entry of a merged section with what lies at an address.
    fn compare_entry(&self, section: usize, offset: u64, address: u64) -> Result<(), String> {
        let Kind::Merged { strings, entry } = self.input.sections[section].kind else {
            return Ok(());
        };
        let section = &self.input.sections[section];
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| section.bytes.get(offset..))
            .unwrap_or_default();
        let size = entry as usize;
        let length = if strings {
            let end = rest
                .chunks(size)
                .position(|unit| unit.iter().all(|byte| *byte == 0));
            end.map_or(rest.len(), |end| (end + 1) * size)
        } else {
            size - (offset % entry) as usize
        };
        let made = &rest[..length.min(rest.len())];
        let found = self.image.at(address, made.len() as u64);
        if found.as_deref() == Some(made) {
            Ok(())
        } else {
            Err(format!(
                "refers to {address:#x}, where the image has other data than its section `{}`",
                section.name
            ))
        }
    }

    /// Code that was found nowhere.
    fn account_for_code(&mut self, may_drop: bool) {
        let input = self.input;
        for (index, section) in input.sections.iter().enumerate() {
            if section.kind != Kind::Code || section.size == 0 || self.bases[index].is_some() {
                continue;
            }
            let mut functions = input
                .symbols
                .iter()
                .filter(|symbol| symbol.function && symbol.section == Some(index));
            let first = functions.clone().next();
            if may_drop {
                self.placed.left_out += functions.count();
            } else if first.is_none() || !functions.all(|function| function.weak) {
                let name = first.map_or_else(
                    || format!("its section `{}`", section.name),
                    |function| format!("`{}`", function.name),
                );
                self.find(format!("{name} is not in the image"));
            }
        }
    }

    /// The bytes that a relocation of any machine fills in at most.
    fn filled_by(&self, relocation: &Relocation, length: usize) -> Range<usize> {
        let at = relocation.offset as usize;
        let known = relocations::meaning(self.input.machine, relocation.kind);
        let (start, end) = match known {
            // Linkers change the instruction too.
            Some(meaning) if meaning.value == Value::Slot => (at.saturating_sub(3), at + 4),
            Some(meaning) => (at, at + meaning.field.size()),
            // Instructions of s390 and RISC-V are a multiple of 2 bytes long; 4 bytes are filled.
            None if matches!(self.input.machine, elf::EM_S390 | elf::EM_RISCV) => (at, at + 4),
            None => (at & !3, (at & !3) + 4),
        };
        start.min(length)..end.max(at + relocation.bytes as usize).min(length)
    }

    /// An address of the machine's width.
    fn narrow(&self, address: u64) -> u64 {
        if self.input.is_64 {
            address
        } else {
            address & u64::from(u32::MAX)
        }
    }

    /// What holds an offset in a section, in words.
    fn name_of(&self, section: usize, offset: u64) -> Cow<'static, str> {
        match self.input.function_at(section, offset) {
            Some(function) => format!("the Rust function `{function}`").into(),
            None => format!(
                "the Rust data at {offset:#x} of section `{}`",
                self.input.sections[section].name
            )
            .into(),
        }
    }

    fn find(&mut self, what: String) {
        self.placed.findings.push(what);
    }
}

fn is_whole_address(meaning: Meaning) -> bool {
    meaning.value == Value::Address && matches!(meaning.field, Field::Bytes(4 | 8))
}

fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    one.iter().zip(other).position(|(one, other)| one != other)
}
