//! `arbitrary_self_types`: methods whose receiver is any pointer to `Self` (`self: Arc<Self>`, `self: &Ref<'_, Self>`).
//!
//! Stable Rust knows a few receiver types only. The method stays where it is, as an associated function with its first parameter
//! renamed, and an extension trait for the receiver's type forwards to it: `x.m()` and `Type::m(x)` both keep working.
//! Which methods: those for which rustc reports E0658 (or E0307, where the pointer has only a `Receiver` impl).
//!
//! `impl Foo { fn m(self: P<Self>) {} }` becomes
//! `impl Foo { fn m(this: P<Self>) {} } trait E { fn m(self); } impl E for P<Foo> { fn m(self) { <Foo>::m(self) } }`.
//!
//! Methods that macros write into impls which are not part of the macro have no place for such a trait, and those that a macro
//! repeats in a module would get several of one name; their calls are rewritten (`calls.rs`). Where a macro's caller names the receiver, it is renamed
//! in the macro call (`naming.rs`). That no call silently leads to another method: `proof.rs`.
//!
//! Not lowered, with an error: receivers whose type a macro gets from its caller, calls that have to be rewritten and take the method's name
//! from a macro's caller, and methods in traits whose parameters a macro repeats.

mod body;
mod brought;
mod calls;
mod dispatch;
mod exported;
mod extension;
mod facts;
mod functions;
mod globs;
mod hear;
mod kept_self;
mod lifetimes;
mod mentions;
pub mod method;
pub mod named;
mod names;
mod naming;
mod outlives;
mod paths;
mod printed;
pub mod proof;
mod receiver_tokens;
mod receiver_trait;
mod receivers;
mod scope;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use gateless_model::Result;
use gateless_rust_text::edit::Edit;
use gateless_rustc::diagnostic::{Event, Said};

pub(crate) use self::exported::are_methods;
use self::facts::Receiver;
pub use self::facts::{Facts, Key};
use self::method::Method;
pub(crate) use self::names::{called, restored};
pub(crate) use self::scope::imports_lowered;
use crate::CrateExports;
use crate::gate::{Added, Ear, Gate, Needs, Page, Places, Purpose, Rendered, Source, View};
use crate::gates::arbitrary_self_types_pointers::ArbitrarySelfTypesPointers;
use crate::imports;
use crate::place::Spot;
use ra_ap_syntax::AstNode;

/// The gate.
pub struct ArbitrarySelfTypes;

/// What the lowered text has for the receivers.
pub struct Notes {
    /// For receivers that may turn out not to be possible: where the generated items are, and the hidden supertrait's name.
    placed: BTreeMap<Key, (usize, String)>,
    /// What dependants have to know.
    exports: CrateExports,
}

/// Whether a crate may have such receivers.
fn is_on(source: &Source<'_>) -> bool {
    source.has(ArbitrarySelfTypes::NAME) || source.has(ArbitrarySelfTypesPointers::NAME)
}

/// Whether a place is a use of a lowered method's receiver.
pub(crate) fn is_receiver(facts: &Facts, source: &Source<'_>, spot: &Spot) -> bool {
    let text = &source.original(spot.file)[spot.range.clone()];
    let is_one = |&(file, offset): &Key| {
        let method = Method::at(source.original(file), source.edition, offset);
        method.is_some_and(|method| {
            let whole = method.range(method.function.syntax());
            whole.start <= spot.range.start && spot.range.end <= whole.end
        })
    };
    let mut here = facts.receivers.range((spot.file, 0)..(spot.file + 1, 0));
    ["self", "mut self"].contains(&text) && here.any(|(key, _)| is_one(key))
}

