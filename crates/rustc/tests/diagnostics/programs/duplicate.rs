pub trait __gateless_m_x_0_1 {}
pub trait __gateless_m_x_0_1 {}
