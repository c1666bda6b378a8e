// unsafe, extern, const, async and must_use methods
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref};
#[derive(CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized>(std::rc::Rc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> Clone for P<T> { fn clone(&self) -> Self { P(self.0.clone()) } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::rc::Rc::new(t)) } }
struct S(u8);
impl S { unsafe fn u(self: P<Self>) -> u8 { self.0.0 } extern "C" fn e(self: P<Self>, x: u8) -> u8 { self.0.0 + x } #[must_use] fn mu(self: &P<Self>) -> u8 { 1 } async fn a(self: P<Self>) -> u8 { self.0.0 } const fn k(self: &P<Self>) -> u8 { 5 } #[inline(always)] #[cold] fn i(mut self: P<Self>) -> u8 { self = P::new(S(42)); self.0.0 } fn r#match(self: P<Self>) -> u8 { 3 } }
fn block<F: std::future::Future>(f: F) -> F::Output { let mut f = std::pin::pin!(f); let w = std::task::Waker::noop(); match f.as_mut().poll(&mut std::task::Context::from_waker(&w)) { std::task::Poll::Ready(x) => x, _ => panic!() } }
fn main() { let p = P::new(S(7)); p.mu(); println!("{} {} {} {} {} {} {}", unsafe { p.clone().u() }, p.clone().e(1), p.mu(), block(p.clone().a()), p.k(), p.clone().i(), p.r#match()); }