impl Gate for ArbitrarySelfTypes {
    const NAME: &'static str = "arbitrary_self_types";
    type Facts = Facts;
    type Notes = Notes;

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Facts> {
        let mut facts = Facts {
            reading: told::reading(files.iter().map(|view| &view.tokens)),
            functions: functions::Calls::parse(source, files),
            ..Facts::default()
        };
        if !is_on(source) {
            return Ok(facts);
        }
        let removed = imports::removed(source, files);
        for view in files {
            let edits = receiver_trait::redirect(&view.tokens, &removed);
            facts.names_trait |= !edits.is_empty();
            facts
                .paths
                .extend(edits.into_iter().map(|edit| (view.file, edit)));
            if view.tokens.text.contains("macro_export") {
                let receivers = exported::receivers(&view.tokens).into_iter();
                facts
                    .receivers
                    .extend(receivers.map(|offset| ((view.file, offset), Receiver::default())));
            }
        }
        Ok(facts)
    }

    fn hear(facts: &mut Facts, ear: &Ear<'_, Notes>, event: &Event<'_>) {
        if facts.functions.hear(event, &ear.source)
            || brought::hear(&mut facts.absent, event, &ear.source)
        {
            return;
        }
        if is_on(&ear.source) {
            hear::learn(facts, ear, event);
        } else if scope::has_others(&ear.source) || functions::has_others(&ear.source) {
            hear::learn_of_others(facts, ear, event);
        }
    }

    fn needs(facts: &Facts, _purpose: Purpose) -> Needs {
        let mut receivers = facts.receivers.values();
        Needs {
            support: facts.names_trait
                || receivers.any(|receiver| receiver.only_receiver || receiver.is_raw),
            quiet: facts.names_trait || !facts.receivers.is_empty(),
        }
    }

    fn render(facts: &Facts, page: &Page<'_>) -> Result<Rendered<Notes>> {
        let mut work = receivers::lower(facts, page)?;
        work.edits.extend(scope::edits(
            &page.source,
            &work.extensions,
            &facts.importing,
            &facts.absent,
        ));
        if page.purpose == Purpose::Compile {
            work.edits.extend(facts.functions.edits(&page.source));
            work.edits
                .extend(brought::edits(&page.source, &facts.absent));
        }
        let exported = facts
            .reading
            .iter()
            .filter(|(_, is_exported)| **is_exported);
        let reading = exported.map(|(name, _)| name.clone()).collect();
        let has_extensions = !work.extensions.is_empty();
        let scopes = scope::exported(&work.extensions);
        let named = scope::named(page.source.request.crate_name, &work.extensions);
        let traits = work
            .extensions
            .into_iter()
            .filter_map(|extension| extension.of_trait);
        let traits: BTreeSet<String> = traits.collect();
        let names = traits.iter().map(String::as_str).collect();
        let aliases = scope::aliases(&page.source, &names);
        let unnamed = scope::unnamed(&page.source, traits.iter().chain(aliases.keys()));
        let traits = traits.iter().chain(aliases.keys()).cloned().collect();
        Ok(Rendered {
            edits: facts.paths.iter().cloned().chain(work.edits).collect(),
            notes: Notes {
                placed: work.placed,
                exports: CrateExports {
                    pointers: facts.names_trait,
                    extensions: has_extensions,
                    scopes,
                    traits,
                    named,
                    aliases,
                    dispatched: work.dispatched,
                    telling: Vec::new(),
                    reading,
                    functions: work.functions,
                    unnamed,
                },
            },
        })
    }

    fn question(facts: &Facts, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        let mut edits = receivers::marked(facts, page)?;
        if !page.source.is_alone() {
            edits.extend(scope::edits(
                &page.source,
                &[],
                &facts.importing,
                &facts.absent,
            ));
            let rewritten = facts.rewritten.iter();
            let of_others = rewritten.filter(|(part, _)| facts.of_others.contains(part));
            edits.extend(of_others.map(|(part, text)| part.edit(&page.source, text)));
        }
        // The crate's own methods are methods here. Those of a dependency that nobody named on the command line are lowered all the same.
        let crate_name = page.source.request.crate_name;
        let is_others = |path: &str| !names::is_of_crate(path, crate_name);
        edits.extend(receivers::imports(facts, &page.source, &is_others));
        Ok(edits)
    }

