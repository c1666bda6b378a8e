// generic receivers, associated types, bounds and supertraits
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
use std::fmt::Display;
trait Base { fn base(self: P<Self>) -> String; }
trait Mid<T: Display>: Base { type Out: Display; fn mid(self: P<Self>, t: T) -> Self::Out; fn both(self: P<Self>, t: T) -> String where Self: Sized { let c = self.clone(); format!("{}/{}", self.mid(t), c.base()) } }
struct W<X>(X);
impl<X: Display> Base for W<X> { fn base(self: P<Self>) -> String { format!("base {}", self.0.0) } }
impl<X: Display, T: Display> Mid<T> for W<X> { type Out = String; fn mid(self: P<Self>, t: T) -> String { format!("mid {} {t}", (*self).0) } }
impl<X: Display + Clone> W<X> { fn map<Y>(self: P<Self>, f: impl Fn(X) -> Y) -> W<Y> { W(f(self.0.0.clone())) } fn len<const N: usize>(self: &P<Self>) -> [u8; N] { [1; N] } }
fn call<M: Mid<u8>>(m: P<M>) -> String { let n = m.clone(); format!("{} {}", m.mid(7), n.base()) }
fn object(m: P<dyn Mid<u8, Out = String>>) -> String { m.clone().base() + &m.mid(3) }
fn main() {
    println!("{}", call(P::new(W("x")))); println!("{}", object(P::new(W(2.5)))); println!("{}", P::new(W('c')).both("t"));
    println!("{} {:?}", P::new(W(3)).map(|x| x * 2).0, P::new(W(1)).len::<3>());
}
