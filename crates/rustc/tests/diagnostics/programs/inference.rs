pub trait Pointer {
    type Raw;
    fn new() -> Self;
}
impl Pointer for u8 {
    type Raw = u16;
    fn new() -> Self {
        0
    }
}
impl Pointer for u16 {
    type Raw = u16;
    fn new() -> Self {
        0
    }
}
pub fn raw<P: Pointer<Raw = u8>>(_: P) {}
pub fn make<P: Pointer>() -> P {
    P::new()
}
pub fn unknown() {
    let _x = |y| y;
}
pub fn unknown_trait() {
    make();
}
pub fn unknown_projection() -> u64 {
    2u64 + "1".parse().unwrap()
}
pub fn projection(p: u8) {
    raw(p);
}
