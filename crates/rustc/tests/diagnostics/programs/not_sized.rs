use core::ops::Deref;
pub struct P<T: ?Sized>(Box<T>);
impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
pub trait T {
    fn m(this: P<Self>)
    where
        Self: Sized;
}
pub fn f(x: P<dyn T>) {
    <dyn T>::m(x);
    T::m(x);
}
