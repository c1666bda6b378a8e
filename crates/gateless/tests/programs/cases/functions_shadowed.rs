// two crates: methods that are functions for this one, beside others of their names that their pointers lead to
//@ run-pass
//@ edition:2021
use lib::{P, S, U};
fn main() { println!("{} {}", P::new(S(U)).m(), P::new(S(U)).n()); }
