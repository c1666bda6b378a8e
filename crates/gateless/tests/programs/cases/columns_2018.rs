// columns of one program in the old edition, with tabs and names in other scripts
//@ edition:2018
#![feature(arbitrary_self_types, derive_coerce_pointee, used_with_arg)] use std::{marker::CoercePointee, ops::Deref, panic::Location};
#[derive(CoercePointee)] #[repr(transparent)] pub struct P<T: ?Sized>(std::rc::Rc<T>); impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } } #[track_caller] fn here() -> u32 { Location::caller().column() }
trait T { fn d(self: P<Self>) -> (u32, u32, u32); fn same(self: P<Self>) -> u32 { here() } } struct S; impl T for S { fn d(self: P<Self>) -> (u32, u32, u32) { (column!(), here(), Location::caller().column()) } }
#[used(compiler)] static A: u32 = column!(); #[used(linker)]	static Ö: (u32, &'static Location<'static>) = (column!(), Location::caller());
fn main() { let p: P<dyn T> = P(std::rc::Rc::new(S)); println!("{:?} {:?} {} {:?}", p.d(), (here(), column!()), A, Ö); let q: P<dyn T> = P(std::rc::Rc::new(S)); println!("{}", q.same()); println!("{}", here()); }
