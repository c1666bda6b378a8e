//! The names of extension traits, and the receivers that they lead back to.

use std::ops::Range;

use ra_ap_syntax::AstNode;
use ra_ap_syntax::ast::HasName;

use super::facts::Facts;
use super::method::{Method, Owner};
use crate::gate::{Added, Source};
use crate::pieces::Pieces;
use gateless_model::added::{METHOD, OWN, TRAIT};

/// What the name of the hidden supertrait has at its end.
pub const HIDDEN: &str = "_call";

/// Name of the extension trait of the method that starts at `start` of the file with index `file`. `kind` is [`METHOD`] or [`TRAIT`].
pub fn extension(kind: &str, crate_name: &str, file: usize, start: usize) -> String {
    format!("{kind}{crate_name}_{file}_{start}")
}

/// The name of its own that a method has where others of its name are near: of the trait that has it, and of the method.
pub fn own(crate_name: &str, file: usize, start: usize) -> String {
    extension(OWN, crate_name, file, start)
}

/// Whether `path` leads to an extension trait that was made in the crate itself.
pub fn is_of_crate(path: &str, crate_name: &str) -> bool {
    let made_here = |kind: &&str| path.contains(&format!("{kind}{crate_name}_"));
    [METHOD, TRAIT, OWN].iter().any(made_here)
}

/// The receiver for which the last extension trait named in `text` was made.
pub fn receiver(text: &str, facts: &Facts) -> Option<(usize, usize)> {
    let at = text
        .rfind(METHOD)
        .max(text.rfind(TRAIT))
        .max(text.rfind(OWN))?;
    let name = text[at..]
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()?;
    let mut numbers = name.trim_end_matches(HIDDEN).rsplit('_');
    let start: usize = numbers.next()?.parse().ok()?;
    let file: usize = numbers.next()?.parse().ok()?;
    facts
        .receivers
        .range((file, start)..(file + 1, 0))
        .next()
        .map(|(key, _)| *key)
}

/// The extension trait among the paths that rustc suggests to import, if it is the only one.
pub fn suggested<'a>(imports: &[&'a str]) -> Option<&'a str> {
    match imports {
        [path] if path.contains(METHOD) || path.contains(TRAIT) => Some(path),
        _ => None,
    }
}

/// Notes a method that a macro writes more than once into a module: all of its extension traits have one name.
pub fn note_repeated(name: &str, facts: &mut Facts) {
    if name.contains(METHOD)
        && let Some(key) = receiver(name, facts)
        && let Some(receiver) = facts.receivers.get_mut(&key)
    {
        receiver.is_repeated = true;
    }
}

/// A text of the compiler's with the names that it has for added items in the original: the type or trait whose method an extension trait is for, and
/// the method for a name of its own.
pub fn restored(text: &str, facts: &Facts, source: &Source<'_>) -> String {
    let mut new = String::new();
    let mut rest = text;
    while let Some(at) = [METHOD, TRAIT, OWN]
        .iter()
        .filter_map(|kind| rest.find(kind))
        .min()
    {
        let (before, from) = rest.split_at(at);
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let len = from.find(|c| !is_name(c)).unwrap_or(from.len());
        let (name, after) = from.split_at(len);
        let is_path = after.starts_with("::");
        let own = receiver(name, facts).filter(|_| is_of_crate(name, source.request.crate_name));
        let original = own.and_then(|(file, offset)| {
            let method = Method::at(source.original(file), source.edition, offset)?;
            match &method.owner {
                _ if name.starts_with(OWN) && !is_path => Some(method.name()),
                Owner::Inherent(owner) => {
                    let ty = method.source(owner.self_ty()?.syntax());
                    let is_generic = is_path && !ty.starts_with('<');
                    Some(if is_generic {
                        ty.replacen('<', "::<", 1)
                    } else {
                        ty
                    })
                }
                Owner::Trait(owner) => Some(method.source(owner.name()?.syntax())),
                Owner::TraitImpl | Owner::Unknown => None,
            }
        });
        let of_other = || super::scope::trait_of(source, name);
        new.push_str(before);
        new.push_str(original.as_deref().or_else(of_other).unwrap_or(name));
        rest = after;
    }
    new + rest
}

/// For what stands before the value of a call that is written another way, the method's name in the call.
pub fn called(facts: &Facts, text: &Pieces, added: &Added) -> Option<Range<usize>> {
    let at = text.original_offset(added.bytes.start);
    let written = text.current()[added.bytes.clone()].to_owned();
    let mut parts = facts.rewritten.iter();
    let (part, _) = parts.find(|(part, text)| {
        part.file == added.file && part.start == at && part.end == at && **text == written
    })?;
    let mut others = facts.rewritten.keys();
    let other = others.find(|other| {
        other.file == part.file && other.start == part.before && other.start < other.end
    })?;
    let call = &text.original()[other.start..other.end];
    let name = call.find(|c: char| c.is_alphanumeric() || c == '_')?;
    let rest = &call[name..];
    let len = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    Some(other.start + name..other.start + name + len)
}

/// For a part of an extension trait, the same part of the method that it is for, or else that method's name.
pub fn original(facts: &Facts, source: &Source<'_>, added: &Added) -> Option<Range<usize>> {
    let text = &source.files.list[added.file].text;
    let (file, offset) = receiver(&text.current()[..added.bytes.start], facts)?;
    let method = Method::at(source.original(file), source.edition, offset)?;
    if file != added.file {
        return None;
    }
    let name = method.range(method.function.name()?.syntax());
    let params = method.range(method.function.param_list()?.syntax());
    let part = &text.current()[added.bytes.clone()];
    // A declaration's parameter is pointed at by its pattern.
    let parameter = method.arguments().find_map(|param| {
        let is_it = param
            .pat()
            .is_some_and(|pat| method.source(pat.syntax()) == part);
        is_it.then(|| method.range(param.syntax()))
    });
    let same = || {
        let start = params.start + method.text[params.clone()].find(part)?;
        Some(start..start + part.len())
    };
    Some(parameter.or_else(same).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::super::facts::Receiver;
    use super::*;

    #[test]
    fn the_last_name_leads_to_its_receiver() {
        let mut facts = Facts::default();
        for key in [(0, 40), (1, 40), (1, 90)] {
            facts.receivers.insert(key, Receiver::default());
        }
        let text = format!(
            "trait {} {{}} impl {}_call for X {{ shim",
            extension(METHOD, "x_1", 0, 30),
            extension(TRAIT, "x_1", 1, 60)
        );
        assert_eq!(receiver(&text, &facts), Some((1, 90)));
        assert_eq!(receiver("the name `Foo`", &facts), None);
        note_repeated(
            &format!(
                "the name `{}` is defined multiple times",
                extension(METHOD, "x", 1, 30)
            ),
            &mut facts,
        );
        let repeated: Vec<_> = facts
            .receivers
            .iter()
            .filter(|(_, receiver)| receiver.is_repeated)
            .map(|(key, _)| *key)
            .collect();
        assert_eq!(repeated, [(1, 40)]);
    }
}
