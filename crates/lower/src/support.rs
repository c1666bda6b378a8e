//! The module that a lowered crate carries at its end: pointers that convert like built-in ones.
//!
//! The compiler only unsizes pointers for which it was told so by an unstable trait. But it also unsizes raw pointers. So a
//! conversion takes the smart pointer apart into a raw pointer, lets that one be converted, and puts the result together
//! again. `Rest` carries everything of the type but the pointee through the conversion, invariantly: lifetimes, allocators
//! and constants must be the same on both sides, as they must be for the built-in conversion.
//!
//! All of it is free of cost once inlined, and usable in constants.

use gateless_rust_text::edit::Edit;

use crate::Request;
use crate::lints::QUIET;

/// Name of the module.
pub use gateless_model::added::PREFIX as MODULE;

/// Types of const parameters that [`rest_of_const`] knows.
const CONST_TYPES: &[&str] = &[
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize",
];

/// The marker type for a const parameter `name` of type `ty`, if there is one.
pub fn rest_of_const(path: &str, ty: &str, name: &str) -> Option<String> {
    CONST_TYPES
        .contains(&ty)
        .then(|| format!("{path}::Const_{ty}<{name}>"))
}

/// Dependencies that have a support module.
pub(crate) fn parents<'a>(request: &'a Request<'_>) -> impl Iterator<Item = &'a str> {
    request
        .known
        .crates
        .iter()
        .filter(|(name, exports)| exports.pointers && *name != request.crate_name)
        .map(|(name, _)| name.as_str())
}

/// Paths to the names of the support modules that a crate sees: its own, which builds on the first dependency's, or else those of
/// its dependencies.
pub fn paths(request: &Request<'_>, has_own: bool) -> Vec<String> {
    let parents = parents(request)
        .skip(usize::from(has_own))
        .map(|name| format!("::{name}::"));
    has_own
        .then(|| "crate::".to_owned())
        .into_iter()
        .chain(parents)
        .collect()
}

/// Rank of what stands before the module where both are inserted at one place.
pub const BEFORE: i64 = -2;

/// The edit that adds the module at the end of the crate root, after what has the rank [`BEFORE`] there and before all else.
pub fn edit(request: &Request<'_>, end: usize) -> Edit {
    let parent = parents(request)
        .next()
        .map(|name| format!("::{name}::{MODULE}"));
    Edit {
        rank: -1,
        ..Edit::insert(end, format!(" {}", module(parent.as_deref())))
    }
}

/// The module for a crate that has pointers or receivers of its own. `parent` is the path of a dependency's module to build on.
fn module(parent: Option<&str>) -> String {
    let mut text = format!("#[doc(hidden)] {QUIET} pub mod {MODULE} {{ ");
    match parent {
        Some(parent) => text.push_str(&format!("pub use {parent}::*; ")),
        None => {
            text.push_str(POINTERS);
            for ty in CONST_TYPES {
                text.push_str(&format!("pub struct Const_{ty}<const N: {ty}>; "));
            }
        }
    }
    text.push_str("} ");
    match parent {
        Some(parent) => text.push_str(&format!("#[doc(hidden)] {QUIET} pub use {parent}_coerce;")),
        None => text.push_str(MACRO),
    }
    text
}

/// No lifetimes, allocators or constants are lost on the way: `take` keeps them in the phantom, `same` wants them equal. `Use` tells pointers that
/// coerce from those that can only be receivers of calls through trait objects.
const POINTERS: &str = "pub extern crate core; use self::core::{marker::PhantomData, mem::ManuallyDrop, ops::Deref}; \
pub enum Coerced {} pub enum Dispatched {} \
pub unsafe trait Pointer: Sized { type Raw; type Rest; type Use; } \
unsafe impl<P: Pointer> Pointer for self::core::pin::Pin<P> { type Raw = P::Raw; type Rest = P::Rest; type Use = P::Use; } \
unsafe impl<T: ?Sized> Pointer for *const T { type Raw = *mut T; type Rest = (); type Use = Coerced; } \
unsafe impl<T: ?Sized> Pointer for *mut T { type Raw = *mut T; type Rest = (); type Use = Coerced; } \
unsafe impl<P: Pointer> Pointer for self::core::cell::Cell<P> { type Raw = P::Raw; type Rest = Of<self::core::cell::Cell<P::Rest>>; type Use = P::Use; } \
unsafe impl<P: Pointer> Pointer for self::core::cell::UnsafeCell<P> { type Raw = self::core::cell::UnsafeCell<P::Raw>; type Rest = Of<self::core::cell::UnsafeCell<P::Rest>>; type Use = P::Use; } \
unsafe impl<P: Pointer> Pointer for self::core::cell::RefCell<P> { type Raw = self::core::cell::RefCell<P::Raw>; type Rest = Of<self::core::cell::RefCell<P::Rest>>; type Use = P::Use; } \
pub trait Placeholder {} \
pub trait Receiver { type Target: ?Sized; } impl<P: ?Sized + Deref> Receiver for P { type Target = P::Target; } \
pub struct Of<T: ?Sized>(PhantomData<fn(*mut T) -> *mut T>); \
#[repr(C)] union Cast<A, B> { from: ManuallyDrop<A>, to: ManuallyDrop<B> } \
#[inline(always)] const fn cast<A, B>(from: A) -> B { const { self::core::assert!(self::core::mem::size_of::<A>() == self::core::mem::size_of::<B>()) } ManuallyDrop::into_inner(unsafe { Cast { from: ManuallyDrop::new(from) }.to }) } \
pub struct To<D>(PhantomData<fn(D) -> D>); \
#[inline(always)] pub const fn take<P: Pointer<Use = Coerced>>(pointer: P) -> (PhantomData<fn(P::Rest) -> P::Rest>, P::Raw) { (PhantomData, cast::<P, P::Raw>(pointer)) } \
#[inline(always)] pub const fn receive<P: Pointer>(pointer: P) -> P::Raw { cast::<P, P::Raw>(pointer) } \
impl<D: Pointer> To<D> { pub const NEW: To<D> = To(PhantomData); \
#[inline(always)] pub fn is(&self, pointer: D) -> D { pointer } \
#[inline(always)] pub const fn never(&self) -> D { loop {} } \
#[inline(always)] pub const fn same(&self, rest: PhantomData<fn(D::Rest) -> D::Rest>) {} \
#[inline(always)] pub const fn make(&self, raw: D::Raw) -> D { cast::<D::Raw, D>(raw) } } ";

/// The `break` makes the expected type the type of `to` before the raw pointer is converted. Debug information is told to say nothing of the
/// macro's variables: their names begin like all that lowering adds.
const MACRO: &str = "#[doc(hidden)] #[macro_export] macro_rules! __gateless_coerce { \
($e:expr) => { match $crate::__gateless::take($e) { (__gateless_rest, __gateless_raw) => 'coerced: { let __gateless_to = $crate::__gateless::To::NEW; if false { break 'coerced __gateless_to.never() } __gateless_to.same(__gateless_rest); __gateless_to.make(__gateless_raw) } } }; \
($to:ident, $e:expr) => { match $crate::__gateless::take($e) { (__gateless_rest, __gateless_raw) => { $to.same(__gateless_rest); $to.make(__gateless_raw) } } }; \
($e:expr => $t:ty) => { match $crate::__gateless::take($e) { (__gateless_rest, __gateless_raw) => { let __gateless_to = $crate::__gateless::To::<$t>::NEW; __gateless_to.same(__gateless_rest); __gateless_to.make(__gateless_raw) } } }; }";
