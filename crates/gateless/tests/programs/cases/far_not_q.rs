// a lowered trait that is not imported, beside one that is: E0599
//@ edition:2021
use lib::T; fn main() { println!("{} {}", lib::P::new(3u8).t(), lib::P::new(lib::S(1)).q()); }
