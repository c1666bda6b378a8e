// visibilities and re-exports
//@ edition:2018
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
mod a { use crate::P; #[derive(Default)] pub struct T(pub(crate) u8); impl T { pub(super) fn s(self: P<Self>) -> u8 { 1 } pub(in crate) fn i(self: &P<Self>) -> u8 { 2 } fn p(self: P<Self>) -> u8 { 3 } pub fn q(self: P<Self>) -> u8 { self.p() } } pub mod b { use super::*; pub fn r(t: P<T>) -> u8 { t.p() } pub(crate) trait Hid { fn h(self: P<Self>) -> u8; } impl Hid for T { fn h(self: P<Self>) -> u8 { self.i() + 40 } } } pub use b::r as renamed; pub(crate) use b::Hid as Shown; }
use a::{renamed, Shown as _};
fn main() { let t = P::new(a::T(0)); println!("{} {} {} {} {}", t.clone().s(), t.i(), t.clone().q(), renamed(t.clone()), t.h()); }
