//! Relocating debug sections, so that addresses in them tell which section they are in.

use gateless_model::{Failure, Result};
use object::elf;

use super::SymbolPlace;
use crate::object::{Object, Relocation, Role, Section};

/// An address for every section that is not debug information itself, far enough from each other for 32-bit objects too.
pub struct Addresses {
    /// (address, size, index), in the order of the addresses.
    sections: Vec<(u64, u64, usize)>,
}

/// No section has the address 0, which stands for "none" in debug information.
const FIRST: u64 = 0x1000;

impl Addresses {
    /// Puts the sections of `object` one behind the other.
    pub fn new(object: &Object) -> Self {
        let mut at = FIRST;
        let mut sections = Vec::new();
        for (index, section) in object.sections.iter().enumerate() {
            if matches!(section.role, Role::Code | Role::Data) {
                sections.push((at, section.size, index));
                at = (at + section.size + 1).next_multiple_of(FIRST);
            }
        }
        Self { sections }
    }

    fn of(&self, section: usize) -> u64 {
        self.sections
            .iter()
            .find(|(_, _, index)| *index == section)
            .map_or(0, |(address, ..)| *address)
    }

    /// The section and the offset in it of an address.
    pub fn place(&self, address: u64) -> Option<(usize, u64)> {
        let at = self
            .sections
            .partition_point(|(start, ..)| *start <= address)
            .checked_sub(1)?;
        let (start, size, index) = self.sections[at];
        (address - start <= size).then_some((index, address - start))
    }
}

/// How a relocation changes its field.
enum Change {
    Set(u64),
    Add(u64, i64),
    /// The low six bits of a byte.
    Low6(i64),
    SetLow6,
    Uleb(i64),
    SetUleb,
    /// Relaxation hints and the like.
    Nothing,
}

/// What the types do that are found in debug sections; widths in bytes.
fn change(machine: u16, relocation: &Relocation) -> Option<Change> {
    use Change::{Add, Low6, Nothing, Set, SetLow6, SetUleb, Uleb};
    if machine == elf::EM_RISCV {
        match relocation.kind {
            elf::R_RISCV_NONE | elf::R_RISCV_RELAX | elf::R_RISCV_ALIGN => return Some(Nothing),
            elf::R_RISCV_ADD8 => return Some(Add(1, 1)),
            elf::R_RISCV_ADD16 => return Some(Add(2, 1)),
            elf::R_RISCV_ADD32 => return Some(Add(4, 1)),
            elf::R_RISCV_ADD64 => return Some(Add(8, 1)),
            elf::R_RISCV_SUB8 => return Some(Add(1, -1)),
            elf::R_RISCV_SUB16 => return Some(Add(2, -1)),
            elf::R_RISCV_SUB32 => return Some(Add(4, -1)),
            elf::R_RISCV_SUB64 => return Some(Add(8, -1)),
            elf::R_RISCV_SUB6 => return Some(Low6(-1)),
            elf::R_RISCV_SET6 => return Some(SetLow6),
            elf::R_RISCV_SET8 => return Some(Set(1)),
            elf::R_RISCV_SET16 => return Some(Set(2)),
            elf::R_RISCV_SET32 => return Some(Set(4)),
            elf::R_RISCV_SET_ULEB128 => return Some(SetUleb),
            elf::R_RISCV_SUB_ULEB128 => return Some(Uleb(-1)),
            _ => {}
        }
    }
    if machine == elf::EM_LOONGARCH {
        match relocation.kind {
            elf::R_LARCH_NONE | elf::R_LARCH_RELAX | elf::R_LARCH_ALIGN => return Some(Nothing),
            elf::R_LARCH_ADD8 => return Some(Add(1, 1)),
            elf::R_LARCH_ADD16 => return Some(Add(2, 1)),
            elf::R_LARCH_ADD24 => return Some(Add(3, 1)),
            elf::R_LARCH_ADD32 => return Some(Add(4, 1)),
            elf::R_LARCH_ADD64 => return Some(Add(8, 1)),
            elf::R_LARCH_SUB8 => return Some(Add(1, -1)),
            elf::R_LARCH_SUB16 => return Some(Add(2, -1)),
            elf::R_LARCH_SUB24 => return Some(Add(3, -1)),
            elf::R_LARCH_SUB32 => return Some(Add(4, -1)),
            elf::R_LARCH_SUB64 => return Some(Add(8, -1)),
            elf::R_LARCH_ADD6 => return Some(Low6(1)),
            elf::R_LARCH_SUB6 => return Some(Low6(-1)),
            elf::R_LARCH_ADD_ULEB128 => return Some(Uleb(1)),
            elf::R_LARCH_SUB_ULEB128 => return Some(Uleb(-1)),
            _ => {}
        }
    }
    (relocation.width > 0).then_some(Set(relocation.width))
}

