// a library whose trait has another name in its prelude, and methods that the types it dereferences to have as well
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::sync::Arc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(t.into()) } }
mod inner { use crate::P; pub trait Alpha { fn m(self: P<Self>) -> u8; } impl Alpha for super::S { fn m(self: P<Self>) -> u8 { 1 } } }
pub struct U; impl U { pub fn m(&self) -> u8 { 2 } pub fn own(&self) -> u8 { 20 } }
pub struct S(pub U); impl Deref for S { type Target = U; fn deref(&self) -> &U { &self.0 } }
impl S { pub fn own(self: P<Self>) -> u8 { 10 } }
pub mod prelude { pub use crate::inner::Alpha as Beta; }
pub fn s() -> P<S> { P::new(S(U)) }
#[macro_export] macro_rules! import { () => { use $crate::prelude::Beta as _; } }
#[macro_export] macro_rules! call { ($e:expr) => { $e.own() } }
