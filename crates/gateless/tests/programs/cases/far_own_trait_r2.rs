// the same by reference
//@ edition:2021
use lib::{P, S}; trait X { fn r(&self) -> u8; } impl X for P<S> { fn r(&self) -> u8 { 1 } } fn main() { println!("{}", P::new(S(1)).r()); }
