// bounds name the trait
//@ edition:2021
use lib::{P, T}; fn f<X: T>(x: &P<X>) -> (u8, u8) { (x.d(), x.clone().t()) } fn main() { println!("{:?} {:?}", f(&P::new(lib::S(1))), f(&P::new(1u8))); }
