// a library whose macros tell what they are given
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
#[macro_export] macro_rules! holds { ($e:expr) => { assert!($e) } }
#[macro_export] macro_rules! twice { ($e:expr) => { { $crate::holds!($e); $crate::holds!($e) } } }
#[macro_export] macro_rules! said { ($($e:tt)*) => { println!("{}", stringify!($($e)*)) } }
