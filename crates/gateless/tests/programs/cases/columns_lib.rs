// a library whose generic code tells its places; it is compiled where it is used
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::Deref, panic::Location};
#[derive(CoercePointee)] #[repr(transparent)] pub struct P<T: ?Sized>(std::sync::Arc<T>);
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T> P<T> { pub fn new(t: T) -> Self { P(std::sync::Arc::new(t)) } }
#[track_caller] pub fn here(_: &dyn std::any::Any) -> u32 { Location::caller().column() }
pub fn places<T: std::fmt::Debug + Clone + 'static>(t: T) -> (u32, u32, u32) { let a: P<dyn std::any::Any> = P::new(t.clone()); (here(&1), Location::caller().column(), { let _b: P<dyn std::any::Any> = P::new((a, t)); here(&2) }) }
pub fn fails<T: Clone + 'static>(t: &[T]) -> P<dyn std::any::Any> { let p: P<dyn std::any::Any> = P::new(t[3].clone()); p }
#[macro_export] macro_rules! at { () => { (line!(), column!()) } }
