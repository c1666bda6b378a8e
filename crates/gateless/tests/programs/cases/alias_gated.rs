// each module has the trait in scope in another way, or not at all
//@ edition:2021
#![feature(arbitrary_self_types)]
mod no { pub fn f() -> u8 { lib::s().m() } }
mod underscore { use lib::prelude::Beta as _; pub fn f() -> u8 { lib::s().m() } }
mod glob { use lib::prelude::*; pub fn f() -> u8 { lib::s().m() } }
mod other { #[allow(unused_imports)] use std::fmt::*; pub fn f() -> u8 { lib::s().m() } }
mod named { /* Alpha */ pub fn f() -> u8 { lib::s().m() } }
mod by_macro { lib::import!(); pub fn f() -> u8 { lib::s().m() } }
mod in_function { pub fn f() -> (u8, u8) { let before = { lib::s().m() }; use lib::prelude::Beta; (before, lib::s().m()) } pub fn g() -> u8 { lib::s().m() } }
mod deep { pub fn f() -> (u8, u8) { mod x { pub fn f() -> (u8, u8) { (lib::s().own(), lib::call!(lib::s())) } } x::f() } }
mod bound { pub fn f<T: lib::prelude::Beta>(t: lib::P<T>) -> u8 { t.m() } }
macro_rules! module { ($n:ident) => { mod $n { pub fn f() -> (u8, u8) { (lib::s().own(), lib::s().m()) } } } }
module!(made);
fn main() {
    println!("{} {} {} {} {} {}", no::f(), underscore::f(), glob::f(), other::f(), named::f(), by_macro::f());
    println!("{:?} {} {:?} {} {:?}", in_function::f(), in_function::g(), deep::f(), bound::f(lib::s()), made::f());
}
