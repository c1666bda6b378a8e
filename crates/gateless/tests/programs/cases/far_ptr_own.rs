// the pointer's own method
//@ edition:2021
use lib::*; trait K2 { fn ptr_own(self) -> u8; } impl K2 for P<S> { fn ptr_own(self) -> u8 { 1 } } fn main() { println!("{}", P::new(S(1)).ptr_own()); println!("{}", (&P::new(S(1))).ptr_own()); }
