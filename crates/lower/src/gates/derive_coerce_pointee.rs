//! `derive_coerce_pointee`: `derive(CoercePointee)` and `#[pointee]` are removed.
//!
//! The derive makes a `#[repr(transparent)]` pointer coerce like a built-in one (`Arc<T>` to `Arc<dyn Trait>`). In its place
//! the type gets an impl of the support module's `Pointer`, behind the last item of its module; places that relied on the
//! coercion are found by the compiler (`coercions.rs`), and closures that learned their signature from it (`closures.rs`).

mod closures;
mod coercions;
mod derive;

use std::collections::{BTreeMap, BTreeSet};

use gateless_model::Result;
use gateless_rust_text::edit::Edit;
use gateless_rustc::diagnostic::{Event, Said};

use self::coercions::Coercion;
use crate::CrateExports;
use crate::gate::{Ear, Gate, Needs, Page, Places, Purpose, Rendered, Shown, Source, View};
use crate::imports;
use crate::place::{Expression, Part};

/// The gate.
pub struct DeriveCoercePointee;

/// What is known about a crate's pointers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// What the sources show.
    shown: Shown,
    /// Whether a pointer was lowered.
    pub has_pointers: bool,
    /// Expressions whose value has to be converted to the pointer type that is expected of them.
    coercions: BTreeMap<Expression, Coercion>,
    /// For those that go by what the compiler says, the type.
    types: BTreeMap<Expression, String>,
    /// For expressions whose pointer is not known to the first support module that the crate sees, which one to use.
    modules: BTreeMap<Expression, usize>,
    /// Expressions for which converting did not help, with the ways that were tried; they are the user's own errors.
    refused: BTreeMap<Expression, BTreeSet<Coercion>>,
    /// For expressions with a closure that may have to be told its signature, how.
    hints: BTreeMap<Expression, BTreeMap<Part, String>>,
    /// Closures that are told: parts of the sources, and what is written there.
    told: BTreeMap<Part, String>,
}

impl Gate for DeriveCoercePointee {
    const NAME: &'static str = "derive_coerce_pointee";
    type Facts = Facts;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Facts> {
        let mut facts = Facts::default();
        // Elsewhere the names are the user's own.
        if source.has(Self::NAME) {
            let names = imports::names(files, "CoercePointee");
            for view in files {
                let impls = derive::remove(view, &names, &mut facts.shown)?;
                facts.has_pointers |= impls > 0;
            }
        }
        Ok(facts)
    }

    fn hear(facts: &mut Facts, ear: &Ear<'_, ()>, event: &Event<'_>) {
        if !ear.support.is_empty() {
            coercions::hear(event, &ear.source, facts);
        }
    }

    fn reconsider(facts: &mut Facts, ear: &Ear<'_, ()>, events: &[Event<'_>]) {
        if !closures::tell(events, &ear.source, facts) {
            coercions::take_back(events, &ear.source, ear.support.len(), facts);
        }
    }

    fn needs(facts: &Facts, _purpose: Purpose) -> Needs {
        Needs {
            support: facts.has_pointers,
            quiet: facts.has_pointers,
        }
    }

    fn render(facts: &Facts, page: &Page<'_>) -> Result<Rendered> {
        let mut rendered = facts.shown.render();
        rendered.edits.extend(converted(facts, page));
        Ok(rendered)
    }

    fn question(facts: &Facts, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        if page.source.is_alone() {
            return Ok(Vec::new());
        }
        // The derives stay, so that the compiler checks them; their stand-ins convert.
        let added = facts.shown.edits.iter();
        let added = added.filter(|(_, edit)| edit.range.is_empty()).cloned();
        Ok(added.chain(converted(facts, page)).collect())
    }

    fn count(facts: &Facts, places: &mut Places) {
        facts.shown.add_to(places);
        if !facts.coercions.is_empty() {
            *places.entry(Self::NAME.to_owned()).or_default() += facts.coercions.len();
        }
    }

    fn exports(facts: &Facts, _notes: &(), _source: &Source<'_>) -> CrateExports {
        if !facts.has_pointers {
            return CrateExports::default();
        }
        CrateExports {
            pointers: true,
            ..CrateExports::default()
        }
    }

    fn explain(source: &Source<'_>, event: &Event<'_>) -> Option<String> {
        let is_ours = matches!(
            event.said,
            Said::NoDerive {
                name: "CoercePointee"
            }
        );
        (is_ours && source.has(Self::NAME))
            .then(|| "the derive's name comes to a macro from its caller".to_owned())
    }
}

/// The edits of conversions and of closures in them.
fn converted(facts: &Facts, page: &Page<'_>) -> Vec<(usize, Edit)> {
    let mut all = Vec::new();
    for file in 0..page.source.files.list.len() {
        let edits = coercions::edits(&page.source, file, facts, page.support);
        all.extend(edits.into_iter().map(|edit| (file, edit)));
    }
    let told = facts.told.iter();
    all.extend(told.map(|(part, text)| part.edit(&page.source, text)));
    all
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::lowered;

    #[test]
    fn derives_markers_and_imports_go() {
        let text = lowered(
            "#![feature(derive_coerce_pointee)]\nuse core::{marker::{CoercePointee, PhantomData}, ptr::NonNull};\n#[cfg(ON)] pub(crate) use std::marker::CoercePointee;\n#[derive(Clone, core::marker::CoercePointee, Debug)]\n#[repr(transparent)] struct X<T: ?Sized>(NonNull<T>);\n#[derive(CoercePointee)]\n#[repr(transparent)] pub struct Y<'a, #[pointee] T: 'a + ?Sized, A = u8, const N: u64 = 0> where // c\n  T: Send { a: &'a T, b: PhantomData<A> }\n",
        );
        let (own, _support) = text.split_once(" #[doc(hidden)]").unwrap();
        expect![[r#"

            use core::{marker::{PhantomData}, ptr::NonNull};

            #[derive(Clone, Debug)]
            #[repr(transparent)] struct X<T: ?Sized>(NonNull<T>);
            //
            #[repr(transparent)] pub struct Y<'a,  T: 'a + ?Sized, A = u8, const N: u64 = 0> where // c
              T: Send { a: &'a T, b: PhantomData<A> } #[allow(warnings, unsafe_code, unused, nonstandard_style, rust_2018_idioms, unreachable_pub, clippy::all)] unsafe impl<T: ?Sized> crate::__gateless::Pointer for X<T>  { type Raw = *mut T; type Rest = (); type Use = crate::__gateless::Coerced; } #[allow(warnings, unsafe_code, unused, nonstandard_style, rust_2018_idioms, unreachable_pub, clippy::all)] unsafe impl<'a, T: 'a + ?Sized, A, const N: u64> crate::__gateless::Pointer for Y<'a, T, A, N> where T: Send { type Raw = *mut T; type Rest = (crate::__gateless::Of<&'a ()>,crate::__gateless::Of<A>,crate::__gateless::Const_u64<N>,); type Use = crate::__gateless::Coerced; }"#]].assert_eq(own);
    }

    #[test]
    fn a_users_own_derive_of_that_name_stays() {
        let text = "#[derive(CoercePointee)]\nstruct Y<#[pointee] T>(T);\n";
        assert_eq!(lowered(text), text);
    }
}
