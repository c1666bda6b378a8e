// a type's own lowered method comes before a trait's of the dependant
//@ edition:2021
use lib::{P, S}; trait X { fn m(self) -> u8; } impl X for P<S> { fn m(self) -> u8 { 1 } } fn main() { println!("{}", P::new(S(1)).m()); }
