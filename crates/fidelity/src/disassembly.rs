//! Machine code as text, with the targets of relocations by name; for any architecture that the compiler's LLVM knows.

use std::collections::BTreeMap;

use gateless_llvm::{Disassembler, Llvm};
use gateless_model::Result;
use object::elf;

use crate::object::{Form, Header, Item, Object};

/// Bytes in a line of code that can't be decoded.
const UNDECODED: usize = 4;
/// Bytes in a line of data.
const ROW: usize = 8;

/// LLVM, and its disassemblers made so far.
pub struct Toolbox {
    /// The library.
    pub llvm: &'static Llvm,
    made: BTreeMap<&'static str, Disassembler>,
}

/// What LLVM calls a machine: triple, and the features without which some instructions would not be decoded.
fn target(header: &Header) -> Option<(&'static str, &'static str)> {
    // All features of RISC-V that are used are named: LLVM assumes none. AArch64 has a name for all of them.
    const RISCV: &str = "+m,+a,+f,+d,+c,+v,+zicsr,+zifencei,+zba,+zbb,+zbs";
    Some(match (header.machine, header.is_64, header.is_little) {
        (elf::EM_X86_64, ..) => ("x86_64-unknown-linux-gnu", ""),
        (elf::EM_386, ..) => ("i686-unknown-linux-gnu", ""),
        (elf::EM_AARCH64, _, true) => ("aarch64-unknown-linux-gnu", "+all"),
        (elf::EM_ARM, _, true) => ("armv7-unknown-linux-gnueabi", ""),
        (elf::EM_RISCV, true, _) => ("riscv64-unknown-linux-gnu", RISCV),
        (elf::EM_RISCV, false, _) => ("riscv32-unknown-linux-gnu", RISCV),
        (elf::EM_LOONGARCH, true, _) => ("loongarch64-unknown-linux-gnu", "+d,+lsx,+lasx"),
        (elf::EM_S390, true, _) => ("s390x-unknown-linux-gnu", ""),
        (elf::EM_PPC64, _, true) => ("powerpc64le-unknown-linux-gnu", ""),
        (elf::EM_PPC64, _, false) => ("powerpc64-unknown-linux-gnu", ""),
        (elf::EM_PPC, ..) => ("powerpc-unknown-linux-gnu", ""),
        (elf::EM_MIPS, true, true) => ("mips64el-unknown-linux-gnuabi64", ""),
        (elf::EM_MIPS, true, false) => ("mips64-unknown-linux-gnuabi64", ""),
        (elf::EM_MIPS, false, true) => ("mipsel-unknown-linux-gnu", ""),
        (elf::EM_MIPS, false, false) => ("mips-unknown-linux-gnu", ""),
        (elf::EM_SPARCV9, ..) => ("sparc64-unknown-linux-gnu", ""),
        (elf::EM_HEXAGON, ..) => ("hexagon-unknown-linux-musl", ""),
        (elf::EM_68K, ..) => ("m68k-unknown-linux-gnu", ""),
        _ => return None,
    })
}

impl Toolbox {
    /// A toolbox around a loaded LLVM.
    pub fn new(llvm: &'static Llvm) -> Self {
        Self {
            llvm,
            made: BTreeMap::new(),
        }
    }

    /// The disassembler for an object; nothing for a machine that no LLVM back end is known for.
    pub fn disassembler(&mut self, header: &Header) -> Result<Option<&mut Disassembler>> {
        let Some((triple, features)) = target(header) else {
            return Ok(None);
        };
        if let std::collections::btree_map::Entry::Vacant(place) = self.made.entry(triple) {
            place.insert(Disassembler::new(self.llvm, triple, "", features)?);
        }
        Ok(self.made.get_mut(triple))
    }

    /// An item as lines: instructions with their offset from the entry for code, bytes else; relocations at the end of their line.
    ///
    /// The instructions' own bytes are only shown where they can't be decoded.
    pub fn lines(&mut self, object: &Object, item: &Item) -> Result<Vec<String>> {
        let bytes = object.content(item);
        let is_code = object.sections[item.section].role == crate::object::Role::Code;
        let disassembler = if is_code {
            self.disassembler(&object.header)?
        } else {
            None
        };
        let mut disassembler = disassembler;
        let mut lines = Vec::new();
        let mut references = item.references.iter().peekable();
        let mut at = 0;
        while at < bytes.len() {
            let offset = at as i64 - (item.entry - item.start) as i64;
            let left = bytes.len() - at;
            let direct = references
                .peek()
                .filter(|reference| reference.offset == offset)
                .and_then(|reference| match &reference.form {
                    Form::Direct { length, text } => Some((*length, text.clone())),
                    Form::Relocation(_) => None,
                });
            let decoded = match (&mut disassembler, &direct) {
                (Some(disassembler), None) => disassembler.decode(&bytes[at..], offset as u64)?,
                _ => None,
            };
            let (length, mut text) = match (direct, decoded) {
                (Some((length, text)), _) => (length.min(left), text),
                (None, Some(instruction)) => (
                    instruction.length.min(left),
                    instruction.text.replace('\t', " "),
                ),
                (None, None) => {
                    let length = if is_code { UNDECODED } else { ROW }.min(left);
                    let hex: Vec<String> = bytes[at..at + length]
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect();
                    (length, hex.join(" "))
                }
            };
            while let Some(reference) =
                references.next_if(|reference| reference.offset < offset + length as i64)
            {
                match reference.form {
                    Form::Relocation(_) => {
                        text.push_str(&format!("  # {}", object.show_reference(reference)))
                    }
                    Form::Direct { .. } => {
                        text.push_str(&format!(" {}", object.show_target(&reference.target)))
                    }
                }
            }
            lines.push(format!("{offset:>6x}: {text}"));
            at += length;
        }
        Ok(lines)
    }
}
