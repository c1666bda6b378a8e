// a closure whose expected type has lifetimes that are not its own
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
fn cb<'a, T>(x: P<dyn Fn((&'a i32, &'a (Vec<&'static i32>, bool))) -> T>, a: &'a i32, b: &'a (Vec<&'static i32>, bool)) -> T { (x.0)((a, b)) }
fn main() { println!("{:?}", cb(P::new(|(k, &(ref v, b))| (*k, v.clone(), b)), &3, &(vec![&4], true))); }
