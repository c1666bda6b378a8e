// a library whose macro writes methods into the impls of its users, as kernel::list's getters are
//@ edition:2021
#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::CoercePointee, ops::{Deref, DerefMut}};
#[derive(CoercePointee)] #[repr(transparent)] pub struct P<T: ?Sized>(Box<T>);
impl<T> P<T> { pub fn new(x: T) -> Self { P(Box::new(x)) } }
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl<T: ?Sized> DerefMut for P<T> { fn deref_mut(&mut self) -> &mut T { &mut self.0 } }
#[macro_export] macro_rules! getters {
    ($pub:vis fn $name:ident(&mut self) -> &mut $typ:ty { $field:ident } $($rest:tt)*) => {
        $pub fn $name<'a>(self: &'a mut $crate::P<Self>) -> &'a mut $typ { &mut (**self).$field }
        $crate::getters!($($rest)*);
    };
    ($pub:vis fn $name:ident(&self) -> &$typ:ty { $field:ident } $($rest:tt)*) => {
        $pub fn $name<'a>(self: &'a $crate::P<Self>) -> &'a $typ { &(**self).$field }
        $crate::getters!($($rest)*);
    };
    () => {};
}
