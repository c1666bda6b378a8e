// two crates: methods that are functions for this one are called, beside methods of such names that are others
//@ run-pass
//@ edition:2021
use lib::{P, S, U, V};
struct Own(u8);
impl Own { fn of_all(&self) -> u8 { self.0 } }
macro_rules! call { ($x:expr) => { $x.mine() } }
fn main() {
    let p = P::new(S(U));
    println!("{} {}", p.only(7), call!(p.clone()));
    println!("{} {}", p.clone().of_all(1), P::new(V).of_all(2));
    println!("{}", stringify!(p.only(7)));
}