/// The section's content as a linker would leave it, with the addresses given.
pub fn apply(
    object: &Object,
    section: &Section,
    symbols: &[SymbolPlace],
    addresses: &Addresses,
) -> Result<Vec<u8>> {
    let mut bytes = section.bytes.clone();
    let little = object.header.is_little;
    for relocation in &section.relocations {
        let base = match relocation.symbol.and_then(|symbol| symbols.get(symbol)) {
            Some(SymbolPlace {
                section: Some(section),
                value,
            }) => addresses.of(*section).wrapping_add(*value),
            Some(SymbolPlace {
                section: None,
                value,
            }) => *value,
            None => 0,
        };
        let value = base.wrapping_add(relocation.addend as u64);
        let Some(change) = change(object.header.machine, relocation) else {
            let name = object.relocation_name(relocation.kind);
            return Err(Failure::failed(format!(
                "its section {} has a relocation {name}, which is not supported there",
                section.name
            )));
        };
        let at = relocation.offset as usize;
        let beyond = || {
            Failure::failed(format!(
                "its section {} has a relocation outside of it",
                section.name
            ))
        };
        match change {
            Change::Nothing => {}
            Change::Set(width) => write(
                bytes.get_mut(at..at + width as usize).ok_or_else(beyond)?,
                value,
                little,
            ),
            Change::Add(width, sign) => {
                let field = bytes.get_mut(at..at + width as usize).ok_or_else(beyond)?;
                let sum = fetch(field, little).wrapping_add_signed(sign.wrapping_mul(value as i64));
                write(field, sum, little);
            }
            Change::SetLow6 | Change::Low6(_) => {
                let byte = bytes.get_mut(at).ok_or_else(beyond)?;
                let low = match change {
                    Change::Low6(sign) => {
                        u64::from(*byte & 0x3f).wrapping_add_signed(sign.wrapping_mul(value as i64))
                    }
                    _ => value,
                };
                *byte = *byte & 0xc0 | low as u8 & 0x3f;
            }
            Change::SetUleb | Change::Uleb(_) => {
                let length = bytes
                    .get(at..)
                    .and_then(|rest| rest.iter().position(|byte| byte & 0x80 == 0))
                    .ok_or_else(beyond)?
                    + 1;
                let field = &mut bytes[at..at + length];
                let old = field
                    .iter()
                    .rev()
                    .fold(0u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
                let mut new = match change {
                    Change::Uleb(sign) => old.wrapping_add_signed(sign.wrapping_mul(value as i64)),
                    _ => value,
                };
                for byte in field {
                    *byte = *byte & 0x80 | new as u8 & 0x7f;
                    new >>= 7;
                }
            }
        }
    }
    Ok(bytes)
}

fn fetch(field: &[u8], little: bool) -> u64 {
    let next = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if little {
        field.iter().rev().fold(0, next)
    } else {
        field.iter().fold(0, next)
    }
}

fn write(field: &mut [u8], value: u64, little: bool) {
    let last = field.len() - 1;
    for (index, byte) in field.iter_mut().enumerate() {
        let place = if little { index } else { last - index };
        *byte = (value >> (8 * place)) as u8;
    }
}
