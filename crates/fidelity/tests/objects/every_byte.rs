//! No byte of an object can change unnoticed, but for those that only say how the file is put together.

use std::collections::BTreeMap;
use std::ops::Range;

use gateless_fidelity::compare::compare;
use gateless_fidelity::disassembly::Toolbox;
use gateless_fidelity::names::Renames;
use gateless_fidelity::object::read;
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, elf};

use crate::support::{self, OBJECT, Out};

const SOURCE: &str = r#"#![no_std]
#[inline(never)] pub fn one(x: u32) -> u32 { x.wrapping_mul(3) ^ 5 }
#[inline(never)] pub fn two(x: u32) -> u32 { one(x).rotate_left(one(x + 1)) }
#[inline(never)] pub fn text(which: bool) -> &'static str { if which { "some text" } else { "another text" } }
pub static TABLE: [fn(u32) -> u32; 2] = [one, two];
pub static mut ZERO: [u32; 9] = [0; 9];
extern "C" { fn elsewhere(x: u32) -> u32; }
#[inline(never)] pub fn calls(x: u32) -> u32 { unsafe { elsewhere(x) + elsewhere(9) } }
core::arch::global_asm!(".pushsection .note.sample,\"a\",@note", ".long 4, 4, 1", ".asciz \"abc\"", ".long 77", ".popsection");
core::arch::global_asm!(".pushsection .sites,\"a\",@progbits", ".quad {one}", ".quad {two}", ".popsection", one = sym one, two = sym two);
"#;

/// The bytes that may change unnoticed, with the reason.
struct Harmless {
    bytes: Vec<u8>,
    /// Of section headers: file offset, whether it is a table, the range of its content.
    headers: Vec<(usize, bool, Range<usize>)>,
    /// File ranges of what relocations replace.
    fields: Vec<Range<usize>>,
    /// File ranges of entries of the symbol table that stand for no function and no datum.
    markers: Vec<Range<usize>>,
    /// File ranges of relocation tables.
    relocations: Vec<Range<usize>>,
    /// Where the local symbols are that relocations are resolved to.
    places: BTreeMap<u32, (usize, u64)>,
    /// File ranges of sections, with their names.
    sections: Vec<(Range<usize>, String)>,
}

impl Harmless {
    fn new(bytes: &[u8]) -> Self {
        let file = ElfFile64::<Endianness>::parse(bytes).unwrap();
        let endian = file.endian();
        let table = file.elf_header().e_shoff(endian) as usize;
        let mut harmless = Self {
            bytes: bytes.to_vec(),
            headers: Vec::new(),
            fields: Vec::new(),
            markers: Vec::new(),
            relocations: Vec::new(),
            places: BTreeMap::new(),
            sections: Vec::new(),
        };
        for (index, section) in file.elf_section_table().iter().enumerate() {
            let kind = section.sh_type(endian);
            let is_table = matches!(
                kind,
                elf::SHT_NULL | elf::SHT_SYMTAB | elf::SHT_STRTAB | elf::SHT_RELA
            );
            let size = if kind == elf::SHT_NOBITS {
                0
            } else {
                section.sh_size(endian) as usize
            };
            let range =
                section.sh_offset(endian) as usize..section.sh_offset(endian) as usize + size;
            harmless
                .headers
                .push((table + index * 64, is_table, range.clone()));
            if kind == elf::SHT_SYMTAB {
                harmless.markers.push(range.start..range.start + 24);
            }
            if kind == elf::SHT_RELA {
                harmless.relocations.push(range.clone());
            }
            if kind != elf::SHT_NOBITS && kind != elf::SHT_NULL {
                let name = file
                    .elf_section_table()
                    .section_name(endian, section)
                    .unwrap();
                harmless
                    .sections
                    .push((range, String::from_utf8_lossy(name).into_owned()));
            }
        }
        for section in file.sections() {
            let start = section.file_range().map_or(0, |(start, _)| start as usize);
            for (offset, relocation) in section.relocations() {
                let at = start + offset as usize;
                harmless
                    .fields
                    .push(at..at + usize::from(relocation.size() / 8));
            }
        }
        let symbols = file
            .section_by_name(".symtab")
            .unwrap()
            .file_range()
            .unwrap()
            .0 as usize;
        for symbol in file.symbols() {
            if let Some(section) = symbol.section_index().filter(|_| symbol.is_local()) {
                harmless
                    .places
                    .insert(symbol.index().0 as u32, (section.0, symbol.address()));
            }
            if matches!(
                symbol.elf_symbol().st_type(),
                elf::STT_SECTION | elf::STT_FILE
            ) || symbol.name().unwrap().starts_with(".L")
            {
                let at = symbols + symbol.index().0 * 24;
                harmless.markers.push(at..at + 24);
            }
        }
        harmless
    }

