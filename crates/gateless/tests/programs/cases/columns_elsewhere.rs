// a macro of another crate that tells its column, in a lowered line
//@ edition:2021
use lib::{P, here};
fn any(p: P<dyn std::any::Any>) -> u32 { here(&p) }
fn main() {
    println!("{:?}", (any(P::new(3)), lib::at!()));
}
