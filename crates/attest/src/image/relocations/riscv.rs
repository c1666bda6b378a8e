//! RISC-V of 32 and 64 bits, without linker relaxation, which rustc's targets for kernels don't ask for.

use object::elf;

use super::{Field, Meaning, Value};

/// How an instruction holds a value (the ISA manual's names of formats).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `lui`, `auipc`: the upper 20 bits, rounded, as the lower 12 are signed.
    Upper,
    /// Loads, `addi`, `jalr`: the lower 12 bits.
    Immediate,
    /// Stores: the lower 12 bits.
    Store,
    /// Conditional branches.
    Branch,
    /// `jal`.
    Jump,
    /// `auipc` and the `jalr` after it.
    Call,
    /// Compressed conditional branches.
    ShortBranch,
    /// Compressed jumps.
    ShortJump,
}

pub fn meaning(kind: u32) -> Option<Meaning> {
    let bytes = |value, size| (value, Field::Bytes(size));
    let code = |value, format| (value, Field::Riscv(format));
    let (value, field) = match kind {
        elf::R_RISCV_NONE => bytes(Value::Nothing, 0),
        elf::R_RISCV_32 => bytes(Value::Address, 4),
        elf::R_RISCV_64 => bytes(Value::Address, 8),
        elf::R_RISCV_32_PCREL => bytes(Value::Distance, 4),
        elf::R_RISCV_ADD8 => bytes(Value::Sum, 1),
        elf::R_RISCV_ADD16 => bytes(Value::Sum, 2),
        elf::R_RISCV_ADD32 => bytes(Value::Sum, 4),
        elf::R_RISCV_ADD64 => bytes(Value::Sum, 8),
        elf::R_RISCV_SUB8 => bytes(Value::Difference, 1),
        elf::R_RISCV_SUB16 => bytes(Value::Difference, 2),
        elf::R_RISCV_SUB32 => bytes(Value::Difference, 4),
        elf::R_RISCV_SUB64 => bytes(Value::Difference, 8),
        elf::R_RISCV_HI20 => code(Value::Address, Format::Upper),
        elf::R_RISCV_LO12_I => code(Value::Address, Format::Immediate),
        elf::R_RISCV_LO12_S => code(Value::Address, Format::Store),
        elf::R_RISCV_PCREL_HI20 => code(Value::Distance, Format::Upper),
        elf::R_RISCV_PCREL_LO12_I => code(Value::PairDistance, Format::Immediate),
        elf::R_RISCV_PCREL_LO12_S => code(Value::PairDistance, Format::Store),
        elf::R_RISCV_CALL | elf::R_RISCV_CALL_PLT => code(Value::Distance, Format::Call),
        elf::R_RISCV_JAL => code(Value::Distance, Format::Jump),
        elf::R_RISCV_BRANCH => code(Value::Distance, Format::Branch),
        elf::R_RISCV_RVC_BRANCH => code(Value::Distance, Format::ShortBranch),
        elf::R_RISCV_RVC_JUMP => code(Value::Distance, Format::ShortJump),
        _ => return None,
    };
    Some(Meaning { value, field })
}

/// Where the bits of a value stand in an instruction: (bit of the value, bit of the instruction, how many).
type Bits = &'static [(u32, u32, u32)];

impl Format {
    /// Bytes of the instruction, or of both.
    pub fn size(self) -> usize {
        match self {
            Format::Call => 8,
            Format::ShortBranch | Format::ShortJump => 2,
            _ => 4,
        }
    }

    fn bits(self) -> Bits {
        match self {
            Format::Upper => &[(12, 12, 20)],
            Format::Immediate => &[(0, 20, 12)],
            Format::Store => &[(0, 7, 5), (5, 25, 7)],
            Format::Branch => &[(11, 7, 1), (1, 8, 4), (5, 25, 6), (12, 31, 1)],
            Format::Jump => &[(12, 12, 8), (11, 20, 1), (1, 21, 10), (20, 31, 1)],
            Format::Call => &[(12, 12, 20), (0, 32 + 20, 12)],
            Format::ShortBranch => &[(5, 2, 1), (1, 3, 2), (6, 5, 2), (3, 10, 2), (8, 12, 1)],
            Format::ShortJump => &[
                (5, 2, 1),
                (1, 3, 3),
                (7, 6, 1),
                (6, 7, 1),
                (10, 8, 1),
                (8, 9, 2),
                (4, 11, 1),
                (11, 12, 1),
            ],
        }
    }

