use core::ops::Deref;
pub struct P<T: ?Sized>(Box<T>);
impl<T: ?Sized> Deref for P<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
pub trait T {}
impl T for u8 {}
pub fn one(_: P<dyn T>) {}
pub fn two(_: P<dyn T>, _: P<dyn T + Send>) {}
pub fn f(x: P<u8>, y: P<u8>, z: P<u8>) -> P<dyn T> {
    one(x);
    two(y, z);
    P(Box::new(1u8))
}
pub fn with_lifetimes<'a>(x: P<&'a u8>) -> P<dyn Fn(&'a u8) -> u8> {
    x
}
pub fn g(x: P<u8>) -> P<dyn T> {
    x
}
