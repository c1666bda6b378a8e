//! A change of source text that moves no line.

use std::ops::Range;

/// Replaces `range` (bytes of the current text) by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the current text; empty for an insertion.
    pub range: Range<usize>,
    /// What takes their place.
    pub text: String,
    /// Order among insertions at one place, smallest first.
    pub rank: i64,
}

impl Edit {
    /// Inserts before the byte at `offset`.
    pub fn insert(offset: usize, text: impl Into<String>) -> Self {
        Self {
            range: offset..offset,
            text: text.into(),
            rank: 0,
        }
    }

    /// Inserts before an expression. Of several at one place, the larger expression's comes first.
    pub fn before(range: Range<usize>, text: impl Into<String>) -> Self {
        let [before, _] = Self::wrap(range, text, "");
        before
    }

    /// Puts `open` and `close` around `range`. Pairs around the same byte nest by their length.
    pub fn wrap(
        range: Range<usize>,
        open: impl Into<String>,
        close: impl Into<String>,
    ) -> [Self; 2] {
        Self::wrap_at(2 * range.len() as i64, range, open, close)
    }

    /// The same, around another pair for the same range.
    pub fn wrap_outside(
        range: Range<usize>,
        open: impl Into<String>,
        close: impl Into<String>,
    ) -> [Self; 2] {
        Self::wrap_at(2 * range.len() as i64 + 1, range, open, close)
    }

    fn wrap_at(
        size: i64,
        range: Range<usize>,
        open: impl Into<String>,
        close: impl Into<String>,
    ) -> [Self; 2] {
        [
            Self {
                range: range.start..range.start,
                text: open.into(),
                rank: OPEN - size,
            },
            Self {
                range: range.end..range.end,
                text: close.into(),
                rank: size - OPEN,
            },
        ]
    }

    /// Replaces `range` of `source`, adding the line ends that the new text lacks, so that no line moves.
    pub fn replace(source: &str, range: Range<usize>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        let missing = newlines(&source[range.clone()]).saturating_sub(newlines(&text));
        text.extend(std::iter::repeat_n('\n', missing));
        Self {
            range,
            text,
            rank: 0,
        }
    }

    /// Removes `range` of `source` but for its line ends.
    pub fn remove(source: &str, range: Range<usize>) -> Self {
        Self::replace(source, range, "")
    }
}

/// Rank of what opens at a place, after everything else there; what closes comes before everything else.
const OPEN: i64 = 1 << 40;

/// How many lines end in `text`.
pub fn newlines(text: &str) -> usize {
    text.bytes().filter(|&b| b == b'\n').count()
}
