// a library with lowered methods of types and traits, for dependants without any feature
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(pub std::sync::Arc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::sync::Arc::new(t)) } pub fn ptr_own(&self) -> u8 { 50 } }
pub struct S(pub u8); pub struct In(pub u8);
impl Deref for S { type Target = In; fn deref(&self) -> &In { unsafe { &*(self as *const S as *const In) } } }
impl In { pub fn m(&self) -> u8 { 10 } pub fn k(self: &P<Self>) -> u8 { 11 } pub fn z(&self) -> u8 { 12 } }
impl S { pub fn m(self: P<Self>) -> u8 { 20 } pub fn r(self: &P<Self>) -> u8 { 21 } fn hid(self: P<Self>) -> u8 { 22 } pub fn call_hid(self: P<Self>) -> u8 { self.hid() } pub fn z(self: P<Self>) -> u8 { 23 } }
pub trait T { fn t(self: P<Self>) -> u8; fn d(self: &P<Self>) -> u8 { 30 } }
impl T for S { fn t(self: P<Self>) -> u8 { 31 } } impl T for u8 { fn t(self: P<Self>) -> u8 { 32 } fn d(self: &P<Self>) -> u8 { 33 } }
pub mod deep { pub trait Q { fn q(self: crate::P<Self>) -> u8; } impl Q for super::S { fn q(self: crate::P<Self>) -> u8 { 40 } } pub use super::T as Renamed; pub mod prelude { pub use super::Q; pub use crate::T as _; } }
#[macro_export] macro_rules! call_m { ($e:expr) => { $e.m() } }
#[macro_export] macro_rules! mk { ($n:ident) => { pub struct $n; impl $n { pub fn mm(self: $crate::P<Self>) -> u8 { 60 } } } }
mk!(Made);
