// lowered traits by a glob import
//@ edition:2021
use lib::deep::prelude::*; fn main() { println!("{} {}", lib::P::new(3u8).t(), lib::P::new(lib::S(1)).q()); }