    fn count(facts: &Facts, places: &mut Places) {
        if !facts.receivers.is_empty() {
            *places.entry(Self::NAME.to_owned()).or_default() += facts.receivers.len();
        }
    }

    fn exports(_facts: &Facts, notes: &Notes, _source: &Source<'_>) -> CrateExports {
        notes.exports.clone()
    }

    fn explain(source: &Source<'_>, event: &Event<'_>) -> Option<String> {
        let Said::NoMethod(call) = &event.said else {
            return None;
        };
        let mut lines = call.candidates.iter().flat_map(|place| &place.text);
        let was_method = lines.any(|line| line.text.contains("this:"));
        (call.function.is_some() && was_method && is_on(source)).then(|| {
            format!(
                "`{}` was a method, and this call can't be written as a call of the function that it became",
                call.name
            )
        })
    }

    fn stands_for(facts: &Facts, source: &Source<'_>, added: Added) -> Option<Range<usize>> {
        let text = &source.files.list[added.file].text;
        names::called(facts, text, &added).or_else(|| names::original(facts, source, &added))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{error, refined};

    fn lowered(method: &str, ty: &str) -> String {
        let text =
            format!("#![feature(arbitrary_self_types)]\nimpl<T> Foo<T> {{\n  {method}\n}}\n");
        let message = format!(
            "`{ty}` cannot be used as the type of `self` without the `arbitrary_self_types` feature"
        );
        refined(&text, "E0658", &message, ty, "")
    }

    #[test]
    fn a_method_becomes_a_function_and_an_extension_trait() {
        expect![[r#"

            impl<T> Foo<T> {
              pub fn m(this: P<Self>, (a, b): (u8, T)) -> u8 { this.n + a }
            } #[doc(hidden)] #[quiet] pub trait __gateless_m_x_0_57<T> { fn m(self, a0: (u8, T)) -> u8; } #[quiet] const __gateless_m_x_0_57: () = { impl<T> __gateless_m_x_0_57<T> for P<Foo<T>> { #[inline] fn m(self, a0: (u8, T)) -> u8 { <Foo<T>>::m(self, a0) } } };"#]].assert_eq(&lowered("pub fn m(self: P<Self>, (a, b): (u8, T)) -> u8 { self.n + a }", "P<Self>"));
    }

    #[test]
    fn elided_lifetimes_of_the_receiver_get_a_name() {
        expect![[r#"

            impl<T> Foo<T> {
              fn m<'__gateless>(this: &'__gateless P<Self>, x: &str) -> Option<&'__gateless T> { this.get(x) }
            } #[doc(hidden)] #[quiet] trait __gateless_m_x_0_53<T> { fn m<'__gateless>(&'__gateless self, x: &str) -> Option<&'__gateless T>; } #[quiet] const __gateless_m_x_0_53: () = { impl<T> __gateless_m_x_0_53<T> for P<Foo<T>> { fn m<'__gateless>(&'__gateless self, x: &str) -> Option<&'__gateless T> { <Foo<T>>::m(self, x) } } };"#]].assert_eq(&lowered("fn m(self: &P<Self>, x: &str) -> Option<&T> { self.get(x) }", "&P<Self>"));
    }

    #[test]
    fn crates_without_the_feature_are_left_alone() {
        let text = "impl Foo { fn m(self: P<Self>) {} }\n";
        let message = "`P<Self>` cannot be used as the type of `self` without the `arbitrary_self_types` feature";
        let result =
            crate::testing::Scratch::new(&[("lib.rs", text)]).lower("lib.rs", &[], |lowered| {
                lowered
                    .unwrap()
                    .refine(&[error("E0658", message, text, "P<Self>", "")])
                    .unwrap()
            });
        assert_eq!(result, crate::Progress::Nothing);
    }
}