    /// Why a change of this byte is none of the code; nothing if it is.
    fn reason(&self, at: usize) -> Option<&'static str> {
        let inside =
            |ranges: &[Range<usize>], at: usize| ranges.iter().any(|range| range.contains(&at));
        if inside(&self.fields, at) {
            return Some("a relocation replaces it");
        }
        if inside(&self.markers, at) {
            return Some("a symbol that only marks a place or names a section or a file");
        }
        if let Some((start, is_table, content)) = self
            .headers
            .iter()
            .find(|(start, ..)| (*start..start + 64).contains(&at))
        {
            if matches!(at - start, 24..32) && content.clone().all(|at| inside(&self.fields, at)) {
                return Some("the offset of what relocations replace altogether");
            }
            return (*is_table || matches!(at - start, 16..24 | 40..48))
                .then_some("a header of a table, an address, a link");
        }
        if let Some(table) = self.relocations.iter().find(|range| range.contains(&at)) {
            let symbol = table.start + (at - table.start) / 24 * 24 + 12;
            if (symbol..symbol + 4).contains(&at) {
                let index = u32::from_le_bytes(self.bytes[symbol..symbol + 4].try_into().unwrap());
                let (old, new) = (
                    self.places.get(&index),
                    self.places.get(&(index ^ 1 << (8 * (at - symbol)))),
                );
                return (old.is_some() && old == new).then_some("another symbol at the same place");
            }
            let name = self
                .sections
                .iter()
                .find(|(range, _)| range.contains(&at))
                .map_or("", |(_, name)| name);
            let number = |from: usize| {
                u64::from_le_bytes(
                    self.bytes[symbol + from..symbol + from + 8]
                        .try_into()
                        .unwrap(),
                )
            };
            if name.starts_with(".rela.debug_") && at >= symbol + 8 {
                return Some("cut off by the field's 32 bits");
            }
            if name.starts_with(".rela.debug_") && at < symbol - 4 && number(4) == 0 {
                return Some("a zero written where there are zeros");
            }
        }
        // ABI version, padding; e_version, e_entry, e_phoff; e_ehsize and what follows.
        if matches!(at, 8..16 | 20..40 | 52..64) {
            return Some("the file header's own matters");
        }
        let Some((range, name)) = self.sections.iter().find(|(range, _)| range.contains(&at))
        else {
            return Some("between sections");
        };
        if [".strtab", ".debug_str", ".debug_line_str"].contains(&name.as_str()) {
            if at == range.start {
                return Some("the empty name");
            }
            let start = self.bytes[range.start..at]
                .iter()
                .rposition(|byte| *byte == 0)
                .map_or(range.start, |zero| range.start + zero + 1);
            let end = at
                + self.bytes[at..range.end]
                    .iter()
                    .position(|byte| *byte == 0)
                    .unwrap_or(0);
            let text = std::str::from_utf8(&self.bytes[start..end]).unwrap();
            if name == ".strtab"
                && [".L", ".rela", ".strtab", ".symtab"]
                    .iter()
                    .any(|start| text.starts_with(start))
            {
                return Some("a temporary label's or a table's name");
            }
            return in_hash(text, at - start).then_some("a hash in a name");
        }
        // Debug information is compared by what it says, not by how.
        match name.as_str() {
            ".debug_addr" | ".debug_str_offsets" if at < range.start + 8 => {
                Some("a header that says how the rest is to be read")
            }
            ".debug_loclists" | ".debug_rnglists" if at < range.start + 12 => {
                Some("a header that says how the rest is to be read")
            }
            ".debug_line" if (0x12..0x1e).contains(&(at - range.start)) => {
                Some("how many operands opcodes have that are not used")
            }
            ".debug_aranges" if (12..16).contains(&(at - range.start)) => Some("padding"),
            ".debug_names" if at + 4 > range.end => Some("padding at the end"),
            ".debug_abbrev" => Some("another form of the same values"),
            _ => None,
        }
    }
}

