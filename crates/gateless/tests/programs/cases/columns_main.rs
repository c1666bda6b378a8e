// two crates: places in generic code, in rewritten calls, in macros, in constants
//@ edition:2021
#![feature(arbitrary_self_types)]
use lib::{P, here, places, fails}; use std::panic::Location;
struct S(u8);
impl S { #[track_caller] fn t(self: P<Self>) -> u32 { Location::caller().column() } #[track_caller] const fn c(self: &P<Self>, n: u32) -> u32 { n } }
macro_rules! local { () => { column!() } } macro_rules! outer { ($e:expr) => { ($e, local!(), local!()) } }
macro_rules! imp { ($t:ident) => { impl $t { #[track_caller] fn made(self: P<Self>) -> (u32, u32) { let l = Location::caller(); (l.line(), l.column()) } } } }
struct M; imp!(M);
fn any(p: P<dyn std::any::Any>) -> u32 { here(&p) }
const K: (u32, &Location<'static>) = { let x: u8 = 1; /* é */ (column!(), Location::caller()) };
fn main() {
    println!("{:?} {:?}", places(1u8), places("x"));
    println!("{} {}", P::new(S(1)).t(), /* wide ü */ P::new(S(2)).c(3)); println!("{:?}", P::new(M)
        .made()); println!("{:?}", (any(P::new(1)), here(&any(P::new(2))), column!(), P::new(M).made(), local!()));
    println!("{:?}", (any(P::new(S(3))), outer!(any(P::new(4)))));
    println!("{:?} {:?} {:?}", K.0, K.1, lib::at!());
    std::panic::set_hook(Box::new(|i| println!("{}", i.location().unwrap())));
    for i in 0..4 { let _ = std::panic::catch_unwind(|| { match i { 0 => drop(fails(&[1u8])), 1 => { any(P::new(1)); let v: Vec<u8> = vec![]; v[i]; } 2 => { let _x = (any(P::new(1)), None::<u8>.unwrap()); } _ => { any(P::new(1)); let z = i - 3; 1 / z; } } }); }
}
