// a library with methods that no trait can be named for: in a constant, and by macros
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
impl U { pub fn m(&self) -> u8 { 20 } pub fn n(&self) -> u8 { 30 } pub fn k(&self, x: u8) -> u8 { 40 + x } }
pub struct S(pub U);
impl Deref for S { type Target = U; fn deref(&self) -> &U { &self.0 } }
const _: () = { impl S { pub fn m(self: P<Self>) -> u8 { 2 } pub fn only(self: &P<Self>, x: u8) -> u8 { x } } };
macro_rules! methods { () => { pub fn n(self: &P<Self>) -> u8 { 3 } pub fn mine(self: P<Self>) -> u8 { 5 } } }
impl S { methods!(); }
macro_rules! all { ($t:ident) => { impl $t { pub fn of_all(self: P<Self>, x: u8) -> u8 { x + 1 } } } }
pub struct V;
all!(S); all!(V);
