pub struct V<'a, 'b: 'a>(&'a u8, &'b u8);
pub trait C {
    type Of;
}
pub struct W<'a>(&'a u8);
impl<'a, 'b> C for (W<'a>, W<'b>) {
    type Of = V<'a, 'b>;
}
