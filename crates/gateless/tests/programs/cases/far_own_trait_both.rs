// a lowered trait's method and one of the dependant: E0034
//@ edition:2021
use lib::{P, S, T}; trait T2 { fn t(self) -> u8; } impl T2 for P<S> { fn t(self) -> u8 { 1 } } fn main() { println!("{}", P::new(S(1)).t()); }
