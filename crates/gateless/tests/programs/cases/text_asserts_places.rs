// conditions in bodies of traits, constants and macros, and by macros of other modules: what is told has the receiver as it was
//@ run-pass
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
mod mac { macro_rules! chk { ($e:expr) => { if !$e { println!("{}", stringify!($e)); } } } pub(crate) use chk; 
 macro_rules! my_assert { ($e:expr) => { assert!($e) } } pub(crate) use my_assert; 
 macro_rules! outer { ($e:expr) => { crate::mac::my_assert!($e) } } pub(crate) use outer; }
struct S(u8);
trait T { fn v(&self) -> u8; fn d(self: P<Self>) where Self: Sized { assert!(self.v() == 1) } fn e(self: &P<Self>) { assert!({self.v()==1}); } fn f(self: P<Self>) -> u8 where Self: Sized { assert!(self.v()==Self::K); 1 } const K: u8 = 1; fn g(self: P<Self>) {} }
impl T for S { fn v(&self) -> u8 { self.0 } fn g(self: P<Self>) { assert!(self.v()==Self::K) } }
impl S {
  const N: u8 = 9;
  const fn c(self: &P<Self>) { assert!(std::mem::size_of::<Self>()==3) }
  fn n(self: P<Self>) { assert!(self.0.0==Self::N) }
  fn o(self: P<Self>) { mac::chk!(self.0.0==1) }
  fn p(self: P<Self>) { mac::my_assert!(self.0.0==1) }
  fn q(self: P<Self>) { mac::outer!(self.0.0 == 1) }
  fn r(self: P<Self>) { println!("{}", { assert!(self.0.0==1); 5 }) }
  fn s(self: P<Self>) { let v = vec![{ assert!(self.0.0 ==1); 5 }, {debug_assert!(self.0.0 == 4); 1}]; }
  fn t(mut self: P<Self>) { assert!({self = P::new(S(4)); self.0.0}==1) }
  fn u(self: P<Self>) { (|| { assert!(self.0.0 > 4) })(); }
  fn w(self: P<Self>) { #![allow(unused)] assert!(self.0.0>=100_u8 || self.0.0 % 3 == 1 || "ä\n\"{}" == r"x" || 'c' == '\'') }
}
macro_rules! mk { ($n:ident, $v:expr, $($t:ident),*) => { struct $n(u8); impl $n { $( fn $t(self: P<Self>) { assert!(self.0.0==$v); } )* fn z(self: &P<Self>, a: u8) { assert!( self.0.0 == a && $v == a, ); debug_assert!(self.0.0==1); } } } }
mk!(M, 9, ma, mb);
fn main() {
    std::panic::set_hook(Box::new(|i| println!("{} {:?}", i.location().unwrap(), i.payload().downcast_ref::<&str>().map(|x| x.to_string()).or(i.payload().downcast_ref::<String>().cloned()))));
    for f in [<S as T>::d as fn(P<S>), |p| T::e(&p), |p| {T::f(p);}, T::g, |p| S::c(&p), S::n, S::o, S::p, S::q, S::r, S::s, S::t, S::u, S::w] {
    let _ = std::panic::catch_unwind(|| f(P::new(S(2)))); }
    let _ = std::panic::catch_unwind(|| P::new(M(1)).ma()); let _ = std::panic::catch_unwind(|| P::new(M(1)).mb()); let _ = std::panic::catch_unwind(|| P::new(M(1)).z(3));
}
