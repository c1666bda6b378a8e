pub mod __gateless {
    pub trait Pointer {}
    pub trait Receiver {}
    pub fn take<P: Pointer>(_: P) {}
    pub fn receive<P: Receiver>(_: P) {}
}
pub struct P;
pub fn f() {
    __gateless::take(P);
    __gateless::receive(&P);
}
