//! What a linker leaves where a relocation is, one file per machine.
//!
//! A kind that no file has is not computed: the word around it is left out of the comparison, and the proof says so.

mod aarch64;
mod i386;
mod riscv;
mod x86_64;

use std::borrow::Cow;

use object::elf;

use super::input::{Input, Relocation};

/// What one kind of relocation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What is computed.
    pub value: Value,
    /// Where it is put.
    pub field: Field,
}

/// What is computed from the target's address and the place's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Nothing: the relocation is a remark.
    Nothing,
    /// The address.
    Address,
    /// How far it is from the place.
    Distance,
    /// How far its 4 KiB page is from the place's page.
    PageDistance,
    /// What another relocation computes, at the place where this one's symbol is ([`pair`]).
    PairDistance,
    /// The address, added to what is there. What comes of it is only known once all relocations of a place were applied.
    Sum,
    /// The address, taken from what is there.
    Difference,
    /// How far a word is that holds the address (in the global offset table), or what the linker makes of the instruction without such a word.
    Slot,
}

/// How a value is put into bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Little-endian, in this many bytes.
    Bytes(usize),
    /// Some bits of an instruction of 4 little-endian bytes.
    Bits {
        /// The first bit of the instruction.
        at: u32,
        /// How many.
        count: u32,
        /// How many low bits of the value are left out.
        shift: u32,
    },
    /// arm64's `adr` and `adrp`: two low bits at 29, the others at 5.
    Adr {
        /// How many low bits of the value are left out.
        shift: u32,
    },
    /// RISC-V's instructions.
    Riscv(riscv::Format),
}

/// The meaning of a machine's relocation; nothing for one that is not known.
pub fn meaning(machine: u16, kind: u32) -> Option<Meaning> {
    match machine {
        elf::EM_X86_64 => x86_64::meaning(kind),
        elf::EM_386 => i386::meaning(kind),
        elf::EM_AARCH64 => aarch64::meaning(kind),
        elf::EM_RISCV => riscv::meaning(kind),
        _ => None,
    }
}

/// A section's relocations as the linker applied them: some, with the instructions in `linked`, in another form that `found` shows.
pub fn applied<'r>(
    machine: u16,
    relocations: &'r [Relocation],
    linked: &mut [u8],
    found: &[u8],
) -> Cow<'r, [Relocation]> {
    match machine {
        elf::EM_AARCH64 => aarch64::relaxed(relocations, linked, found).into(),
        _ => relocations.into(),
    }
}

/// The relocation of the upper part that one of a lower part in this section is about ([`Value::PairDistance`]).
pub fn pair<'i>(
    input: &'i Input<'_>,
    section: usize,
    relocation: &Relocation,
) -> Option<&'i Relocation> {
    let label = input.symbols.get(relocation.symbol?)?;
    if label.section != Some(section) {
        return None;
    }
    let mut all = input.sections.get(section)?.relocations.iter();
    all.find(|upper| upper.offset == label.value && is_upper(input.machine, upper.kind))
}

/// Whether what a relocation computes is rounded, and another one has the rest.
pub fn is_upper(machine: u16, kind: u32) -> bool {
    meaning(machine, kind)
        .is_some_and(|meaning| meaning.field == Field::Riscv(riscv::Format::Upper))
}

/// What the instruction of an upper part and those of the lower part come to, as the linked section has them: the address, or how far it is. Nothing
/// where there is no lower part, or where two say different things.
pub fn whole(input: &Input<'_>, section: usize, upper: &Relocation, found: &[u8]) -> Option<u64> {
    let read = |relocation: &Relocation, field: Field| {
        let at = usize::try_from(relocation.offset).ok()?;
        let bytes = found.get(at..at.checked_add(field.size())?)?;
        Some(field.get(bytes, true).0)
    };
    let is_distance = meaning(input.machine, upper.kind)?.value == Value::Distance;
    let mut lowers = input.sections[section].relocations.iter().filter_map(|r| {
        let Meaning { value, field } = meaning(input.machine, r.kind)?;
        let is_of_it = match value {
            Value::PairDistance => {
                pair(input, section, r).is_some_and(|pair| std::ptr::eq(pair, upper))
            }
            Value::Address => {
                !is_distance
                    && field.is_lower()
                    && (r.symbol, r.addend) == (upper.symbol, upper.addend)
            }
            _ => false,
        };
        is_of_it.then(|| read(r, field))
    });
    let lower = lowers.next()??;
    let field = meaning(input.machine, upper.kind)?.field;
    let whole = read(upper, field)?.wrapping_add(lower);
    lowers.all(|other| other == Some(lower)).then_some(whole)
}

