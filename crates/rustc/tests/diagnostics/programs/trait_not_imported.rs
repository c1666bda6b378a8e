use core::ops::Deref;
pub struct P<T: ?Sized>(Box<T>);
impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
pub struct S;
mod a {
    pub trait __gateless_m_x_0_1 {
        fn m(self);
    }
    impl __gateless_m_x_0_1 for super::P<super::S> {
        fn m(self) {}
    }
}
pub fn f(x: P<S>) {
    x.m();
}
