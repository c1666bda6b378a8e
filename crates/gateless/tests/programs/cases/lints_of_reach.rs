// lints about what is reached from outside, which added modules don't change; what they call a method
//@ run-pass
//@ edition:2021
#![warn(unreachable_pub, missing_docs, missing_debug_implementations, missing_copy_implementations)]
#![allow(unused)]
//! docs
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::sync::Arc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::sync::Arc::new(t)) } }
/// S
pub struct S(u8);
impl S { pub fn m(self: P<Self>, x: u8) -> u8 { x } }
mod a { pub struct In; impl In { pub fn m(self: crate::P<Self>) -> u8 { 1 } pub(crate) fn k(self: &crate::P<Self>) -> u8 { 2 } } }
fn main() { println!("{} {} {}", P::new(S(1)).m(3), P::new(a::In).k(), P::new(a::In).m()); }
