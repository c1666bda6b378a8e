// two crates: a glob import brings a trait in that was imported without a name
//@ run-pass
//@ edition:2021
use lib::{P, S, U};
mod nine { use crate::{P, S, U}; use lib::c::*; pub fn call() -> u8 { P::new(S(U)).m() } }
fn main() { println!("{}", nine::call()); let _ = S(U); }
