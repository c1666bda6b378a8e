//! Enough of a crate for targets whose core is not at hand.
#![feature(no_core, lang_items)]
#![allow(internal_features)]
#![no_core]

#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "copy"]
pub trait Copy {}
#[lang = "sync"]
pub trait Sync {}
#[lang = "drop_in_place"]
unsafe fn drop_in_place<T: PointeeSized>(_: *mut T) {}

impl Copy for u32 {}
impl<T: PointeeSized> Copy for *mut T {}
impl<T: PointeeSized> Copy for *const T {}
impl Sync for u32 {}
impl<T> Sync for [T; 5] {}

extern "C" {
    static mut OUTSIDE: u32;
    static READ_ONLY: u32;
    fn callee(place: *mut u32) -> u32;
}

pub static TABLE: [u32; 5] = [3, 1, 4, 1, 5];
pub static mut COUNTER: u32 = 0;

#[inline(never)]
pub unsafe fn load(place: *const u32) -> u32 {
    *place
}

pub unsafe fn local(first: u32, apply: fn(u32) -> u32) -> u32 {
    let mut value = first;
    let got = callee(&raw mut value);
    OUTSIDE = got;
    apply(value)
}

pub unsafe fn globals(place: *mut u32) -> u32 {
    *place = READ_ONLY;
    COUNTER = load(&raw const OUTSIDE);
    callee(&raw mut COUNTER)
}

pub fn select(number: u32) -> u32 {
    match number {
        0 => 17,
        1 => 4,
        2 => 93,
        3 => 5,
        4 => 77,
        5 => 1000,
        _ => 0,
    }
}
