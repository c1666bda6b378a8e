// conditions in all shapes, by all names of assert! and stringify!: what is told has the receiver as it was, spaced as the compiler spaces it
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
struct S(u8);
macro_rules! chk { ($e:expr) => { if !$e { println!("{}", stringify!($e)); } } }
macro_rules! chk2 { ($($e:tt)*) => { if !($($e)*) { println!("{}", stringify!($($e)*)); } } }
impl S {
  fn a(self: P<Self>) { assert!(self.0.0==1) }
  fn b(self: P<Self>) { assert!( self . 0 . 0  ==  1 , ) }
  fn c(self: P<Self>) { assert!((self.0.0) == 1 /* c */ && true) }
  fn d(self: P<Self>) { assert!({ let x = self.0.0;x==1 }) }
  fn e(self: P<Self>) { assert!(matches!(self.0.0, 5|6)) }
  fn f(self: P<Self>) { assert!(!self.0.0.to_string().is_empty()&&(self.0.0 as u32)>>1 == 77) }
  fn g(self: P<Self>) { assert!([self.0.0;3]==[1,2,3]) }
  fn h(self: P<Self>) { assert!(if self.0.0==2{false}else{true}) }
  fn i(self: P<Self>) { assert!((|x:u8|x==self.0.0)(9)) }
  fn j(self: P<Self>) { assert!(self.0.0 == b'\n' || "a{}\"b\\" == r#"x"#) }
  fn k(self: P<Self>) { assert!(match self.0.0 { 2=>false, _=>true }) }
  fn l(self: P<Self>) { assert!(self.0.0
      ==
      1) }
  fn m(self: P<Self>) { assert_eq!(self.0.0, 1) }
  fn n(self: P<Self>) { assert_ne!(self.0.0, 2, "x {}", self.0.0) }
  fn o(self: P<Self>) { chk!(self.0.0==1); chk2!(self.0.0==1) ; panic!("q") }
  fn p(self: P<Self>) { std::assert!(self.0.0 == 1) }
  fn q(self: P<Self>) { core::assert!(self.0.0 == 1) }
  fn r(self: P<Self>) { ::std::debug_assert!(self.0.0 == 1) }
  fn s(self: P<Self>) { use std::assert as ch; ch!(self.0.0 == 1) }
  fn t(self: P<Self>) { unreachable!("{}", stringify!(self.0)) }
  fn u(self: P<Self>) { let z = 1; assert!(self.0.0 == 1, "{z} {}", self.0.0) }
  fn v(self: P<Self>) { assert!(unsafe{*(&self.0.0 as*const u8)}==1) }
  fn w(self: P<Self>) { assert!(self.0.0 < 1 as u8); }
  fn x(self: P<Self>) { assert!(&*self as *const _ as usize == 0); }
  fn y(self: P<Self>) { assert!(Some::<u8>(self.0.0) == None); }
}
fn main() {
    std::panic::set_hook(Box::new(|i| println!("{} {:?}", i.location().unwrap(), i.payload().downcast_ref::<&str>().map(|x| x.to_string()).or(i.payload().downcast_ref::<String>().cloned()))));
    for f in [S::a as fn(P<S>),S::b,S::c,S::d,S::e,S::f,S::g,S::h,S::i,S::j,S::k,S::l,S::m,S::n,S::o,S::p,S::q,S::r,S::s,S::t,S::u,S::v,S::w,S::x,S::y] {
    let _ = std::panic::catch_unwind(|| f(P::new(S(2)))); }
}