impl Value {
    /// The value, where that does not depend on what the linker makes of the instruction.
    pub fn of(self, target: u64, place: u64) -> u64 {
        match self {
            Value::Nothing | Value::Slot => 0,
            Value::Address | Value::Sum => target,
            Value::Difference => target.wrapping_neg(),
            Value::Distance | Value::PairDistance => target.wrapping_sub(place),
            Value::PageDistance => (target & !0xfff).wrapping_sub(place & !0xfff),
        }
    }
}

impl Field {
    /// How many bytes it touches.
    pub fn size(self) -> usize {
        match self {
            Field::Bytes(size) => size,
            Field::Bits { .. } | Field::Adr { .. } => 4,
            Field::Riscv(format) => format.size(),
        }
    }

    /// Whether it holds the lower part of what another one holds the upper of.
    fn is_lower(self) -> bool {
        use riscv::Format;
        matches!(self, Field::Riscv(Format::Immediate | Format::Store))
    }

    /// Puts a value in. `bytes` has the field's size.
    pub fn put(self, bytes: &mut [u8], value: u64) {
        match self {
            Field::Bytes(size) => bytes[..size].copy_from_slice(&value.to_le_bytes()[..size]),
            Field::Bits { at, count, shift } => {
                let mask = ones(count) << at;
                set(bytes, mask, ((value >> shift) << at) & mask);
            }
            Field::Adr { shift } => {
                let value = value >> shift;
                let bits = ((value & 3) << 29) | (((value >> 2) & ones(19)) << 5);
                set(bytes, (3 << 29) | (ones(19) << 5), bits);
            }
            Field::Riscv(format) => format.put(bytes, value),
        }
    }

    /// What the bytes say of the value: these bits of it, under this mask. With `signed`, the field's highest bit stands for all above it.
    pub fn get(self, bytes: &[u8], is_signed: bool) -> (u64, u64) {
        let signed = |value: u64, bits: u32, shift: u32| {
            let up = 64 - bits;
            let wide = ((value << up).cast_signed() >> up) << shift;
            (wide.cast_unsigned(), u64::MAX << shift)
        };
        match self {
            Field::Bytes(size) => {
                let mut word = [0; 8];
                word[..size].copy_from_slice(&bytes[..size]);
                signed(u64::from_le_bytes(word), 8 * size as u32, 0)
            }
            Field::Bits { at, count, shift } => {
                let bits = (word(bytes) >> at) & ones(count);
                if is_signed {
                    signed(bits, count, shift)
                } else {
                    (bits << shift, ones(count) << shift)
                }
            }
            Field::Adr { shift } => {
                let word = word(bytes);
                let bits = ((word >> 29) & 3) | (((word >> 5) & ones(19)) << 2);
                signed(bits, 21, shift)
            }
            Field::Riscv(format) => format.get(bytes, is_signed),
        }
    }
}

fn ones(count: u32) -> u64 {
    (1 << count) - 1
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[..4]);
    u32::from_le_bytes(word).into()
}

fn set(bytes: &mut [u8], mask: u64, bits: u64) {
    let new = (word(bytes) & !mask) | bits;
    bytes[..4].copy_from_slice(&new.to_le_bytes()[..4]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_field_is_read_from_it_and_nothing_else_changes() {
        let fields = [
            (Field::Bytes(4), (-20_i64).cast_unsigned()),
            (Field::Adr { shift: 12 }, (-0x3000_i64).cast_unsigned()),
            (Field::Adr { shift: 0 }, 0x4321),
        ];
        for (field, value) in fields {
            for before in [0_u8, 0xff] {
                let mut bytes = [before; 4];
                field.put(&mut bytes, value);
                let (bits, mask) = field.get(&bytes, true);
                assert_eq!(bits, value & mask, "{field:?}");
            }
        }
        let branch = Field::Bits {
            at: 0,
            count: 26,
            shift: 2,
        };
        let mut bytes = 0x9400_0000_u32.to_le_bytes();
        branch.put(&mut bytes, (-8_i64).cast_unsigned());
        assert_eq!(u32::from_le_bytes(bytes), 0x97ff_fffe);
    }
}
