// a method by reference behind Deref
//@ edition:2021
use lib::*; trait K2 { fn k(&self) -> u8; } impl K2 for S { fn k(&self) -> u8 { 1 } } fn main() { println!("{}", P::new(S(1)).k()); println!("{}", P::new(In(1)).k()); }
