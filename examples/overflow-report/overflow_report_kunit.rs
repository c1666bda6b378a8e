// SPDX-License-Identifier: GPL-2.0

//! A KUnit suite that overflows, for a kernel built with `gateless build --wish overflow-report`.
//!
//! In any other kernel with overflow checks its first test panics. A line that ends in `//~ WORDS` is reported with these words, once; no other line is.
//! `in FILE` behind them says that `core` does not know who called it: the report names the file in `core`. `twice` says that it is reported
//! again, since time has passed. Products of 128 bits are left out: the functions that upstream has for them panic (rust/compiler_builtins.rs).

use core::hint::black_box;
use core::ops::{Add, Shl};

use kernel::prelude::*;
use kernel::time::{delay::fsleep, Delta};

/// The result of one operation on values that the compiler does not know.
macro_rules! of {
    ($a:expr, $op:tt, $b:expr) => {
        black_box($a) $op black_box($b)
    };
}

/// The same, by assignment.
macro_rules! assigned {
    ($a:expr, $op:tt, $b:expr) => {{
        let mut value = black_box($a);
        value $op black_box($b);
        value
    }};
}

/// Goes through `core`'s own implementation of the operator.
fn sum<T: Add<Output = T>>(a: T, b: T) -> T {
    a + b //~ add
}

/// The width of the shift is a constant that only the caller knows.
fn shifted<const N: u32>(value: u32) -> u32 {
    value << N //~ shift left
}

/// Overflows for some constants only.
fn less<const N: u8>(value: u8) -> u8 {
    value - N //~ subtract
}

/// A capacity that is a constant of the type, as kernel types have it.
struct Ring<const SIZE: usize> {
    head: u16,
}

impl<const SIZE: usize> Ring<SIZE> {
    fn after(&self, count: u16) -> u16 {
        (self.head + count) % SIZE as u16 //~ add
    }
}

/// Asked several times.
fn often(a: u8) -> u8 {
    a - 1 //~ subtract twice
}

#[inline(always)]
fn inlined(a: u16) -> u16 {
    a * 3 //~ multiply
}

#[inline(never)]
fn called(a: u16) -> u16 {
    a * 3 //~ multiply
}

/// Reported where it is called.
#[track_caller]
fn tracked(a: u8) -> u8 {
    a - 1
}

struct Wide<T>(T);

impl<T: Shl<u32, Output = T> + Copy> Wide<T> {
    fn shifted(&self, by: u32) -> T {
        self.0 << by //~ shift left in core/src/ops/bit.rs
    }
}

#[kunit_tests(overflow_report)]
mod tests {
    use super::*;

    #[test]
    fn additions_wrap() {
        assert_eq!(of!(i8::MAX, +, 1), i8::MIN); //~ add
        assert_eq!(of!(i16::MAX, +, 1), i16::MIN); //~ add
        assert_eq!(of!(i32::MAX, +, 1), i32::MIN); //~ add
        assert_eq!(of!(i64::MAX, +, 1), i64::MIN); //~ add
        assert_eq!(of!(isize::MAX, +, 1), isize::MIN); //~ add
        assert_eq!(of!(i128::MAX, +, 1), i128::MIN); //~ add
        assert_eq!(of!(u8::MAX, +, 1), 0); //~ add
        assert_eq!(of!(u16::MAX, +, 1), 0); //~ add
        assert_eq!(of!(u32::MAX, +, 1), 0); //~ add
        assert_eq!(of!(u64::MAX, +, 1), 0); //~ add
        assert_eq!(of!(usize::MAX, +, 1), 0); //~ add
        assert_eq!(of!(u128::MAX, +, 1), 0); //~ add
        assert_eq!(assigned!(u32::MAX, +=, 2), 1); //~ add
    }

    #[test]
    fn subtractions_wrap() {
        assert_eq!(of!(i8::MIN, -, 1), i8::MAX); //~ subtract
        assert_eq!(of!(i16::MIN, -, 1), i16::MAX); //~ subtract
        assert_eq!(of!(i32::MIN, -, 1), i32::MAX); //~ subtract
        assert_eq!(of!(i64::MIN, -, 1), i64::MAX); //~ subtract
        assert_eq!(of!(isize::MIN, -, 1), isize::MAX); //~ subtract
        assert_eq!(of!(i128::MIN, -, 1), i128::MAX); //~ subtract
        assert_eq!(of!(0u8, -, 1), u8::MAX); //~ subtract
        assert_eq!(of!(0u16, -, 1), u16::MAX); //~ subtract
        assert_eq!(of!(0u32, -, 1), u32::MAX); //~ subtract
        assert_eq!(of!(0u64, -, 1), u64::MAX); //~ subtract
        assert_eq!(of!(0usize, -, 1), usize::MAX); //~ subtract
        assert_eq!(of!(0u128, -, 1), u128::MAX); //~ subtract
        assert_eq!(assigned!(1u32, -=, 2), u32::MAX); //~ subtract
    }

