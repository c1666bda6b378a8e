pub trait __gateless_m_x_0_1 {
    fn m(self) -> u8;
}
impl __gateless_m_x_0_1 for u8 {
    fn m(self) -> u8 {
        self
    }
}
pub const C: u8 = 1u8.m();
