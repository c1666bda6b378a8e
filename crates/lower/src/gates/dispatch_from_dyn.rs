//! `dispatch_from_dyn`: impls of `DispatchFromDyn` become impls of the support module's `Pointer`, in the same places, by which methods with that
//! receiver can be called on trait objects (`arbitrary_self_types/dispatch.rs`).
//!
//! Where the type has an impl of `CoerceUnsized`, it is known by that (`coerce_unsized.rs`), and one that says nothing stands here: one impl less
//! would change the symbols of the next ones. That the crate may have such methods is checked when the compiler is asked about it as it is.

use std::collections::BTreeSet;

use gateless_model::Result;
use gateless_rust_text::edit::Edit;

use crate::CrateExports;
use crate::gate::{Gate, Needs, Page, Places, Purpose, Rendered, Source, View};
use crate::gates::coerce_unsized::CoerceUnsized;
use crate::gates::coerce_unsized::header::{self, Impls};

/// The gate.
pub struct DispatchFromDyn;

impl Gate for DispatchFromDyn {
    const NAME: &'static str = "dispatch_from_dyn";
    type Facts = Impls;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Impls> {
        if !source.has(Self::NAME) {
            return Ok(Impls::default());
        }
        let coerced = if source.has(CoerceUnsized::NAME) {
            header::types("CoerceUnsized", files)?
        } else {
            BTreeSet::new()
        };
        Impls::read(Self::NAME, "DispatchFromDyn", "Dispatched", &coerced, files)
    }

    fn needs(impls: &Impls, _purpose: Purpose) -> Needs {
        impls.needs()
    }

    fn render(impls: &Impls, _page: &Page<'_>) -> Result<Rendered> {
        Ok(impls.shown.render())
    }

    fn question(impls: &Impls, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        Ok(impls.question(page))
    }

    fn count(impls: &Impls, places: &mut Places) {
        impls.shown.add_to(places);
    }

    fn exports(impls: &Impls, _notes: &(), _source: &Source<'_>) -> CrateExports {
        impls.exports()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::lowered;

    #[test]
    fn impls_make_receivers_known_that_do_not_coerce() {
        let text = lowered(
            "#![feature(dispatch_from_dyn, coerce_unsized, unsize)]\nuse core::{marker::Unsize, ops::{CoerceUnsized, DispatchFromDyn}};\nimpl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<C<U>> for C<T> {}\nimpl<T: ?Sized + Unsize<U>, U: ?Sized> DispatchFromDyn<C<U>> for C<T> {}\nimpl<T: ?Sized + Unsize<U>, U: ?Sized> DispatchFromDyn<P<'_, U>>\n for P<'_, T> {}\n#[cfg(ON)] impl<T: DispatchFromDyn<U>, U> DispatchFromDyn<W<U>> for W<T> {}\n",
        );
        let (own, _support) = text.split_once(" #[doc(hidden)]").unwrap();
        expect![[r#"


            #[quiet] unsafe impl<T> crate::__gateless::Pointer for C<T> where T: ?Sized,  { type Raw = *mut T; type Rest = (); type Use = crate::__gateless::Coerced; }
            #[quiet] impl<T> crate::__gateless::Placeholder for C<T> where T: ?Sized,  {}
            #[quiet] unsafe impl<T> crate::__gateless::Pointer for P<'_, T> where T: ?Sized,  { type Raw = *mut T; type Rest = (); type Use = crate::__gateless::Dispatched; }

            #[cfg(ON)] #[quiet] unsafe impl<T> crate::__gateless::Pointer for W<T> where T: crate::__gateless::Pointer,  { type Raw = <T as crate::__gateless::Pointer>::Raw; type Rest = (<T as crate::__gateless::Pointer>::Rest,); type Use = <T as crate::__gateless::Pointer>::Use; }"#]].assert_eq(&own.replace(crate::lints::QUIET, "#[quiet]"));
    }
}
