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
//! in the macro call (`naming.rs`). That no call silently leads to another method: `ambiguous.rs`.
//!
//! Not lowered, with an error: receivers whose type a macro gets from its caller, calls that have to be rewritten and take the method's name
//! from a macro's caller, methods in traits whose parameters a macro repeats, and what `ambiguous.rs` finds.

pub mod ambiguous;
mod body;
mod calls;
mod dispatch;
pub mod exported;
mod extension;
mod lifetimes;
pub mod method;
pub mod names;
mod naming;
mod outlives;
mod paths;
pub mod receiver_trait;
pub mod scope;

use std::collections::BTreeMap;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};
use gateless_model::added::{METHOD, TRAIT};
use gateless_model::{Failure, Result};
use ra_ap_syntax::{AstNode, Edition, SyntaxKind};

use self::method::{Method, Owner};
use self::scope::Extension;
use crate::crate_files::CrateFiles;
use crate::diagnose::{Spot, code};
use crate::facts::{Facts, Part, Receiver};
use crate::gates::arbitrary_self_types_pointers;
use crate::support::{MODULE, QUIET};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::line_of;

const SELF: &str = "self";

/// The feature's name.
pub const ID: &str = "arbitrary_self_types";

/// Whether a crate with these features may have such receivers.
pub fn is_on(features: &[String]) -> bool {
    features
        .iter()
        .any(|name| name == ID || name == arbitrary_self_types_pointers::ID)
}

/// Notes the receivers that a diagnostic is about, and what is known about them. `dispatched` gives the extension traits of
/// dependencies, by the method (`Trait::method`).
pub fn wanted(
    diagnostic: &Diagnostic,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
    files: &CrateFiles,
    (edition, features): (Edition, &[String]),
    dispatched: &dyn Fn(&str) -> Option<String>,
    facts: &mut Facts,
) {
    let message = diagnostic.message.as_str();
    let primary = || {
        diagnostic
            .spans
            .iter()
            .filter(|span| span.is_primary)
            .filter_map(spots)
    };
    match code(diagnostic) {
        "E0658"
            if message.contains(
                "cannot be used as the type of `self` without the `arbitrary_self_types",
            ) =>
        {
            // Raw pointers have a feature of their own, which includes the other.
            let is_raw =
                message.ends_with(&format!("`{}` feature", arbitrary_self_types_pointers::ID));
            if is_raw
                && !features
                    .iter()
                    .any(|name| name == arbitrary_self_types_pointers::ID)
            {
                return;
            }
            for spot in primary().filter(|spot| !spot.added) {
                let printed = message.split('`').nth(1).unwrap_or_default().to_owned();
                facts
                    .receivers
                    .entry((spot.file, spot.range.start))
                    .or_insert(Receiver {
                        printed,
                        is_raw,
                        ..Receiver::default()
                    });
            }
            facts
                .naming_calls
                .extend(naming::calls(diagnostic, spots, files, edition));
        }
        "E0726" => lifetimes::note_elided(diagnostic, spots, files, facts),
        "E0307" if message.starts_with("invalid `self` parameter type") => {
            for spot in primary().filter(|spot| {
                !spot.added && !facts.invalid.contains(&(spot.file, spot.range.start))
            }) {
                facts
                    .receivers
                    .entry((spot.file, spot.range.start))
                    .or_insert(Receiver {
                        only_receiver: true,
                        ..Receiver::default()
                    });
            }
        }
        "E0106" => {
            let parts = diagnostic.children.iter().flat_map(|child| &child.spans);
            for span in parts {
                let lifetime = span
                    .suggested_replacement
                    .as_deref()
                    .and_then(lifetime_slot);
                if let (Some(text), Some(spot)) = (lifetime, spots(span)) {
                    facts.lifetimes.insert((spot.file, spot.range.start), text);
                }
            }
        }
        "E0424" => {
            // `self` in a format string; uses outside of strings were renamed already.
            for spot in primary().filter(|spot| !spot.added && spot.range.len() == 4) {
                facts.renamed.insert((spot.file, spot.range.start));
            }
        }
        "E0599" => {
            facts.rewritten.extend(
                calls::rewritten(diagnostic, spots, files)
                    .into_iter()
                    .flatten(),
            );
            let hidden = diagnostic.children.iter().any(|child| {
                child.message.contains("__gateless_")
                    || child.spans.iter().any(|span| {
                        span.suggested_replacement
                            .as_deref()
                            .is_some_and(|text| text.contains("__gateless_"))
                    })
            });
            if hidden {
                for module in primary()
                    .filter_map(|spot| scope::module_at(files, spot.file, spot.range.start))
                {
                    if !facts.importing.insert(module) {
                        facts
                            .imports
                            .extend(names::suggested(diagnostic).map(|path| (module, path)));
                    }
                }
            }
        }
        "E0277" => {
            let paths = paths::rewritten(diagnostic, spots, files, facts, edition, dispatched);
            facts.importing.extend(
                paths
                    .keys()
                    .filter_map(|part| scope::module_at(files, part.file, part.start)),
            );
            facts.rewritten.extend(paths);
            for spot in primary() {
                without_borrow(message, &spot, facts);
            }
            // The receiver is no pointer that can be made from a raw one, or the trait has an impl for an unsized type; so no
            // calls on trait objects.
            let by_place = message.contains("Pointer");
            if message.contains("Receiver`") {
                let here = |key: &(usize, usize), receiver: &Receiver| {
                    let after = receiver.placed.as_ref().map(|(after, _)| *after);
                    receiver.only_receiver
                        && primary()
                            .any(|spot| spot.file == key.0 && Some(spot.range.start) == after)
                };
                let invalid: Vec<(usize, usize)> = facts
                    .receivers
                    .iter()
                    .filter(|(key, receiver)| here(key, receiver))
                    .map(|(key, _)| *key)
                    .collect();
                facts.receivers.retain(|key, _| !invalid.contains(key));
                facts.invalid.extend(invalid);
            }
            for spot in primary() {
                for (key, receiver) in &mut facts.receivers {
                    let Some((after, name)) = &receiver.placed else {
                        continue;
                    };
                    let here =
                        by_place && spot.added && key.0 == spot.file && *after == spot.range.start;
                    if here
                        || message.contains(&format!("{name}`"))
                        || message.contains(&format!("{name}<"))
                    {
                        receiver.is_static = true;
                    }
                }
            }
        }
        "E0309" | "E0310" | "E0478" | "E0491" => outlives::note(diagnostic, spots, files, facts),
        "E0433" => facts
            .rewritten
            .extend(calls::found(diagnostic, spots, facts)),
        "E0428" => names::note_repeated(message, facts),
        "E0015" => {
            let calls = calls::in_constant(diagnostic, spots, files, facts, edition);
            facts.rewritten.extend(calls.into_iter().flatten());
        }
        "E0034" => facts.rewritten.extend(disambiguated(diagnostic, spots)),
        _ => {}
    }
}

