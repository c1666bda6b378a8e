pub struct P<T: ?Sized + 'static>(Box<T>);
pub struct R<'a, T: ?Sized + 'a>(&'a T);
pub trait C {
    type Of;
}
impl<T> C for [T; 1] {
    type Of = P<T>;
}
pub struct W<'a>(&'a u8);
impl<'a, T> C for (W<'a>, T) {
    type Of = R<'a, T>;
}
