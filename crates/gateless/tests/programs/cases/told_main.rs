// two crates: macros of the library tell the receiver's name
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
impl S {
    fn a(self: P<Self>) { lib::holds!(self.0.0 == 1) }
    fn b(self: &P<Self>) { lib::twice!(self.0.0==1) }
    fn c(self: P<Self>) { lib::said!(self . 0) }
}
fn main() {
    std::panic::set_hook(Box::new(|i| println!("{:?}", i.payload().downcast_ref::<&str>())));
    let _ = std::panic::catch_unwind(|| P::new(S(2)).a());
    let _ = std::panic::catch_unwind(|| P::new(S(2)).b());
    P::new(S(2)).c();
}
