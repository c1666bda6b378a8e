//! What the compiler's errors say about receivers and about calls of their methods.

use std::collections::BTreeMap;

use gateless_model::added::{METHOD, PREFIX, TRAIT};
use gateless_rust_text::edit::Edit;
use gateless_rustc::diagnostic::{Event, NoMethod, Place, Said, Suggestion};

use super::facts::{Facts, Key, Receiver};
use super::{Notes, calls, lifetimes, names, naming, outlives, paths, scope};
use crate::gate::{Ear, Gate, Source};
use crate::gates::arbitrary_self_types_pointers::ArbitrarySelfTypesPointers;
use crate::place::{Part, Spot};

/// Notes what an error says.
pub fn learn(facts: &mut Facts, ear: &Ear<'_, Notes>, event: &Event<'_>) {
    let source = &ear.source;
    match &event.said {
        Said::GatedReceiver { ty, feature }
            if feature.starts_with(super::ArbitrarySelfTypes::NAME) =>
        {
            // Raw pointers have a feature of their own, which includes the other.
            let is_raw = *feature == ArbitrarySelfTypesPointers::NAME;
            if !is_raw || source.has(ArbitrarySelfTypesPointers::NAME) {
                let receiver = Receiver {
                    printed: (*ty).to_owned(),
                    is_raw,
                    ..Receiver::default()
                };
                found(facts, source, event, &receiver);
                facts.naming_calls.extend(naming::calls(event, source));
            }
        }
        Said::Gated => {
            // The trait `Receiver` by a glob import.
            for spot in spots(event, source).filter(|spot| !spot.added) {
                let name = &source.original(spot.file)[spot.range.clone()];
                let edit = Edit {
                    range: spot.range,
                    text: format!("crate::{PREFIX}::Receiver"),
                    rank: 0,
                };
                let edit = (spot.file, edit);
                if name == "Receiver" && !facts.paths.contains(&edit) {
                    facts.names_trait = true;
                    facts.paths.push(edit);
                }
            }
        }
        Said::InvalidReceiver => {
            let receiver = Receiver {
                only_receiver: true,
                ..Receiver::default()
            };
            found(facts, source, event, &receiver);
        }
        Said::ElidedLifetimes { count } => lifetimes::note_elided(event, *count, source, facts),
        Said::MissingLifetime { slots } => {
            for slot in slots {
                if let (Some(text), Some(spot)) =
                    (lifetime_slot(slot.text), source.spot(slot.place))
                {
                    facts.lifetimes.insert((spot.file, spot.range.start), text);
                }
            }
        }
        Said::NoSelf => {
            // `self` in a format string; uses outside of strings were renamed already.
            for spot in spots(event, source).filter(|spot| !spot.added && spot.range.len() == 4) {
                facts.renamed.insert((spot.file, spot.range.start));
            }
        }
        Said::NoMethod(call) => {
            let rewritten = calls::rewritten(call, source).unwrap_or_default();
            let of_other = |place: &Place<'_>| source.spot(*place).is_none();
            if call.candidates.first().is_some_and(of_other) {
                let parts = rewritten.iter().map(|(part, _)| *part);
                facts.of_others.extend(parts);
            }
            facts.rewritten.extend(rewritten);
            import(facts, source, event, call);
        }
        Said::Unmet { is_sized, required } => {
            let paths = if *is_sized {
                paths::rewritten(event, required, ear, facts)
            } else {
                BTreeMap::new()
            };
            facts.importing.extend(
                paths
                    .keys()
                    .filter_map(|part| scope::module_at(source.files, part.file, part.start)),
            );
            facts.rewritten.extend(paths);
            for spot in spots(event, source) {
                without_borrow(event, &spot, facts);
            }
            impossible(facts, ear, event);
        }
        Said::Outlives(outlives) => outlives::note(event, outlives, source, facts),
        Said::Unresolved { name, imports } => {
            let found = calls::found(event, name, imports, source, facts);
            facts.rewritten.extend(found);
        }
        Said::Duplicate { name } => names::note_repeated(name, facts),
        Said::NotConst { callee } => {
            let calls = calls::in_constant(event, callee, source, facts);
            facts.rewritten.extend(calls.into_iter().flatten());
        }
        Said::Ambiguous { candidates } => facts.rewritten.extend(disambiguated(candidates, source)),
        _ => {}
    }
}

