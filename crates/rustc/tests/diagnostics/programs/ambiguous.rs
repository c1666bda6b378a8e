pub trait __gateless_m_x_0_1 {
    fn m(self);
}
pub trait Other {
    fn m(self);
}
impl __gateless_m_x_0_1 for u8 {
    fn m(self) {}
}
impl Other for u8 {
    fn m(self) {}
}
pub fn f(x: u8) {
    x.m();
}
