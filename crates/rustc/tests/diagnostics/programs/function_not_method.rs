use core::ops::Deref;
pub struct P<T: ?Sized>(Box<T>);
impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
pub struct S;
impl S {
    pub fn m(this: &P<Self>, _x: u8) {}
}
pub fn f(x: P<S>, y: &P<S>) {
    x.m(1);
    y.m(1);
}
