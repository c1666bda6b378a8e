//! `unsize`: the trait of what a pointer's pointee may become. Lowered pointers do without it (`coerce_unsized.rs`, `dispatch_from_dyn.rs`).
//!
//! Its bounds in impls of `CoerceUnsized` and `DispatchFromDyn` go with these. Other uses are refused: no stable trait says the same.

use gateless_model::Result;

use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, View};
use crate::gates::coerce_unsized::header::{self, Place};
use crate::imports;

/// The gate.
pub struct Unsize;

impl Gate for Unsize {
    const NAME: &'static str = "unsize";
    type Facts = Shown;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        if !source.has(Self::NAME) {
            return Ok(shown);
        }
        let names = imports::names(files, "Unsize");
        for view in files {
            for place in header::uses(view, &names) {
                match place {
                    Place::Bound => shown.count(Self::NAME),
                    Place::Impl(conversion) => return Err(conversion.refused(view)),
                    Place::Other(token) => return Err(header::refused(view, token)),
                }
            }
        }
        Ok(shown)
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::refused;

    #[test]
    fn uses_outside_of_conversions_are_refused() {
        expect!["lib.rs:3: this use of `Unsize` can't be lowered: only impls for pointers of the crate can"].assert_eq(&refused(
            "#![feature(unsize)]\nuse core::marker::Unsize;\nfn f<T: ?Sized + Unsize<dyn A>>(x: &T) -> &dyn A { x }\n",
        ));
    }
}
