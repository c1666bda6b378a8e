//! What the receivers turn into.

use std::collections::{BTreeMap, BTreeSet};

use gateless_model::added::{METHOD, TRAIT};
use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;
use ra_ap_syntax::{AstNode, SyntaxKind};

use super::facts::{Facts, Key};
use super::method::{Method, Owner};
use super::scope::{Extension, Reach};
use super::{
    ArbitrarySelfTypes, body, dispatch, extension, functions, kept_self, lifetimes, named, names,
    naming, proof, scope, told,
};
use crate::exports::Function;
use crate::gate::{Gate, Page, Source};
use crate::lints::QUIET;
use crate::support::MODULE;

const SELF: &str = "self";

/// What the receivers of a crate turn into.
#[derive(Default)]
pub struct Work {
    /// Edits by file.
    pub edits: Vec<(usize, Edit)>,
    /// Extension traits at module level.
    pub extensions: Vec<Extension>,
    /// Extension traits at module level of methods that trait objects can call, by the method (`Trait::method`).
    pub dispatched: BTreeMap<String, String>,
    /// Methods that dependants know as functions alone, by name.
    pub functions: BTreeMap<String, Function>,
    /// For receivers that may turn out not to be possible: where the generated items are, and the hidden supertrait's name.
    pub placed: BTreeMap<Key, (usize, String)>,
}

