// a library with a trait whose methods are lowered, and modules that glob imports of it are from
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
#![allow(warnings)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::sync::Arc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::sync::Arc::new(t)) } }
pub struct U;
impl U { pub fn m(&self) -> u8 { 2 } }
pub struct S(pub U);
impl Deref for S { type Target = U; fn deref(&self) -> &U { &self.0 } }
pub mod a { pub trait A { fn m(self: crate::P<Self>) -> u8; } impl A for crate::S { fn m(self: crate::P<Self>) -> u8 { 1 } } }
pub mod b { pub struct Z; pub mod inner { pub use crate::a::A; } }
pub mod d { pub use crate::a::A as Other; }
pub mod e { #[allow(unused_imports)] use crate::a::A; pub struct Y; }
pub mod f { pub use crate::d::*; }
