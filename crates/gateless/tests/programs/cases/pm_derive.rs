// a derive macro that writes the method, an attribute that hands an impl on, and a macro that puts its input into an impl
//@ edition:2021
#![feature(arbitrary_self_types)]
extern crate pm;
pub struct P<T: ?Sized>(Box<T>);
impl<T: ?Sized> std::ops::Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
pub struct S(u8);
#[pm::same] impl S { pub fn sa(self: P<Self>) -> u8 { self.0.0 } }
pm::wrap! { pub fn wr(self: P<Self>) -> u8 { self.0.0 + 3 } }
fn main() { println!("{} {}", P(Box::new(S(1))).sa(), P(Box::new(S(1))).wr()); }
