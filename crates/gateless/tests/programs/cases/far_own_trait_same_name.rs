// a trait of the dependant has a lowered trait's name and method
//@ edition:2021
use lib::{P, S}; trait T { fn t(self) -> u8; } impl<X> T for P<X> { fn t(self) -> u8 { 1 } } fn main() { println!("{}", P::new(S(1)).t()); }
