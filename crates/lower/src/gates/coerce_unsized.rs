//! `coerce_unsized`: impls of `CoerceUnsized` become impls of the support module's `Pointer`, in the same places.
//!
//! Such an impl makes a pointer coerce like a built-in one, as `derive(CoercePointee)` does, which came later. Places that relied on that are
//! found and converted in the same way (`derive_coerce_pointee/coercions.rs`). `impl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<P<U>> for P<T>`
//! is for pointers to `T`; `impl<T: CoerceUnsized<U>, U> CoerceUnsized<W<U>> for W<T>` for what holds a pointer.
//!
//! Not lowered, with an error: other forms, bounds that are asked of one of the two types only, other uses of the trait, and types that hold data
//! besides the pointer, which a conversion through a raw pointer would lose.

mod data;
pub mod header;

use std::collections::BTreeSet;

use gateless_model::Result;
use gateless_rust_text::edit::Edit;

use self::header::Impls;
use crate::CrateExports;
use crate::gate::{Gate, Needs, Page, Places, Purpose, Rendered, Source, View};

/// The gate.
pub struct CoerceUnsized;

impl Gate for CoerceUnsized {
    const NAME: &'static str = "coerce_unsized";
    type Facts = Impls;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Impls> {
        if !source.has(Self::NAME) {
            return Ok(Impls::default());
        }
        let none = BTreeSet::new();
        Impls::read(Self::NAME, "CoerceUnsized", "Coerced", &none, files)
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

    use crate::testing::{lowered, refused};

    const FEATURES: &str = "#![feature(coerce_unsized, unsize)]\n";

    fn own(text: &str) -> String {
        let text = lowered(&format!("{FEATURES}{text}"));
        let (own, _support) = text.split_once(" #[doc(hidden)]").unwrap();
        own.trim_start().replace(crate::lints::QUIET, "#[quiet]")
    }

    #[test]
    fn an_impl_for_pointers_makes_them_known() {
        expect![[r#"
            struct P<'a, T: ?Sized, const N: u8>(*const T, core::marker::PhantomData<&'a ()>);
            #[quiet] unsafe impl<'a, T, const N: u8> crate::__gateless::Pointer for P<'a, T, N> where T: ?Sized, T: Own<N>,  { type Raw = *mut T; type Rest = (crate::__gateless::Of<&'a ()>,crate::__gateless::Const_u8<N>,); type Use = crate::__gateless::Coerced; }


        "#]].assert_eq(&own("struct P<'a, T: ?Sized, const N: u8>(*const T, core::marker::PhantomData<&'a ()>);\nimpl<'a, T, U, const N: u8> core::ops::CoerceUnsized<P<'a, U, N>> for P<'a, T, N> where\n T: core::marker::Unsize<U> + ?Sized + Own<N>, // c\n U: ?Sized + Own<N> {\n}"));
    }

    #[test]
    fn an_impl_for_what_holds_a_pointer_goes_by_that() {
        expect![[r#"
            struct W<T>(T);
            #[quiet] unsafe impl<T> crate::__gateless::Pointer for W<T> where T: crate::__gateless::Pointer,  { type Raw = <T as crate::__gateless::Pointer>::Raw; type Rest = (<T as crate::__gateless::Pointer>::Rest,); type Use = <T as crate::__gateless::Pointer>::Use; }"#]].assert_eq(&own("use core::ops::CoerceUnsized as C;\nstruct W<T>(T);\nimpl<T: C<U>, U> C<W<U>> for W<T> {}"));
    }

    #[test]
    fn other_forms_are_refused() {
        let of = |text: &str| {
            refused(&format!(
                "{FEATURES}use std::{{marker::Unsize, ops::CoerceUnsized}};\n{text}"
            ))
        };
        expect!["lib.rs:3: this impl of `CoerceUnsized` can't be lowered: the type that it converts to is no path"].assert_eq(&of(
            "impl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<*const U> for P<T> {}",
        ));
        expect!["lib.rs:3: this impl of `CoerceUnsized` can't be lowered: `_ : Send` is asked of only one of `T` and `U`"].assert_eq(&of(
            "impl<T: Send + ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<P<U>> for P<T> {}",
        ));
        expect!["lib.rs:4: this impl of `CoerceUnsized` can't be lowered: `P` holds `a` and `b` (at lib.rs:3)"].assert_eq(&of("struct P<T: ?Sized> { a: u8, b: *const T }\nimpl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<P<U>> for P<T> {}"));
        expect!["lib.rs:3: this use of `CoerceUnsized` can't be lowered: only impls for pointers of the crate can"].assert_eq(&of("fn f<T: CoerceUnsized<U>, U>(x: T) -> U { x }"));
        expect!["lib.rs:3: this impl of `CoerceUnsized` can't be lowered: `S` and `dyn A` are not both parameters of the impl"].assert_eq(&of("impl CoerceUnsized<P<dyn A>> for P<S> {}"));
    }
}
