//! x86_64.

use object::elf;

use super::{Field, Meaning, Value};

pub fn meaning(kind: u32) -> Option<Meaning> {
    let (value, size) = match kind {
        elf::R_X86_64_NONE => (Value::Nothing, 0),
        elf::R_X86_64_64 => (Value::Address, 8),
        elf::R_X86_64_32 | elf::R_X86_64_32S => (Value::Address, 4),
        elf::R_X86_64_16 => (Value::Address, 2),
        elf::R_X86_64_8 => (Value::Address, 1),
        elf::R_X86_64_PC64 => (Value::Distance, 8),
        // A procedure linkage table is only needed for what is not in the image.
        elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 => (Value::Distance, 4),
        elf::R_X86_64_PC16 => (Value::Distance, 2),
        elf::R_X86_64_PC8 => (Value::Distance, 1),
        elf::R_X86_64_GOTPCREL | elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX => {
            (Value::Slot, 4)
        }
        _ => return None,
    };
    Some(Meaning {
        value,
        field: Field::Bytes(size),
    })
}