    #[test]
    fn multiplications_wrap() {
        assert_eq!(of!(i8::MAX, *, 2), -2); //~ multiply
        assert_eq!(of!(i16::MAX, *, 2), -2); //~ multiply
        assert_eq!(of!(i32::MAX, *, 2), -2); //~ multiply
        assert_eq!(of!(i64::MAX, *, 2), -2); //~ multiply
        assert_eq!(of!(isize::MAX, *, 2), -2); //~ multiply
        assert_eq!(of!(u8::MAX, *, 2), u8::MAX - 1); //~ multiply
        assert_eq!(of!(u16::MAX, *, 2), u16::MAX - 1); //~ multiply
        assert_eq!(of!(u32::MAX, *, 2), u32::MAX - 1); //~ multiply
        assert_eq!(of!(u64::MAX, *, 2), u64::MAX - 1); //~ multiply
        assert_eq!(of!(usize::MAX, *, 2), usize::MAX - 1); //~ multiply
        assert_eq!(assigned!(u8::MAX, *=, 3), u8::MAX - 2); //~ multiply
    }

    #[test]
    fn negations_wrap() {
        assert_eq!(-black_box(i8::MIN), i8::MIN); //~ negate
        assert_eq!(-black_box(i16::MIN), i16::MIN); //~ negate
        assert_eq!(-black_box(i32::MIN), i32::MIN); //~ negate
        assert_eq!(-black_box(i64::MIN), i64::MIN); //~ negate
        assert_eq!(-black_box(isize::MIN), isize::MIN); //~ negate
        assert_eq!(-black_box(i128::MIN), i128::MIN); //~ negate
    }

    #[test]
    fn shifts_by_the_width_or_more_are_masked() {
        assert_eq!(of!(1i8, <<, 8), 1); //~ shift left
        assert_eq!(of!(1i16, <<, 17), 2); //~ shift left
        assert_eq!(of!(1i32, <<, 32u8), 1); //~ shift left
        assert_eq!(of!(1i64, <<, 65u64), 2); //~ shift left
        assert_eq!(of!(1i128, <<, 129), 2); //~ shift left
        assert_eq!(of!(1isize, <<, isize::BITS), 1); //~ shift left
        assert_eq!(of!(1u8, <<, -1), 0x80); //~ shift left
        assert_eq!(of!(1u16, <<, 16), 1); //~ shift left
        assert_eq!(of!(1u32, <<, 33), 2); //~ shift left
        assert_eq!(of!(1u64, <<, 64), 1); //~ shift left
        assert_eq!(of!(1u128, <<, 128), 1); //~ shift left
        assert_eq!(of!(1usize, <<, 200i16), 1 << (200 % usize::BITS)); //~ shift left
        assert_eq!(assigned!(1u32, <<=, 32), 1); //~ shift left
        assert_eq!(of!(-2i8, >>, 9), -1); //~ shift right
        assert_eq!(of!(-2i16, >>, 17), -1); //~ shift right
        assert_eq!(of!(-2i32, >>, 33), -1); //~ shift right
        assert_eq!(of!(-2i64, >>, 65), -1); //~ shift right
        assert_eq!(of!(-2i128, >>, 129), -1); //~ shift right
        assert_eq!(of!(-2isize, >>, isize::BITS + 1), -1); //~ shift right
        assert_eq!(of!(2u8, >>, 9), 1); //~ shift right
        assert_eq!(of!(2u16, >>, 17), 1); //~ shift right
        assert_eq!(of!(2u32, >>, -31), 1); //~ shift right
        assert_eq!(of!(2u64, >>, 65), 1); //~ shift right
        assert_eq!(of!(2u128, >>, 129), 1); //~ shift right
        assert_eq!(of!(2usize, >>, usize::BITS + 1), 1); //~ shift right
        assert_eq!(assigned!(2u32, >>=, 33), 1); //~ shift right
    }

    #[test]
    fn generic_and_inlined_code_wraps() {
        assert_eq!(sum(black_box(250u8), 10), 4);
        assert_eq!(shifted::<32>(black_box(5)), 5);
        assert_eq!(less::<5>(black_box(4)), 255);
        assert_eq!(less::<4>(black_box(4)), 0);
        let ring = Ring::<16> {
            head: black_box(0xfffe),
        };
        assert_eq!(ring.after(3), 1);
        assert_eq!(inlined(black_box(0x8000)), 0x8000);
        assert_eq!(called(black_box(0x8000)), 0x8000);
        assert_eq!(tracked(black_box(0)), 255); //~ subtract
        assert_eq!(Wide(black_box(3u64)).shifted(black_box(64)), 3);
    }

    #[test]
    fn one_check_that_fails_a_thousand_times_is_reported_once() {
        let mut value = black_box(0u8);
        for _ in 0..1000 {
            value -= black_box(255); //~ subtract
        }
        assert_eq!(value, (1000 % 256) as u8);
    }

    #[test]
    fn a_check_speaks_again_when_its_time_has_passed() {
        for round in 0..3 {
            assert_eq!(often(black_box(0)), 255);
            if round == 1 {
                fsleep(Delta::from_millis(5500));
            }
        }
    }

    #[test]
    fn what_does_not_overflow_is_not_reported() {
        assert_eq!(of!(i32::MAX - 1, +, 1), i32::MAX);
        assert_eq!(of!(i64::MIN + 1, -, 1), i64::MIN);
        assert_eq!(of!(u8::MAX, -, u8::MAX), 0);
        assert_eq!(of!(0x7fi8, *, 1), 0x7f);
        assert_eq!(-black_box(i8::MAX), -127);
        assert_eq!(of!(1u64, <<, 63), 1 << 63);
        assert_eq!(of!(-1i32, >>, 31), -1);
        assert_eq!(u32::MAX.wrapping_add(black_box(1)), 0);
        assert_eq!(u32::MAX.checked_mul(black_box(2)), None);
        assert_eq!(shifted::<31>(black_box(1)), 1 << 31);
    }
}