    /// How many low bits of the value the instruction can say, its sign being the highest.
    fn width(self) -> u32 {
        let ends = self.bits().iter().map(|(value, _, count)| value + count);
        ends.max().unwrap_or(0)
    }

    /// Puts a value in. `bytes` has [`Format::size`] bytes.
    pub fn put(self, bytes: &mut [u8], value: u64) {
        let upper = value.wrapping_add(0x800);
        let mut word = load(bytes);
        for (from, to, count) in self.bits() {
            let part = if *from == 12 && *count == 20 {
                upper
            } else {
                value
            };
            let mask = super::ones(*count);
            word = (word & !(mask << to)) | (((part >> from) & mask) << to);
        }
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }

    /// The value that the bytes say, and under which mask. What [`Format::Upper`] says is 2048 off at most: its lower part counts as zero.
    pub fn get(self, bytes: &[u8], is_signed: bool) -> (u64, u64) {
        let word = load(bytes);
        let mut value = 0;
        let mut mask = 0;
        for (to, from, count) in self.bits() {
            let ones = super::ones(*count);
            value |= ((word >> from) & ones) << to;
            mask |= ones << to;
        }
        if self == Format::Call {
            // The lower part is signed.
            let lower = sign_extended(value & 0xfff, 12);
            value = (value & !0xfff).wrapping_add_signed(lower);
        }
        if !is_signed {
            return (value, mask);
        }
        let value = sign_extended(value, self.width()).cast_unsigned();
        (value, mask | (u64::MAX << self.width()))
    }
}

/// A number of that many bits.
fn sign_extended(value: u64, bits: u32) -> i64 {
    let up = 64 - bits;
    (value << up).cast_signed() >> up
}

fn load(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instructions are llvm-mc's.
    #[test]
    fn values_are_put_where_the_assembler_puts_them() {
        let cases: &[(Format, u64, i64, u64)] = &[
            // lui a0, 0x12346 for 0x12345fff, whose lower part is -1.
            (Format::Upper, 0x0000_0537, 0x1234_5fff, 0x1234_6537),
            // addi a0, a0, -1
            (Format::Immediate, 0x0005_0513, -1, 0xfff5_0513),
            // sw a1, -20(a0)
            (Format::Store, 0x00b5_2023, -20, 0xfeb5_2623),
            // beq a0, a1, .-6
            (Format::Branch, 0x00b5_0063, -6, 0xfeb5_0de3),
            // jal ra, .+0x12346
            (Format::Jump, 0x0000_00ef, 0x12346, 0x3461_20ef),
            // auipc ra, 1; jalr -2(ra)
            (
                Format::Call,
                0x0000_80e7_0000_0097,
                0xffe,
                0xffe0_80e7_0000_1097,
            ),
            // c.beqz a0, .-4
            (Format::ShortBranch, 0xc101, -4, 0xdd75),
            // c.j .-4
            (Format::ShortJump, 0xa001, -4, 0xbff5),
        ];
        for (format, before, value, after) in cases {
            let mut bytes = before.to_le_bytes()[..format.size()].to_vec();
            format.put(&mut bytes, value.cast_unsigned());
            assert_eq!(load(&bytes), *after, "{format:?}: {:#x}", load(&bytes));
            let (read, mask) = format.get(&bytes, true);
            if *format == Format::Upper {
                assert_eq!(read, 0x1234_6000);
            } else {
                assert_eq!(read & mask, value.cast_unsigned() & mask, "{format:?}");
            }
        }
    }
}
