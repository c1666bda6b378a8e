// calls by path
//@ edition:2021
fn main() { println!("{} {}", lib::T::t(lib::P::new(3u8)), <u8 as lib::T>::d(&lib::P::new(3))); println!("{}", lib::S::m(lib::P::new(lib::S(1)))); }
