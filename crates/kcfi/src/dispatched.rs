//! Calls of what a method returns that lowering put into a vtable (`crates/lower/src/gates/arbitrary_self_types/dispatch.rs`).
//!
//! In place of `fn m(self: Arc<Self>, x: u8)` a vtable has a method of an added trait, which returns the address of a function
//! `unsafe fn(*mut (), PhantomData<(Arc<T>, *const dyn ADDED)>, u8)`. C has functions of the type `fn(*mut (), u8)` as well, which must not be taken for
//! it: the first parameter is a pointer to the added trait's objects, which no other function takes. Both that function and the caller's pointer say the
//! trait, whatever `T` is to either.

use gateless_model::added::TRAIT;

use crate::ty::{Arg, Predicate, Type};

/// The beginning of a mark's text in debug information.
const MARK: &str = "core::marker::PhantomData<(";

/// Whether the text of a type can be a mark's.
pub(crate) fn may_be_mark(text: &str) -> bool {
    text.starts_with(MARK) && text.contains(TRAIT)
}

/// Makes the first of `inputs` what `mark` says, and tells whether it is one.
pub(crate) fn mark(inputs: &mut [Type], mark: &Type) -> bool {
    let (Some(object), Some(Type::Pointer { mutable: true, to })) =
        (object(mark), inputs.first_mut())
    else {
        return false;
    };
    let is_plain = to.is_unit();
    if is_plain {
        **to = object.clone();
    }
    is_plain
}

/// `dyn ADDED` of `PhantomData<(R, *const dyn ADDED)>`.
fn object(mark: &Type) -> Option<&Type> {
    let Type::Adt(named) = mark else {
        return None;
    };
    let [Arg::Type(Type::Tuple(parts))] = &named.args[..] else {
        return None;
    };
    let [_, Type::Pointer { mutable: false, to }] = &parts[..] else {
        return None;
    };
    let Type::Dyn { predicates, .. } = &**to else {
        return None;
    };
    let is_added =
        matches!(&predicates[..], [Predicate::Trait(of)] if of.path.name().starts_with(TRAIT));
    (named.is_phantom() && is_added).then_some(to)
}
