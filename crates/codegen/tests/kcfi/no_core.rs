//! Functions and function pointers, for targets whose core is not at hand.
#![feature(no_core, lang_items, auto_traits)]
#![allow(internal_features, improper_ctypes_definitions)]
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
#[lang = "unpin"]
auto trait Unpin {}
#[lang = "unsafe_unpin"]
unsafe auto trait UnsafeUnpin {}
#[lang = "freeze"]
unsafe auto trait Freeze {}
#[lang = "drop_in_place"]
unsafe fn drop_in_place<T: PointeeSized>(_: *mut T) {}

impl Copy for u32 {}
impl Copy for usize {}
impl<T: PointeeSized> Copy for *mut T {}
impl<T: PointeeSized> Copy for *const T {}
impl<'a, T: PointeeSized> Copy for &'a T {}

#[repr(C)]
pub struct device {
    pub parent: *mut device,
    pub id: u32,
}
#[repr(transparent)]
pub struct Device(device);
pub struct Held<'a, T>(&'a T);
pub enum Maybe<T> {
    Nothing,
    Just(T),
}

pub struct Operations {
    probe: unsafe extern "C" fn(*mut device, usize) -> u32,
    name: for<'a> fn(&'a Device, Held<'a, u32>) -> &'a u32,
    list: unsafe fn(*const [u8], bool, char) -> Maybe<u32>,
    nested: fn(fn(&u32) -> u32, &mut Device),
}

unsafe extern "C" {
    fn outside(device: *mut device, flags: usize) -> u32;
}

unsafe extern "C" fn probe(device: *mut device, _: usize) -> u32 {
    (*device).id
}
fn name<'a>(_: &'a Device, held: Held<'a, u32>) -> &'a u32 {
    held.0
}
unsafe fn list(_: *const [u8], _: bool, _: char) -> Maybe<u32> {
    Maybe::Nothing
}
fn number(of: &u32) -> u32 {
    *of
}
fn nested(inner: fn(&u32) -> u32, device: &mut Device) {
    device.0.id = inner(&3);
}

#[no_mangle]
pub fn make(inside: bool) -> Operations {
    Operations { probe: if inside { probe } else { outside }, name, list, nested }
}

#[no_mangle]
pub unsafe extern "C" fn call(operations: &Operations, device: &mut Device, text: *const [u8]) -> u32 {
    let first = (operations.probe)(&raw mut device.0, 5);
    let value = first;
    (operations.list)(text, true, 'x');
    (operations.nested)(number, device);
    *(operations.name)(device, Held(&value))
}
