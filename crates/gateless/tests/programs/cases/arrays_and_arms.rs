// elements and arms before a pointer to an unsized value
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
use std::fmt::Debug;
fn pick(n: u8, d: P<dyn Debug>) -> String {
    let m = match n { 0 => P::new(1u8), 1 => P::new(2u8), 2 => d.clone(), _ => P::new(3u8) };
    let a = [P::new(7u8), P::new(8u8), d.clone(), P::new(9u8)];
    let i = if n == 0 { P::new("x") } else if n == 1 { d.clone() } else { P::new("y") };
    let c = |k: u8| { if k > 1 { return d.clone(); } P::new(k) };
    format!("{:?} {:?} {:?} {:?}", &*m, a.iter().map(|x| format!("{:?}", &**x)).collect::<Vec<_>>(), &*i, &*c(n))
}
fn main() { for n in 0..4 { println!("{}", pick(n, P::new([1, 2]))); } }