/// A suggestion such as `<'a>` or `'a, `, with `'_` for its lifetime.
fn lifetime_slot(text: &str) -> Option<String> {
    let at = text.find('\'')?;
    let len = text[at + 1..]
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len() - at - 1);
    Some(format!("{}'_{}", &text[..at], &text[at + 1 + len..]))
}

/// A type's own methods come before those of traits. Where its extension trait competes with another trait, the call names
/// it, as rustc suggests.
fn disambiguated(
    diagnostic: &Diagnostic,
    spots: &dyn Fn(&DiagnosticSpan) -> Option<Spot>,
) -> BTreeMap<Part, String> {
    let ours = |span: &&DiagnosticSpan| {
        span.suggested_replacement
            .as_deref()
            .is_some_and(|text| text.contains(METHOD))
    };
    let mut candidates = diagnostic
        .children
        .iter()
        .filter(|child| child.spans.iter().any(|span| ours(&span)));
    let (Some(candidate), None) = (candidates.next(), candidates.next()) else {
        return BTreeMap::new();
    };
    let parts = candidate.spans.iter().filter_map(|span| {
        let spot = spots(span).filter(|spot| !spot.added || spot.range.is_empty())?;
        let part = Part {
            file: spot.file,
            start: spot.range.start,
            end: spot.range.end,
            before: spot.range.end,
        };
        Some((part, without_path(span.suggested_replacement.as_deref()?)))
    });
    parts.collect()
}

/// rustc suggests a borrow in front of a receiver that is a reference already; the error about that takes it back.
fn without_borrow(message: &str, spot: &Spot, facts: &mut Facts) {
    let is_ours = message.contains(METHOD) || message.contains(TRAIT);
    if !(is_ours && message.starts_with("the trait bound `&")) {
        return;
    }
    let here =
        |part: &Part| part.file == spot.file && (part.start..=part.end).contains(&spot.range.start);
    for (_, text) in facts.rewritten.iter_mut().filter(|(part, _)| here(part)) {
        let borrow = ["(&mut ", "(&"]
            .into_iter()
            .find(|borrow| text.contains(borrow));
        if let Some(borrow) = borrow.filter(|_| text.contains(METHOD)) {
            *text = text.replacen(borrow, "(", 1);
        }
    }
}

