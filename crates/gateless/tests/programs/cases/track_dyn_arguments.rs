//@ run-pass
//@ edition:2021
// Methods that ask for their caller, called on trait objects with arguments; between others, whose places in the vtable stay.
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::marker::CoercePointee;
use std::ops::Deref;
use std::panic::Location;
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::sync::Arc<T>);
impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
impl<T: ?Sized> Clone for P<T> {
    fn clone(&self) -> Self {
        P(self.0.clone())
    }
}
trait T {
    fn before(self: P<Self>) -> u8;
    #[track_caller]
    fn here<'a>(self: P<Self>, word: &'a str, number: u8) -> (&'a str, u8, u32) {
        (word, number, Location::caller().line())
    }
    fn after(self: P<Self>, number: u8) -> u8;
}
struct A(u8);
impl T for A {
    fn before(self: P<Self>) -> u8 {
        self.0.0
    }
    fn after(self: P<Self>, number: u8) -> u8 {
        self.0.0 + number
    }
}
struct B;
impl Drop for B {
    fn drop(&mut self) {
        println!("dropped");
    }
}
impl T for B {
    fn before(self: P<Self>) -> u8 {
        1
    }
    fn here<'a>(self: P<Self>, word: &'a str, _: u8) -> (&'a str, u8, u32) {
        drop(self);
        (word, 0, Location::caller().line() + 1000)
    }
    fn after(self: P<Self>, number: u8) -> u8 {
        number
    }
}
fn main() {
    let all: [P<dyn T>; 2] = [P(std::sync::Arc::new(A(3))), P(std::sync::Arc::new(B))];
    for p in all {
        println!("{} {}", p.clone().before(), p.clone().after(4));
        println!("{:?}", p.here("x", 5));
    }
}
