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
pub fn f(c: bool, x: P<dyn T>, y: P<u8>) {
    let _ = if c { x } else { y };
}
pub fn g(c: u8, x: P<dyn T>, y: P<u8>) {
    let _ = match c {
        0 => x,
        _ => y,
    };
}
