// an import that nothing uses under `deny`
//@ edition:2021
#![deny(unused_imports)]
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::sync::Arc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
mod a { use crate::P; pub trait Alpha { fn m(self: P<Self>) -> u8; } pub struct S; impl Alpha for S { fn m(self: P<Self>) -> u8 { 1 } } }
mod b { pub use crate::a::Alpha as Beta; }
mod c { use crate::b::Beta as _; pub fn f(p: crate::P<crate::a::S>) -> u8 { p.m() } }
#[allow(unused_imports)] use std::fmt::Debug;
mod d { use std::fmt::Display; }
fn main() { println!("{}", c::f(P(std::sync::Arc::new(a::S)))); }
