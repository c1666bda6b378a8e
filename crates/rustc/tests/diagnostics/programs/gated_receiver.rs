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
    pub fn m(self: P<Self>) {}
    pub fn p(self: *const Self) {}
}
