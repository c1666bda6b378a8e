// conversions in all kinds of places
//@ edition:2024
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
use std::fmt::Debug; use std::cell::RefCell; use std::collections::HashMap;
#[derive(Clone)] struct Holder { a: P<dyn Debug>, b: Option<P<dyn Debug>>, f: P<dyn Fn(&str) -> usize> }
static NAMES: [&str; 2] = ["p", "q"];
fn ret(n: u8) -> P<dyn Debug> { if n == 0 { return P::new("zero"); } match n { 1 => P::new(1), _ => { let x = P::new(vec![n]); x } } }
fn opt() -> Option<P<dyn Debug>> { Some(P::new('o')) }
fn res(b: bool) -> Result<P<dyn Debug>, P<dyn Debug>> { if b { Ok(P::new(1)) } else { Err(P::new("e")) } }
fn question() -> Result<u8, P<dyn Debug>> { res(false)?; Ok(1) }
fn main() {
    let h = Holder { a: P::new(1), b: Some(P::new("b")), f: P::new(|s| s.len()) };
    let g = Holder { a: P::new([0; 2]), ..h.clone() };
    let mut v: Vec<P<dyn Debug>> = vec![P::new(1), P::new("two")]; v.push(P::new('3')); v.extend([P::new(4) as P<dyn Debug>]);
    let t: (P<dyn Debug>, u8) = (P::new(5), 6); let r = RefCell::new(P::new(7) as P<dyn Debug>); *r.borrow_mut() = P::new("eight");
    let mut m: HashMap<&str, P<dyn Debug>> = HashMap::new(); m.insert(NAMES[0], P::new(9)); let slice: P<[u8]> = P::new([1u8, 2, 3]);
    let loops: P<dyn Debug> = loop { break P::new("loop"); }; let lab: P<dyn Debug> = 'a: { if v.len() > 100 { break 'a P::new(0); } P::new("lab") };
    let c: fn(u8) -> P<dyn Debug> = |n| P::new(n); let b: P<dyn Debug> = { let inner = P::new(10); inner };
    println!("{:?} {:?} {:?} {} {:?}", &*h.a, h.b.as_deref(), &*g.a, (h.f)("abc"), v.iter().map(|x| format!("{x:?}", x = &**x)).collect::<Vec<_>>());
    println!("{:?} {:?} {:?} {:?} {:?} {:?} {:?}", &*t.0, &**r.borrow(), &*m["p"], &*slice, &*loops, &*lab, &*c(1)); println!("{:?} {:?} {:?}", &*b, &*ret(0), &*ret(2));
    println!("{:?} {:?} {:?}", opt().as_deref(), res(true).as_deref().ok(), question().err().as_deref());
}
