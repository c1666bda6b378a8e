// two crates: methods that the library's macro wrote are called here, beside fields of the same names
//@ edition:2021
#![feature(arbitrary_self_types)]
use lib::P;
struct S { freeze: Option<u8>, total: u32 }
impl S {
    lib::getters! { fn freeze(&mut self) -> &mut Option<u8> { freeze } pub fn total(&self) -> &u32 { total } }
    fn own(self: &P<Self>) -> u32 { *self.total() + 1 }
}
fn find(all: &mut Vec<P<S>>) -> Option<&mut P<S>> { all.first_mut() }
fn main() {
    let mut all = vec![P::new(S { freeze: None, total: 3 })];
    let Some(info) = find(&mut all) else { return };
    if info.freeze().is_some() { println!("frozen"); }
    *info.freeze() = Some(7);
    println!("{:?} {} {} {:?}", info.freeze().take(), info.total(), info.own(), info.freeze);
}
