//! arm64, little-endian.

use object::elf;

use super::{Field, Meaning, Value};

pub fn meaning(kind: u32) -> Option<Meaning> {
    let bytes = |value, size| (value, Field::Bytes(size));
    let bits = |value, at, count, shift| (value, Field::Bits { at, count, shift });
    let (value, field) = match kind {
        elf::R_AARCH64_NONE => bytes(Value::Nothing, 0),
        elf::R_AARCH64_ABS64 => bytes(Value::Address, 8),
        elf::R_AARCH64_ABS32 => bytes(Value::Address, 4),
        elf::R_AARCH64_ABS16 => bytes(Value::Address, 2),
        elf::R_AARCH64_PREL64 => bytes(Value::Distance, 8),
        elf::R_AARCH64_PREL32 => bytes(Value::Distance, 4),
        elf::R_AARCH64_PREL16 => bytes(Value::Distance, 2),
        elf::R_AARCH64_JUMP26 | elf::R_AARCH64_CALL26 => bits(Value::Distance, 0, 26, 2),
        elf::R_AARCH64_CONDBR19 | elf::R_AARCH64_LD_PREL_LO19 => bits(Value::Distance, 5, 19, 2),
        elf::R_AARCH64_TSTBR14 => bits(Value::Distance, 5, 14, 2),
        elf::R_AARCH64_ADR_PREL_LO21 => (Value::Distance, Field::Adr { shift: 0 }),
        elf::R_AARCH64_ADR_PREL_PG_HI21 | elf::R_AARCH64_ADR_PREL_PG_HI21_NC => {
            (Value::PageDistance, Field::Adr { shift: 12 })
        }
        elf::R_AARCH64_ADD_ABS_LO12_NC | elf::R_AARCH64_LDST8_ABS_LO12_NC => {
            bits(Value::Address, 10, 12, 0)
        }
        elf::R_AARCH64_LDST16_ABS_LO12_NC => bits(Value::Address, 10, 11, 1),
        elf::R_AARCH64_LDST32_ABS_LO12_NC => bits(Value::Address, 10, 10, 2),
        elf::R_AARCH64_LDST64_ABS_LO12_NC => bits(Value::Address, 10, 9, 3),
        elf::R_AARCH64_LDST128_ABS_LO12_NC => bits(Value::Address, 10, 8, 4),
        elf::R_AARCH64_MOVW_UABS_G0 | elf::R_AARCH64_MOVW_UABS_G0_NC => {
            bits(Value::Address, 5, 16, 0)
        }
        elf::R_AARCH64_MOVW_UABS_G1 | elf::R_AARCH64_MOVW_UABS_G1_NC => {
            bits(Value::Address, 5, 16, 16)
        }
        elf::R_AARCH64_MOVW_UABS_G2 | elf::R_AARCH64_MOVW_UABS_G2_NC => {
            bits(Value::Address, 5, 16, 32)
        }
        elf::R_AARCH64_MOVW_UABS_G3 => bits(Value::Address, 5, 16, 48),
        _ => return None,
    };
    Some(Meaning { value, field })
}
