// macros that make traits, impls and modules with such methods, through globs and other names
//@ edition:2018
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
macro_rules! shape { ($m:ident, $t:ident, $n:expr) => { pub mod $m { use crate::P; pub struct $t(pub u8); impl $t { pub fn area(self: P<Self>) -> u32 { self.0.0 as u32 * $n } pub fn name(self: &P<Self>) -> &'static str { stringify!($t) } } pub trait Draw { fn draw(self: P<Self>) -> String; fn twice(self: P<Self>) -> String where Self: Sized { let x = self.clone(); x.draw() + &self.draw() } } impl Draw for $t { fn draw(self: P<Self>) -> String { format!("{}{}", self.name(), self.area()) } } } } }
shape!(square, Square, 4); shape!(round, Round, 3);
pub mod all { pub use crate::square::{Square, Draw as DrawSquare}; pub use super::round::*; }
use all::*;
fn main() {
    println!("{} {}", P::new(Square(2)).area(), P::new(Round(5)).name());
    println!("{}", P::new(Square(3)).twice()); println!("{}", P::new(Round(1)).twice());
    let list: Vec<P<dyn DrawSquare>> = vec![P::new(Square(1)), P::new(Square(9))];
    for d in list { println!("{}", d.draw()); }
}