/// Lowers all receivers.
pub fn lower(facts: &Facts, page: &Page<'_>) -> Result<Work> {
    let source = &page.source;
    let (files, edition) = (source.files, source.edition);
    let crate_name = source.request.crate_name;
    let support = page.support.first().map(String::as_str);
    let mut work = Work::default();
    let tracked = tracked(facts, source);
    let others = source.request.known.crates.values();
    let others = others.flat_map(|exports| exports.reading.iter().cloned());
    let reading = facts.reading.keys().cloned().chain(others).collect();
    let mut hidden: BTreeMap<(usize, usize), dispatch::Hidden> = BTreeMap::new();
    for (&(index, offset), receiver) in &facts.receivers {
        let file = &files.list[index];
        let refuse = |why: &str| {
            Failure::no(format!(
                "{}: the gate `{}` can't be lowered here: {why}",
                source.line(index, offset),
                ArbitrarySelfTypes::NAME,
            ))
            .help("make it an associated function with an ordinary first parameter")
        };
        let Some(method) = Method::at(file.text.original(), edition, offset) else {
            return Err(refuse(
                "the receiver's type does not stand in the method itself",
            ));
        };
        let key = (index, offset);
        let is_marked = page.purpose.is_marked();
        let seen = told::seen_by_macro(&method, &reading);
        let is_told = seen.is_some() || told::tells_others(&method);
        let kept = is_told.then(|| kept_self::is_possible(&method)).flatten();
        if let (Some(name), None) = (seen, &kept) {
            return Err(refuse(&format!(
                "the macro `{name}!` looks at the text of its arguments, and `self` has another name there"
            )));
        }
        let kind = if matches!(method.owner, Owner::Trait(_)) {
            TRAIT
        } else {
            METHOD
        };
        let name = names::extension(kind, crate_name, index, method.start());
        let naming = lifetimes::naming(&method, &hidden_outputs(&method, facts, index), receiver);
        let strings = in_strings(&method, facts, index);
        let this = body::fresh_name(&method, !strings.is_empty());
        let mut edits = match &kept {
            Some(owner) => {
                let edits = kept_self::edits(&method, &naming, owner, &this);
                edits.ok_or_else(|| refuse("the impl has no type"))?
            }
            None => body::rename(&method, &this),
        };
        if is_marked {
            edits.extend(proof::attribute(&method, key));
        }
        let mark = if is_marked {
            proof::mark(key)
        } else {
            String::new()
        };
        edits.extend(strings.into_iter().map(|start| Edit {
            range: start..start + SELF.len(),
            text: this.clone(),
            rank: 0,
        }));
        edits.extend(naming.edits.iter().cloned());
        if naming.fresh {
            edits.extend(lifetimes::declare(&method));
        }
        // A raw pointer is a receiver by the language's own rules; the compiler is asked about it (`proof.rs`).
        let is_raw = method.source(method.ty.syntax()).starts_with('*') && source.is_alone();
        let bound = if receiver.only_receiver && !is_raw {
            bound(&support.map_or_else(
                || format!("crate::{MODULE}"),
                |path| format!("{path}{MODULE}"),
            ))
        } else {
            String::new()
        };
        let own_name = Some(key)
            .filter(|key| facts.named.contains(key))
            .map(|_| names::own(crate_name, index, method.start()));
        let has_items = named::has_items(&method, receiver);
        let is_nameable = matches!(method.owner, Owner::Inherent(_))
            && !(method.is_local() || method.tree.in_macro || receiver.is_repeated);
        if !is_nameable && functions::is_known(&method) {
            let function = Function {
                places: BTreeSet::from([source.line(index, offset)]),
                receivers: BTreeSet::from([method.source(method.ty.syntax())]),
            };
            work.functions
                .entry(method.name())
                .or_default()
                .add(&function);
        }
        // A trait's function has the name that its impls have.
        let is_inherent = matches!(method.owner, Owner::Inherent(_) | Owner::Unknown);
        if let Some(own_name) = own_name.as_ref().filter(|_| !has_items && is_inherent) {
            edits.extend(named::until_rewritten(&method, facts, key, own_name));
        }
        let (after, end, visibility, of_trait) = match &method.owner {
            // A macro that writes a method into an impl somewhere else: its calls are rewritten instead.
            Owner::Unknown | Owner::TraitImpl => {
                work.edits
                    .extend(edits.into_iter().map(|edit| (index, edit)));
                continue;
            }
            // The same for a macro whose methods would get one name for several such traits.
            Owner::Inherent(owner)
                if own_name.is_some() && !has_items
                    || receiver.is_repeated
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
                let Some(variants) = extension::configured(&method) else {
                    return Err(refuse("too many of its parameters have conditions"));
                };
                let mut after = String::new();
                for (condition, absent) in variants {
                    let method = method.without(absent);
                    let parts = extension::ExtensionParts {
                        condition: &condition,
                        name: &name,
                        visibility: &visibility,
                        bound: &bound,
                        mark: &mark,
                        own_name: own_name.as_deref().filter(|_| has_items),
                        outlives: &receiver.outlives,
                    };
                    let Some(items) = extension::inherent(&method, &naming, owner, &parts) else {
                        return Err(refuse("the impl has no type"));
                    };
                    after.push_str(&items);
                }
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
                let is_declared_tracked = !method
                    .attributes(&method.function, &["track_caller"])
                    .is_empty();
                let through = support.filter(|_| {
                    !receiver.is_static
                        && repeated.is_empty()
                        && dispatch::is_dispatchable(&method)
                        && (is_declared_tracked || !tracked.contains(&method.name()))
                });
                let parts = dispatch::DispatchParts {
                    name: &name,
                    bound: &bound,
                    mark: &mark,
                    own_name: own_name.as_deref().filter(|_| has_items),
                    is_tracked: tracked.contains(&method.name()),
                    is_declared_tracked,
                    support: through,
                    above: hidden.get(&(index, end)),
                    outlives: &receiver.outlives,
                };
                let Some(lowered) = dispatch::lower(&method, &naming, owner, &parts) else {
                    return Err(refuse("the trait has no name"));
                };
                edits.extend(lowered.edits);
                let is_through = lowered.hidden.is_some();
                hidden.extend(lowered.hidden.map(|last| ((index, end), last)));
                if is_through {
                    work.placed
                        .insert((index, offset), (end, format!("{name}{}", names::HIDDEN)));
                }
                let trait_name = ra_ap_syntax::ast::HasName::name(owner)
                    .map(|name| method.source(name.syntax()));
                if let Some(trait_name) = trait_name
                    .as_ref()
                    .filter(|_| is_through && !method.is_local() && !method.tree.in_macro)
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
        let reach = if own_name.is_some() {
            Reach::Dependants
        } else {
            Reach::Everywhere
        };
        if let Some(own_name) = own_name.filter(|_| has_items)
            && let Some(module) = scope::module_at(files, index, offset)
        {
            work.extensions.push(Extension {
                module,
                name: own_name,
                visibility: "pub(crate) ".to_owned(),
                of_trait: None,
                reach: Reach::Crate,
            });
        }
        if !method.is_local()
            && !method.tree.in_macro
            && let Some(module) = scope::module_at(files, index, offset)
        {
            work.extensions.push(Extension {
                module,
                name,
                visibility,
                of_trait,
                reach,
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
    work.edits
        .extend(imports(facts, source, &|path| !is_gone(path)));
    for &(file, start, end) in &facts.naming_calls {
        let text = files.list[file].text.original();
        let edits = naming::rename(text, start..end, edition);
        work.edits
            .extend(edits.into_iter().map(|edit| (file, edit)));
    }
    let rewritten = facts.rewritten.iter();
    work.edits
        .extend(rewritten.map(|(part, text)| part.edit(source, text)));
    work.edits.extend(named::calls(facts, source));
    Ok(work)
}

/// The edits that import extension traits into single modules: those whose path `is_kept` takes.
pub fn imports(
    facts: &Facts,
    source: &Source<'_>,
    is_kept: &dyn Fn(&str) -> bool,
) -> Vec<(usize, Edit)> {
    let kept = facts.imports.iter().filter(|(_, path)| is_kept(path));
    kept.filter_map(|(module, path)| {
        let module = &source.files.modules[*module];
        let edit = Edit::insert(module.end?, format!(" {QUIET} use {path} as _;"));
        Some((module.file, edit))
    })
    .collect()
}

/// Names of methods with `#[track_caller]`, on a trait's declaration or on one of its impls, of which a body may ask who its caller is. What a vtable
/// leads to does not know that.
fn tracked(facts: &Facts, source: &Source<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut asking = BTreeSet::new();
    let is_near = source
        .files
        .list
        .iter()
        .any(|file| file.text.original().contains("track_caller"));
    for &(file, offset) in facts.receivers.keys().filter(|_| is_near) {
        let text = source.original(file);
        if let Some(method) = Method::at(text, source.edition, offset)
            && matches!(method.owner, Owner::Trait(_) | Owner::TraitImpl)
        {
            if !method
                .attributes(&method.function, &["track_caller"])
                .is_empty()
            {
                names.insert(method.name());
            }
            let body = method.function.body();
            let is_plain = body.is_none_or(|body| {
                let text = method.source(body.syntax());
                !text.contains(['(', '[', '!', '+', '-', '*', '/', '%', '<', '>'])
            });
            if !is_plain {
                asking.insert(method.name());
            }
        }
    }
    names.retain(|name| asking.contains(name));
    names
}

/// The edits that mark methods that stay as they are, and lower those that are functions in another crate's trait.
pub fn marked(facts: &Facts, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
    let source = &page.source;
    let mut edits = Vec::new();
    for (key, receiver) in &facts.receivers {
        let Some(method) = Method::at(source.original(key.0), source.edition, key.1) else {
            continue;
        };
        let own = if facts.foreign.contains(key) {
            let this = body::fresh_name(&method, false);
            body::rename(&method, &this)
        } else {
            proof::method(&method, *key, receiver, source.is_alone())
        };
        edits.extend(own.into_iter().map(|edit| (key.0, edit)));
    }
    Ok(edits)
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
