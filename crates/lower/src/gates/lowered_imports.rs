//! Imports of what other gates lower away: `use core::{marker::{PhantomData, Unsize}, ops::CoerceUnsized}` keeps `PhantomData`.
//!
//! Names of several features may stand in one import, so that one gate has to take them all out.

use gateless_model::Result;

use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, View};
use crate::imports;

/// The gate.
pub struct LoweredImports;

impl Gate for LoweredImports {
    const NAME: &'static str = "lowered_imports";
    const IS_FEATURE: bool = false;
    type Facts = Shown;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        let names = imports::removed(source, files);
        if !names.is_empty() {
            for view in files {
                shown.edit(view.file, imports::remove(view, &names));
            }
        }
        Ok(shown)
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    fn count(_shown: &Shown, _places: &mut Places) {}
}

#[cfg(test)]
mod tests {
    use crate::testing::lowered;

    #[test]
    fn names_of_several_features_leave_one_import() {
        let text = lowered(
            "#![feature(unsize, coerce_unsized, dispatch_from_dyn)]\nuse core::{marker::{PhantomData, Unsize}, ops::{CoerceUnsized as C,\n  DispatchFromDyn}};\npub(crate) use core::marker::Unsize as U;\n",
        );
        assert_eq!(text, "\nuse core::{marker::{PhantomData}\n};\n\n");
    }

    #[test]
    fn names_without_their_feature_stay() {
        let text = "#![feature(unsize)]\nuse own::CoerceUnsized;\n";
        assert_eq!(lowered(text), "\nuse own::CoerceUnsized;\n");
    }
}
