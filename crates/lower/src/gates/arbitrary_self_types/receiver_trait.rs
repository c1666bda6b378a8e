//! `core::ops::Receiver`, the trait of pointers that can be receivers without dereferencing: its uses become uses of the support
//! module's trait of the same shape.

use std::collections::BTreeSet;

use crate::support::{BEFORE, MODULE};
use gateless_rust_text::attributes;
use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// The edits that redirect imports and paths of a file. `removed` are names that imports lose besides.
pub fn redirect(tokens: &Tokens<'_>, removed: &BTreeSet<String>) -> Vec<Edit> {
    let mut all = Vec::new();
    if !tokens.text.contains("Receiver") {
        return all;
    }
    let mut i = 0;
    while i < tokens.list.len() {
        if tokens.at(i) == "use"
            && let Some(end) = (i..tokens.list.len()).find(|&k| tokens.at(k) == ";")
        {
            let grouped = (i..end).any(|k| tokens.opens(k, "{"));
            if !grouped && let Some((edits, _)) = import(tokens, i + 1, end, &[]) {
                all.extend(edits);
            } else if let Some((removals, name)) = import(tokens, i + 1, end, &[]) {
                let start = if i >= 1 && tokens.at(i - 1) == "pub" {
                    "pub "
                } else {
                    ""
                };
                // A tree that loses other names, too, loses all at once.
                if !(i..end).any(|k| removed.contains(tokens.at(k))) {
                    all.extend(removals);
                }
                all.push(Edit {
                    rank: BEFORE,
                    ..Edit::insert(
                        tokens.list[end].range.end,
                        format!(" {start}use crate::{MODULE}::Receiver{name};"),
                    )
                });
            }
            i = end;
        } else if ["core", "std"].contains(&tokens.at(i))
            && tokens.are(i + 1, &[":", ":", "ops", ":", ":", "Receiver"])
        {
            let first = if i >= 2 && tokens.are(i - 2, &[":", ":"]) {
                i - 2
            } else {
                i
            };
            all.push(Edit::replace(
                tokens.text,
                tokens.bytes(first, i + 6),
                format!("crate::{MODULE}::Receiver"),
            ));
        }
        i += 1;
    }
    all
}

/// Edits that take the trait out of a use tree, and ` as NAME` where it has one. `before` is the path that leads to the tree.
fn import(
    tokens: &Tokens<'_>,
    first: usize,
    end: usize,
    before: &[&str],
) -> Option<(Vec<Edit>, String)> {
    let open = (first..end).find(|&i| tokens.opens(i, "{"));
    let mut path = before.to_vec();
    path.extend(
        (first..open.unwrap_or(end))
            .map(|i| tokens.at(i))
            .filter(|text| *text != ":"),
    );
    if let Some(open) = open {
        let parts = split_commas(tokens, open + 1, tokens.close(open));
        let found: Vec<_> = parts
            .iter()
            .map(|&(a, b)| import(tokens, a, b, &path))
            .collect();
        let at = found.iter().position(Option::is_some)?;
        let (mut edits, name) = found.into_iter().nth(at)??;
        let nested = (parts[at].0..parts[at].1).any(|i| tokens.opens(i, "{"));
        if !nested {
            edits = if parts.len() > 1 {
                let kept: Vec<bool> = (0..parts.len()).map(|i| i != at).collect();
                attributes::removals(tokens, &parts, &kept)
            } else {
                vec![Edit::remove(
                    tokens.text,
                    tokens.bytes(parts[at].0, parts[at].1 - 1),
                )]
            };
        }
        return Some((edits, name));
    }
    let (path, name) = match path.iter().position(|word| *word == "as") {
        Some(at) => (&path[..at], format!(" as {}", path.get(at + 1)?)),
        None => (&path[..], String::new()),
    };
    let is = matches!(path, ["core" | "std", "ops", "Receiver"]);
    let new = format!("crate::{MODULE}::Receiver{name}");
    is.then(|| {
        (
            vec![Edit::replace(
                tokens.text,
                tokens.bytes(first, end - 1),
                new,
            )],
            name,
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::lowered;

    fn first_lines(text: &str) -> String {
        let text = lowered(&format!(
            "#![feature(arbitrary_self_types)]\n{text}\nfn end() {{}}\n"
        ));
        text.lines()
            .skip(1)
            .take_while(|line| !line.starts_with("fn end"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn imports_and_paths_lead_to_the_support_module() {
        assert_eq!(
            first_lines("use std::ops::Receiver;"),
            "use crate::__gateless::Receiver;"
        );
        assert_eq!(
            first_lines("use core::ops::{Deref, Receiver as R};"),
            "use core::ops::{Deref}; use crate::__gateless::Receiver as R;"
        );
        assert_eq!(
            first_lines("use core::{ops::{Receiver, Deref}};"),
            "use core::{ops::{Deref}}; use crate::__gateless::Receiver;"
        );
        assert_eq!(
            first_lines("impl ::core::ops::Receiver for X {}"),
            "impl crate::__gateless::Receiver for X {}"
        );
        assert_eq!(first_lines("use x::Receiver;"), "use x::Receiver;");
    }
}
