//! arm64, little-endian.

use object::elf;

use super::{Field, Meaning, Value, word};
use crate::image::input::Relocation;

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

const NOP: u64 = 0xd503_201f;

/// LLD's relaxation: an `adrp` and an `add` that together make an address within reach of `adr` become `nop` and `adr`. Where `found` has that,
/// `linked` gets these instructions with nothing in their fields, and what is returned takes the place of the two relocations.
pub fn relaxed(relocations: &[Relocation], linked: &mut [u8], found: &[u8]) -> Vec<Relocation> {
    let mut list = Vec::with_capacity(relocations.len());
    let mut rest = relocations;
    while let [first, others @ ..] = rest {
        rest = others;
        list.push(*first);
        let Some(second) = others.first().filter(|second| are_pair(first, second)) else {
            continue;
        };
        let Ok(at) = usize::try_from(first.offset) else {
            continue;
        };
        let (Some(made), Some(now)) = (linked.get_mut(at..at + 8), found.get(at..at + 8)) else {
            continue;
        };
        let (adrp, add) = (word(made), word(&made[4..]));
        let register = adrp & 0x1f;
        let is_pair = adrp & 0x9f00_0000 == 0x9000_0000
            && add & 0xffc0_03ff == 0x9100_0000 | (register << 5) | register;
        let adr = 0x1000_0000 | register;
        if is_pair && word(now) == NOP && word(&now[4..]) & 0x9f00_001f == adr {
            made[..4].copy_from_slice(&NOP.to_le_bytes()[..4]);
            made[4..].copy_from_slice(&adr.to_le_bytes()[..4]);
            list.pop();
            list.push(Relocation {
                kind: elf::R_AARCH64_ADR_PREL_LO21,
                ..*second
            });
            rest = &others[1..];
        }
    }
    list
}

/// Whether they are about the two parts of one address, one instruction after the other.
fn are_pair(first: &Relocation, second: &Relocation) -> bool {
    first.kind == elf::R_AARCH64_ADR_PREL_PG_HI21
        && second.kind == elf::R_AARCH64_ADD_ABS_LO12_NC
        && second.offset == first.offset + 4
        && (first.symbol, first.addend) == (second.symbol, second.addend)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `adrp x3, 0; add x3, x3, #0`, linked to what LLD writes for it.
    #[test]
    fn only_the_pair_that_lld_writes_another_way_is_taken_for_one() {
        let words = |words: [u32; 2]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        let relocation = |offset, kind| Relocation {
            offset,
            kind,
            symbol: Some(1),
            addend: Some(0),
            bytes: 4,
        };
        let pair = [
            relocation(0, elf::R_AARCH64_ADR_PREL_PG_HI21),
            relocation(4, elf::R_AARCH64_ADD_ABS_LO12_NC),
        ];
        let object = words([0x9000_0003, 0x9100_0063]);
        for (found, is_taken) in [
            ([0xd503_201f, 0x1000_0043], true),
            // Another register, and another instruction in front.
            ([0xd503_201f, 0x1000_0044], false),
            ([0xd503_205f, 0x1000_0043], false),
            ([0x9000_0003, 0x9100_8063], false),
        ] {
            let mut linked = object.clone();
            let list = relaxed(&pair, &mut linked, &words(found));
            let kinds: Vec<u32> = list.iter().map(|relocation| relocation.kind).collect();
            if is_taken {
                assert_eq!(kinds, [elf::R_AARCH64_ADR_PREL_LO21]);
                assert_eq!(linked, words([0xd503_201f, 0x1000_0003]));
            } else {
                assert_eq!(kinds.len(), 2, "{found:x?}");
                assert_eq!(linked, object);
            }
        }
    }
}
