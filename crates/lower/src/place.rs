//! Places in a crate's original files.

use std::ops::Range;

use gateless_rust_text::edit::Edit;
use gateless_rustc::diagnostic::Place;

use crate::gate::Source;
use crate::pieces::Pieces;

/// An expression: file, first byte, byte after the last.
pub type Expression = (usize, usize, usize);

/// A part of an expression that is written another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// File.
    pub file: usize,
    /// First byte.
    pub start: usize,
    /// Byte after the last; the first for an insertion.
    pub end: usize,
    /// For an insertion before an expression, the byte after that; the larger expression's comes first.
    pub before: usize,
}

impl Part {
    /// The edit that writes `text` there.
    pub fn edit(&self, source: &Source<'_>, text: &str) -> (usize, Edit) {
        let edit = if self.start == self.end {
            Edit::before(self.start..self.before, text)
        } else {
            Edit::replace(source.original(self.file), self.start..self.end, text)
        };
        (self.file, edit)
    }
}

/// Bytes of an original file that a diagnostic of the lowered crate is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Index of the file.
    pub file: usize,
    /// Bytes of the original.
    pub range: Range<usize>,
    /// Whether the span starts in text that lowering added.
    pub added: bool,
}

impl Source<'_> {
    /// Where in the originals a place is, if it is in a file of this crate.
    pub fn spot(&self, place: Place<'_>) -> Option<Spot> {
        let file = self.files.named(self.request.cwd, &place.file_name)?;
        let text = &self.files.list[file].text;
        let start = place.byte_start as usize;
        Some(Spot {
            file,
            range: original(text, &(start..place.byte_end as usize))?,
            added: text.is_added(start),
        })
    }
}

/// Bytes of the original for bytes of the current text.
pub fn original(text: &Pieces, current: &Range<usize>) -> Option<Range<usize>> {
    let &Range { start, end } = current;
    if end > text.current().len() || start > end {
        return None;
    }
    let first = text.original_offset(start);
    let last = if end > start {
        text.original_end(end)
    } else {
        first
    };
    Some(first..last.max(first))
}
