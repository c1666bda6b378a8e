// a method before those behind Deref
//@ edition:2021
use lib::*; struct W(P<S>); impl W { fn r(&self) -> u8 { 1 } } impl std::ops::Deref for W { type Target = P<S>; fn deref(&self) -> &P<S> { &self.0 } } fn main() { println!("{} {}", W(P::new(S(1))).r(), (*W(P::new(S(1)))).r()); }
