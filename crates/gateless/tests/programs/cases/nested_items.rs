// methods, traits and impls within functions, closures and constants
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
struct S(i32);
impl S { fn get(self: P<Self>) -> i32 { fn inner(p: P<S>) -> i32 { impl S { fn hidden(self: &P<Self>) -> i32 { self.0.0 + 100 } } p.hidden() } inner(self.clone()) + self.0.0 } }
const F: fn(P<S>) -> i32 = { impl S { fn of_const(self: P<Self>) -> i32 { self.0.0 * 2 } } |p| p.of_const() };
fn main() {
    trait Local { fn local(self: P<Self>) -> String; } impl Local for S { fn local(self: P<Self>) -> String { format!("local {}", self.get()) } }
    let run = || { mod deep { pub struct D; impl D { pub fn d(self: crate::P<Self>) -> u8 { 9 } } } P::new(deep::D).d() };
    println!("{} {} {}", P::new(S(1)).get(), F(P::new(S(4))), run());
    println!("{}", P::new(S(5)).local());
    let dynamic: P<dyn Local> = P::new(S(6)); println!("{}", dynamic.local());
}
