// SPDX-License-Identifier: GPL-2.0

//! The half in Rust of a module that makes indirect calls of wrong types, see `planted_c.c`.

use core::hint::black_box;
use core::mem::transmute;
use kernel::ffi::c_int;

extern "C" {
    fn planted_c(number: c_int) -> c_int;
}

/// What C calls.
#[no_mangle]
extern "C" fn planted_rust(number: c_int) -> c_int {
    number + 1
}

#[inline(never)]
fn plain(number: u32) -> u32 {
    number + 3
}

/// Calls through pointers of the right type, and through a trait object.
#[no_mangle]
extern "C" fn planted_right(number: c_int) -> c_int {
    let rust: fn(u32) -> u32 = black_box(plain);
    let c: unsafe extern "C" fn(c_int) -> c_int = black_box(planted_c);
    let closure = |x| x + number as u32;
    let object: &dyn Fn(u32) -> u32 = black_box(&closure);
    // SAFETY: it takes any number.
    rust(1) as c_int + unsafe { c(number) } + object(2) as c_int
}

/// A call of a function in Rust, by a pointer of another type.
#[no_mangle]
extern "C" fn planted_rust_to_rust() -> c_int {
    let right: fn(u32) -> u32 = plain;
    // SAFETY: none: the call is wrong, and must not be made.
    let wrong: fn(u64, usize) -> u64 = unsafe { transmute(right) };
    black_box(wrong)(1, 2) as c_int
}

/// A call of a function in C, by a pointer of another type.
#[no_mangle]
extern "C" fn planted_rust_to_c() -> c_int {
    let right: unsafe extern "C" fn(c_int) -> c_int = planted_c;
    // SAFETY: none: the call is wrong, and must not be made.
    let wrong: unsafe extern "C" fn(i64, *const u8) -> i64 = unsafe { transmute(right) };
    // SAFETY: as above.
    unsafe { black_box(wrong)(1, core::ptr::null()) as c_int }
}
