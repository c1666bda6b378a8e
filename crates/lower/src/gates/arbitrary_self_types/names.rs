//! The names of extension traits, and the receivers that they lead back to.

use cargo_metadata::diagnostic::Diagnostic;

use crate::facts::Facts;
use gateless_model::added::{METHOD, TRAIT};

/// Name of the extension trait of the method that starts at `start` of the file with index `file`. `kind` is [`METHOD`] or [`TRAIT`].
pub fn extension(kind: &str, crate_name: &str, file: usize, start: usize) -> String {
    format!("{kind}{crate_name}_{file}_{start}")
}

/// The receiver for which the last extension trait named in `text` was made.
pub fn receiver(text: &str, facts: &Facts) -> Option<(usize, usize)> {
    let at = text.rfind(METHOD).max(text.rfind(TRAIT))?;
    let name = text[at..]
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()?;
    let mut numbers = name.trim_end_matches(super::dispatch::HIDDEN).rsplit('_');
    let start: usize = numbers.next()?.parse().ok()?;
    let file: usize = numbers.next()?.parse().ok()?;
    facts
        .receivers
        .range((file, start)..(file + 1, 0))
        .next()
        .map(|(key, _)| *key)
}

/// The path of the extension trait that rustc suggests to import, if it is one.
pub fn suggested(diagnostic: &Diagnostic) -> Option<String> {
    let spans = diagnostic.children.iter().flat_map(|child| &child.spans);
    let mut paths = spans.filter_map(|span| {
        span.suggested_replacement
            .as_deref()?
            .trim()
            .strip_prefix("use ")?
            .strip_suffix(';')
    });
    let path = paths
        .next()
        .filter(|path| path.contains(METHOD) || path.contains(TRAIT))?;
    paths.next().is_none().then(|| path.to_owned())
}

/// Notes a method that a macro writes more than once into a module: all of its extension traits have one name.
pub fn note_repeated(message: &str, facts: &mut Facts) {
    if message.contains(METHOD)
        && let Some(key) = receiver(message, facts)
        && let Some(receiver) = facts.receivers.get_mut(&key)
    {
        receiver.is_repeated = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Receiver;

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
