// another name of the trait
//@ edition:2021
use lib::deep::Renamed as _; fn main() { println!("{}", lib::P::new(3u8).t()); }
