//@ run-pass
//@ edition:2021
// A method's `self` in macros that look at it, with arguments, lifetimes and generic parameters.
#![feature(arbitrary_self_types)]
use std::ops::Deref;
pub struct P<T: ?Sized>(Box<T>);
impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
macro_rules! told {
    ($e:expr) => {
        (stringify!($e), $e)
    };
}
struct S<'a, T>(&'a str, T);
impl<'a, T: Copy + std::fmt::Debug> S<'a, T> {
    fn by_value(self: P<Self>, more: u8) -> (&'static str, &'a str, u8) {
        let (text, value) = told!(self.0.0);
        (text, value, more)
    }
    fn by_reference<U: Into<u64>>(self: &P<Self>, more: U) -> Option<T> {
        let (text, value) = told!(self.0.1);
        (text == "self.0.1" && more.into() > 1).then_some(value)
    }
    fn again(self: &P<Self>, times: u8) -> String {
        let (text, _) = told!(self.0.1);
        match times {
            0 => text.to_owned(),
            _ => self.again(times - 1) + text,
        }
    }
}
trait T<A> {
    fn of_trait(self: P<Self>, more: A) -> (&'static str, A);
}
impl<'a, A, B: Copy> T<A> for S<'a, B> {
    fn of_trait(self: P<Self>, more: A) -> (&'static str, A) {
        (told!(self.0.1).0, more)
    }
}
struct Told(u8);
impl Told {
    fn tell(self: P<Self>) -> u8 {
        let told =
            dbg!(self.0.0 + 1);
        told
    }
}
fn main() {
    let p = P(Box::new(S("a", 7)));
    println!("{:?} {:?} {}", p.by_reference(2u8), p.by_reference(1u32), p.again(2));
    println!("{:?}", p.by_value(3));
    println!("{:?} {}", P(Box::new(S("b", 'c'))).of_trait(4), P(Box::new(Told(1))).tell());
}
