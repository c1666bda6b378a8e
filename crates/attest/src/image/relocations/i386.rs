//! x86 of 32 bits.

use object::elf;

use super::{Field, Meaning, Value};

pub fn meaning(kind: u32) -> Option<Meaning> {
    let (value, size) = match kind {
        elf::R_386_NONE => (Value::Nothing, 0),
        elf::R_386_32 => (Value::Address, 4),
        elf::R_386_16 => (Value::Address, 2),
        elf::R_386_8 => (Value::Address, 1),
        elf::R_386_PC32 | elf::R_386_PLT32 => (Value::Distance, 4),
        elf::R_386_PC16 => (Value::Distance, 2),
        elf::R_386_PC8 => (Value::Distance, 1),
        _ => return None,
    };
    Some(Meaning {
        value,
        field: Field::Bytes(size),
    })
}
