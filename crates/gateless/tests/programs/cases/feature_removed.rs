// a feature that the compiler removed: its own error
//@ edition:2021
#![feature(arbitrary_self_types, const_fn)]
fn main() {}