/// The text with the hidden trait's name alone, since it is in scope.
fn without_path(text: &str) -> String {
    let Some(at) = text.find(METHOD) else {
        return text.to_owned();
    };
    let start = text[..at]
        .trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        .len();
    format!("{}{}", &text[..start], &text[at..])
}

/// What the receivers of a crate turn into.
#[derive(Default)]
pub struct Work {
    /// Edits by file.
    pub edits: Vec<(usize, Edit)>,
    /// Extension traits at module level.
    pub extensions: Vec<Extension>,
    /// Extension traits at module level of methods that trait objects can call, by the method (`Trait::method`).
    pub dispatched: BTreeMap<String, String>,
    /// For receivers that may turn out not to be possible: where the generated items are, and the hidden supertrait's name.
    pub placed: BTreeMap<(usize, usize), (usize, String)>,
}

/// Lowers all receivers. `support` is the path before the support module's name, where there is one.
pub fn lower(
    files: &CrateFiles,
    facts: &Facts,
    support: Option<&str>,
    crate_name: &str,
    edition: Edition,
) -> Result<Work> {
    let mut work = Work::default();
    let mut hidden: BTreeMap<(usize, usize), dispatch::Hidden> = BTreeMap::new();
    for (&(index, offset), receiver) in &facts.receivers {
        let file = &files.list[index];
        let refuse = |why: &str| {
            Failure::no(format!(
                "{}:{}: the gate `{ID}` can't be lowered here: {why}",
                file.path,
                line_of(file.text.original(), offset)
            ))
            .help("make it an associated function with an ordinary first parameter")
        };
        let Some(method) = Method::at(file.text.original(), edition, offset) else {
            return Err(refuse(
                "the receiver's type does not stand in the method itself",
            ));
        };
        let kind = if matches!(method.owner, Owner::Trait(_)) {
            TRAIT
        } else {
            METHOD
        };
        let name = names::extension(kind, crate_name, index, method.start());
        let naming = lifetimes::naming(&method, &hidden_outputs(&method, facts, index), receiver);
        let strings = in_strings(&method, facts, index);
        let this = body::fresh_name(&method, !strings.is_empty());
        let mut edits = body::rename(&method, &this);
        edits.extend(strings.into_iter().map(|start| Edit {
            range: start..start + SELF.len(),
            text: this.clone(),
            rank: 0,
        }));
        edits.extend(naming.edits.iter().cloned());
        if naming.fresh {
            edits.extend(lifetimes::declare(&method));
        }
        let bound = if receiver.only_receiver {
            bound(&support.map_or_else(
                || format!("crate::{MODULE}"),
                |path| format!("{path}{MODULE}"),
            ))
        } else {
            String::new()
        };
        let (after, end, visibility, of_trait) = match &method.owner {
            // A macro that writes a method into an impl somewhere else: its calls are rewritten instead.
            Owner::Unknown | Owner::TraitImpl => {
                work.edits
                    .extend(edits.into_iter().map(|edit| (index, edit)));
                continue;
            }
            // The same for a macro whose methods would get one name for several such traits.
            Owner::Inherent(owner)
                if receiver.is_repeated
                    || method.has_repeated_arguments()
                    || !method.is_outside_of_repetition(
                        &method.header(owner.assoc_item_list()),
                        method.range(owner.syntax()).end,
                    ) =>
            {
                work.edits
                    .extend(edits.into_iter().map(|edit| (index, edit)));
                continue;
            }
            Owner::Inherent(owner) => {
                let visibility = if method.is_local() {
                    String::new()
                } else {
                    extension::visibility(&method)
                };
                let wanted = extension::Wanted {
                    name: &name,
                    visibility: &visibility,
                    bound: &bound,
                    outlives: &receiver.outlives,
                };
                let Some(after) = extension::inherent(&method, &naming, owner, &wanted) else {
                    return Err(refuse("the impl has no type"));
                };
                (after, method.range(owner.syntax()).end, visibility, None)
            }
            Owner::Trait(_) if method.has_repeated_arguments() => {
                return Err(refuse("a macro repeats parameters of the trait's method"));
            }
            // One extension trait for all of the methods; it is not repeated, so what it is for must not be either.
            Owner::Trait(owner)
                if !method.is_outside_of_repetition(
                    &method.header(owner.assoc_item_list()),
                    method.range(owner.syntax()).end,
                ) =>
            {
                return Err(refuse(
                    "a macro repeats the method within its trait, and its variables are in the receiver's type",
                ));
            }
            Owner::Trait(owner) => {
                let support = support.map(|path| {
                    if method.tree.in_macro && path == "crate::" {
                        "$crate::"
                    } else {
                        path
                    }
                });
                let end = method.range(owner.syntax()).end;
                let repeated = method.repetitions(end);
                let through = support.filter(|_| {
                    !receiver.is_static && repeated.is_empty() && dispatch::is_dispatchable(&method)
                });
                let wanted = dispatch::Wanted {
                    name: &name,
                    bound: &bound,
                    support: through,
                    above: hidden.get(&(index, end)),
                    outlives: &receiver.outlives,
                };
                let Some(lowered) = dispatch::lower(&method, &naming, owner, &wanted) else {
                    return Err(refuse("the trait has no name"));
                };
                edits.extend(lowered.edits);
                hidden.extend(lowered.hidden.map(|last| ((index, end), last)));
                if through.is_some() {
                    work.placed.insert(
                        (index, offset),
                        (end, format!("{name}{}", dispatch::HIDDEN)),
                    );
                }
                let trait_name = ra_ap_syntax::ast::HasName::name(owner)
                    .map(|name| method.source(name.syntax()));
                if let Some(trait_name) = trait_name
                    .as_ref()
                    .filter(|_| through.is_some() && !method.is_local() && !method.tree.in_macro)
                {
                    work.dispatched
                        .insert(format!("{trait_name}::{}", method.name()), name.clone());
                }
                (lowered.after, end, lowered.visibility, trait_name)
            }
        };
        if receiver.only_receiver {
            work.placed
                .entry((index, offset))
                .or_insert((end, name.clone()));
        }
        edits.push(Edit::insert(end, after));
        work.edits
            .extend(edits.into_iter().map(|edit| (index, edit)));
        if !method.is_local()
            && !method.tree.in_macro
            && let Some(module) = scope::module_at(files, index, offset)
        {
            work.extensions.push(Extension {
                module,
                name,
                visibility,
                of_trait,
            });
        }
    }
    let supertraits = hidden
        .into_iter()
        .map(|((file, _), last)| (file, last.edit));
    work.edits.extend(supertraits);
    let is_gone = |path: &str| {
        names::receiver(path, facts).is_some_and(|key| facts.receivers[&key].is_repeated)
    };
    for (module, path) in facts.imports.iter().filter(|(_, path)| !is_gone(path)) {
        let module = &files.modules[*module];
        work.edits.extend(module.end.map(|end| {
            (
                module.file,
                Edit::insert(end, format!(" {QUIET} use {path} as _;")),
            )
        }));
    }
    for &(file, start, end) in &facts.naming_calls {
        let text = files.list[file].text.original();
        let edits = naming::rename(text, start..end, edition);
        work.edits
            .extend(edits.into_iter().map(|edit| (file, edit)));
    }
    for (part, text) in &facts.rewritten {
        let edit = if part.start == part.end {
            Edit::before(part.start..part.before, text.clone())
        } else {
            Edit::replace(
                files.list[part.file].text.original(),
                part.start..part.end,
                text.clone(),
            )
        };
        work.edits.push((part.file, edit));
    }
    Ok(work)
}

/// What a type that can only be a receiver has to implement.
fn bound(support: &str) -> String {
    format!(": {support}::Receiver")
}

/// Lifetimes that the return type leaves out: byte and what goes there.
fn hidden_outputs(method: &Method<'_>, facts: &Facts, file: usize) -> Vec<(usize, String)> {
    let Some(output) = method.function.ret_type() else {
        return Vec::new();
    };
    let range = method.range(output.syntax());
    facts
        .lifetimes
        .range((file, range.start)..=(file, range.end))
        .map(|((_, at), text)| (*at, text.clone()))
        .collect()
}

/// Where format strings of the method say `{self}`.
fn in_strings(method: &Method<'_>, facts: &Facts, file: usize) -> Vec<usize> {
    let whole = method.range(method.function.syntax());
    let places = facts
        .renamed
        .range((file, whole.start)..(file, whole.end))
        .map(|(_, start)| *start);
    places
        .filter(|start| method.text[*start..].starts_with(SELF))
        .filter(|start| {
            method
                .tree
                .token_at(*start)
                .is_some_and(|token| token.kind() == SyntaxKind::STRING)
        })
        .collect()
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
