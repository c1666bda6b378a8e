//! Attributes as token sequences, so that they are found in items, macro definitions, macro calls and `quote!` alike.

use std::ops::Range;

use crate::cfg::{self, Truth, split_commas};
use crate::edit::Edit;
use crate::tokens::Tokens;

/// One `#[...]` or `#![...]`.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Token index of `#`.
    pub hash: usize,
    /// Token index of `[`.
    pub open: usize,
}

/// One attribute inside of the brackets, or of the list of a `cfg_attr`.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// First token.
    pub first: usize,
    /// Token after the last.
    pub end: usize,
    /// Whether the conditions around it hold.
    pub active: Truth,
}

/// All attributes of a token list, in order.
pub fn all(tokens: &Tokens<'_>) -> Vec<Attribute> {
    let mut found = Vec::new();
    for hash in 0..tokens.list.len() {
        if tokens.at(hash) == "#" {
            let open = if tokens.at(hash + 1) == "!" {
                hash + 2
            } else {
                hash + 1
            };
            if tokens.opens(open, "[") {
                found.push(Attribute { hash, open });
            }
        }
    }
    found
}

impl Attribute {
    /// Whether it is written `#![...]`.
    pub fn is_inner(&self) -> bool {
        self.open == self.hash + 2
    }

    /// Bytes of the whole attribute.
    pub fn bytes(&self, tokens: &Tokens<'_>) -> Range<usize> {
        tokens.bytes(self.hash, tokens.close(self.open))
    }

    /// Decides about each attribute in it, `cfg_attr` lists included, and returns the edits that follow.
    pub fn rewrite(
        &self,
        tokens: &Tokens<'_>,
        cfg: &[String],
        decide: &mut dyn FnMut(Meta) -> Decision,
    ) -> Vec<Edit> {
        let meta = Meta {
            first: self.open + 1,
            end: tokens.close(self.open),
            active: Truth::Yes,
        };
        if meta.first >= meta.end {
            return Vec::new();
        }
        let mut edits = Vec::new();
        if !rewrite_meta(tokens, meta, cfg, decide, &mut edits) {
            return vec![self.removal(tokens)];
        }
        edits
    }

    /// Takes the whole attribute out. Where it had its lines for itself a comment stays, since an empty line between an item's
    /// attributes is what clippy warns of (`empty_line_after_outer_attr`).
    fn removal(&self, tokens: &Tokens<'_>) -> Edit {
        let bytes = self.bytes(tokens);
        let blank = [' ', '\t'];
        let starts_line = matches!(
            tokens.text[..bytes.start]
                .trim_end_matches(blank)
                .chars()
                .last(),
            None | Some('\n')
        );
        let ends_line = tokens.text[bytes.end..]
            .trim_start_matches(blank)
            .starts_with(['\n', '\r']);
        if self.is_inner() || !starts_line || !ends_line {
            return Edit::remove(tokens.text, bytes);
        }
        let lines = tokens.text[bytes.clone()].lines().count();
        Edit::replace(tokens.text, bytes, vec!["//"; lines].join("\n"))
    }
}

/// What becomes of one attribute.
#[derive(Debug)]
pub enum Decision {
    /// Nothing.
    Keep,
    /// It goes; so does the whole `#[...]` when nothing else is in it.
    Remove,
    /// These edits lie within it.
    Edit(Vec<Edit>),
}

/// Returns whether the attribute stays.
fn rewrite_meta(
    tokens: &Tokens<'_>,
    meta: Meta,
    cfg: &[String],
    decide: &mut dyn FnMut(Meta) -> Decision,
    edits: &mut Vec<Edit>,
) -> bool {
    if tokens.at(meta.first) == "cfg_attr" && tokens.opens(meta.first + 1, "(") {
        let open = meta.first + 1;
        let parts = split_commas(tokens, open + 1, tokens.close(open));
        let Some((&condition, list)) = parts.split_first() else {
            return true;
        };
        let holds = match (
            meta.active,
            cfg::decide(tokens, condition.0, condition.1, cfg),
        ) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, truth) => truth,
            (Truth::Unknown, _) => Truth::Unknown,
        };
        let mut inside = Vec::new();
        let kept: Vec<bool> = list
            .iter()
            .map(|&(first, end)| {
                rewrite_meta(
                    tokens,
                    Meta {
                        first,
                        end,
                        active: holds,
                    },
                    cfg,
                    decide,
                    &mut inside,
                )
            })
            .collect();
        if !list.is_empty() && !kept.contains(&true) {
            return false;
        }
        edits.extend(inside);
        let all: Vec<bool> = std::iter::once(true).chain(kept).collect();
        edits.extend(removals(tokens, &parts, &all));
        return true;
    }
    match decide(meta) {
        Decision::Keep => true,
        Decision::Remove => false,
        Decision::Edit(more) => {
            edits.extend(more);
            true
        }
    }
}

/// The edits that take the parts with a false `kept` out of a comma-separated list, of which at least one is kept.
pub fn removals(tokens: &Tokens<'_>, parts: &[(usize, usize)], kept: &[bool]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (i, &(first, end)) in parts.iter().enumerate() {
        if kept[i] {
            continue;
        }
        let range = if kept[..i].contains(&true) {
            tokens.list[parts[i - 1].1 - 1].range.end..tokens.list[end - 1].range.end
        } else {
            let next = parts.get(i + 1).map_or(end, |next| next.0);
            tokens.list[first].range.start..tokens.list[next].range.start
        };
        edits.push(Edit::remove(tokens.text, range));
    }
    edits
}
