// a feature that never was: the compiler says so
//@ edition:2021
#![feature(arbitrary_self_types, nonexistent_feature)]
fn main() {}
