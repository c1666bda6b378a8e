// a blanket trait, a trait of references and own methods of one name
//@ edition:2024
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
trait All { fn m(&self) -> &'static str { "All" } } impl<T: ?Sized> All for T {}
trait ByRef { fn m(self) -> &'static str; } impl ByRef for &P<B> { fn m(self) -> &'static str { "ByRef" } }
struct A; struct B; struct C;
impl A { fn m(self: P<Self>) -> &'static str { "A" } }
impl B { fn m(self: P<Self>) -> &'static str { "B" } }
impl C { fn m(self: &P<Self>) -> &'static str { "C" } }
fn generic<T: All>(t: T) -> &'static str { t.m() }
fn main() {
    println!("{} {} {}", P::new(A).m(), P::new(B).m(), P::new(C).m());
    let (a, b, c) = (P::new(A), P::new(B), P::new(C));
    println!("{} {} {}", (&a).m(), "", (&c).m());
    println!("{} {} {}", generic(a), generic(&b), c.clone().m());
    println!("{} {}", All::m(&b), <&P<B> as ByRef>::m(&b));
}