/// Whether this byte of a name is one of a hash, or of a back reference that a hash shifts.
fn in_hash(text: &str, at: usize) -> bool {
    if let Some(end) = text.find("-cgu") {
        return at < end && text[at..end].bytes().all(|c| c.is_ascii_hexdigit());
    }
    let word = |c: u8| c.is_ascii_alphanumeric();
    let bytes = text.as_bytes();
    let start = bytes[..at]
        .iter()
        .rposition(|c| !word(*c))
        .map_or(0, |place| place + 1);
    let end = at
        + bytes[at..]
            .iter()
            .position(|c| !word(*c))
            .unwrap_or(bytes.len() - at);
    let before = &text[start..at];
    text.contains("_R")
        && bytes.get(end) == Some(&b'_')
        && (before.contains("Cs") || before.contains('B'))
}

/// Changes each byte of an object that is in one of the sections `wanted` or, for the empty name, in none. What is not noticed must be harmless.
/// There are at least `least` to change.
fn sweep(options: &[&str], least: usize, wanted: impl Fn(&str) -> bool) {
    let out = Out::new(SOURCE, options);
    let bytes = fs_err::read(out.path.join(OBJECT)).unwrap();
    let mut tools = Toolbox::new(support::llvm());
    let roots = [out.path.to_string()];
    let renames = Renames::default();
    let original = read(&bytes, &roots, &renames, &mut tools).unwrap();
    assert!(
        compare(&original, &original)
            .unwrap()
            .differences
            .is_empty()
    );
    let harmless = Harmless::new(&bytes);
    let mut unnoticed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut noticed, mut all) = (0, 0);
    for at in 0..bytes.len() {
        let section = harmless
            .sections
            .iter()
            .find(|(range, _)| range.contains(&at));
        let name = section.map_or("", |(_, name)| name);
        if !wanted(name) {
            continue;
        }
        all += 1;
        let mut changed = bytes.clone();
        changed[at] ^= 0x01;
        let found = match read(&changed, &roots, &renames, &mut tools) {
            Ok(changed) => {
                compare(&original, &changed).map_or(true, |found| !found.differences.is_empty())
            }
            Err(_) => true,
        };
        if found {
            noticed += 1;
        } else if harmless.reason(at).is_none() {
            let around =
                String::from_utf8_lossy(&bytes[at.saturating_sub(12)..(at + 12).min(bytes.len())])
                    .into_owned();
            let offset = at - section.map_or(0, |(range, _)| range.start);
            unnoticed.entry(name.to_owned()).or_default().push(format!(
                "{offset:#x} in it, {at:#x} in the file, amid {around:?}"
            ));
        }
    }
    assert!(all > least && noticed > all / 3, "{noticed} of {all}");
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

#[test]
fn of_code_and_data() {
    sweep(
        &["-Zfunction-sections=n", "-Zpatchable-function-entry=4,4"],
        1000,
        |_| true,
    );
}

#[test]
fn of_debug_information() {
    sweep(&["-Cdebuginfo=2", "-Cdwarf-version=5"], 1000, |name| {
        name.contains(".debug_")
    });
}

#[test]
fn of_unwinding_tables_and_address_ranges() {
    sweep(
        &[
            "-Cdebuginfo=2",
            "-Cdwarf-version=4",
            "-Cforce-unwind-tables=n",
        ],
        250,
        |name| name.contains(".debug_frame") || name.contains(".debug_aranges"),
    );
}
