use core::ops::Deref;
pub struct P<T: ?Sized>(Box<T>);
impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
pub trait T {}
pub fn f(x: P<u8>) {
    let _ = x as P<dyn T>;
}
