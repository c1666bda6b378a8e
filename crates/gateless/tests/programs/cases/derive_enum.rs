// a derive that neither takes: its own error
//@ edition:2021
#![feature(derive_coerce_pointee)]
#[derive(std::marker::CoercePointee)] #[repr(transparent)] enum E<T: ?Sized> { A(Box<T>) }
fn main() {}