/// Notes what an error says of a call in a crate without the feature, which may call other crates' methods all the same.
pub fn learn_of_others(facts: &mut Facts, ear: &Ear<'_, Notes>, event: &Event<'_>) {
    match &event.said {
        Said::NoMethod(call) => {
            let rewritten = calls::rewritten(call, &ear.source).unwrap_or_default();
            facts.rewritten.extend(rewritten);
        }
        Said::Ambiguous { .. } | Said::Unresolved { .. } | Said::NotConst { .. } => {
            learn(facts, ear, event);
        }
        _ => {}
    }
}

/// Where in the sources an error is.
fn spots<'a>(event: &'a Event<'_>, source: &'a Source<'_>) -> impl Iterator<Item = Spot> + 'a {
    event.primary().filter_map(|place| source.spot(place))
}

/// Notes the receivers that an error is about.
fn found(facts: &mut Facts, source: &Source<'_>, event: &Event<'_>, receiver: &Receiver) {
    for spot in spots(event, source).filter(|spot| !spot.added) {
        let key = (spot.file, spot.range.start);
        if receiver.only_receiver && facts.invalid.contains(&key) {
            continue;
        }
        facts
            .receivers
            .entry(key)
            .or_insert_with(|| receiver.clone());
    }
}

/// Notes the modules that lack a trait which the compiler suggests to import.
fn import(facts: &mut Facts, source: &Source<'_>, event: &Event<'_>, call: &NoMethod<'_>) {
    let hidden = format!("{PREFIX}_");
    if !call.help.iter().any(|text| text.contains(&hidden)) {
        return;
    }
    let modules = spots(event, source)
        .filter_map(|spot| scope::module_at(source.files, spot.file, spot.range.start));
    for module in modules {
        if !facts.importing.insert(module) {
            let path = names::suggested(&call.imports).map(|path| (module, path.to_owned()));
            facts.imports.extend(path);
        }
    }
}

/// Takes back what an unmet bound of added code shows not to be possible: a receiver that is none, or calls on trait objects.
fn impossible(facts: &mut Facts, ear: &Ear<'_, Notes>, event: &Event<'_>) {
    let source = &ear.source;
    let placed = &ear.notes.placed;
    if event.quoted.iter().any(|code| code.ends_with("Receiver")) {
        let here = |key: &Key, receiver: &Receiver| {
            let after = placed.get(key).map(|(after, _)| *after);
            receiver.only_receiver
                && spots(event, source)
                    .any(|spot| spot.file == key.0 && Some(spot.range.start) == after)
        };
        let invalid: Vec<Key> = facts
            .receivers
            .iter()
            .filter(|(key, receiver)| here(key, receiver))
            .map(|(key, _)| *key)
            .collect();
        facts.receivers.retain(|key, _| !invalid.contains(key));
        facts.invalid.extend(invalid);
    }
    // The receiver is no pointer that can be made from a raw one, or the trait has an impl for an unsized type.
    let by_place = event.quotes("Pointer");
    for spot in spots(event, source) {
        for (key, receiver) in &mut facts.receivers {
            let Some((after, name)) = placed.get(key) else {
                continue;
            };
            let here = by_place && spot.added && key.0 == spot.file && *after == spot.range.start;
            let named = || {
                let longer = format!("{name}<");
                let mut quoted = event.quoted.iter();
                quoted.any(|code| code.ends_with(name) || code.contains(&longer))
            };
            if here || named() {
                receiver.is_static = true;
            }
        }
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
    candidates: &[Vec<Suggestion<'_>>],
    source: &Source<'_>,
) -> BTreeMap<Part, String> {
    let ours = |suggestions: &&Vec<Suggestion<'_>>| {
        suggestions
            .iter()
            .any(|suggestion| suggestion.text.contains(METHOD))
    };
    let mut candidates = candidates.iter().filter(ours);
    let (Some(candidate), None) = (candidates.next(), candidates.next()) else {
        return BTreeMap::new();
    };
    let parts = candidate.iter().filter_map(|suggestion| {
        let spot = source
            .spot(suggestion.place)
            .filter(|spot| !spot.added || spot.range.is_empty())?;
        let part = Part {
            file: spot.file,
            start: spot.range.start,
            end: spot.range.end,
            before: spot.range.end,
        };
        Some((part, without_path(suggestion.text)))
    });
    parts.collect()
}

/// rustc suggests a borrow in front of a receiver that is a reference already; the error about that takes it back.
fn without_borrow(event: &Event<'_>, spot: &Spot, facts: &mut Facts) {
    let is_ours = event.quotes(METHOD) || event.quotes(TRAIT);
    let of_reference = event
        .quoted
        .first()
        .is_some_and(|bound| bound.starts_with('&'));
    if !(is_ours && of_reference) {
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
