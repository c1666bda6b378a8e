// two crates: glob imports bring a trait in where they do, and nowhere else
//@ run-pass
//@ edition:2021
#![allow(unused_imports)]
use lib::{P, S, U};
mod own { pub use lib::a::A; pub mod deeper { use super::*; pub fn call() -> u8 { lib::P::new(lib::S(lib::U)).m() } } }
mod without { use super::*; pub fn call() -> u8 { P::new(S(U)).m() } }
mod one { use crate::{P, S, U}; use lib::b::*; pub fn call() -> u8 { P::new(S(U)).m() } }
mod two { use crate::{P, S, U}; use lib::a::*; pub fn call() -> u8 { P::new(S(U)).m() } }
mod three { use crate::{P, S, U}; use lib::d::*; pub fn call() -> u8 { P::new(S(U)).m() } }
mod four { use crate::{P, S, U}; use lib::e::*; pub fn call() -> u8 { P::new(S(U)).m() } }
mod five { use crate::{P, S, U}; use lib::{b::{inner::*, Z}, e}; pub fn call() -> u8 { P::new(S(U)).m() } }
mod seven { use crate::{P, S, U}; use lib::f::*; pub fn call() -> u8 { P::new(S(U)).m() } }
mod eight { use crate::{P, S, U}; use lib::b::*; pub fn call() -> u8 { let a = { use lib::a::*; P::new(S(U)).m() }; a * 10 + P::new(S(U)).m() } }
fn local() -> u8 { use lib::a::*; P::new(S(U)).m() }
fn other() -> u8 { use lib::b::*; P::new(S(U)).m() }
fn main() {
    println!("{} {}", own::deeper::call(), without::call());
    println!("{} {} {} {} {} {}", one::call(), two::call(), three::call(), four::call(), five::call(), seven::call());
    println!("{} {} {}", eight::call(), local(), other());
}
