//! Diagnostics of the lowered crate, seen from the original files.

use std::ops::Range;

use camino::Utf8Path;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};

use crate::crate_files::CrateFiles;
use crate::pieces::Pieces;
use gateless_base::paths::absolute;

/// Bytes of an original file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Index of the file.
    pub file: usize,
    /// Bytes of the original.
    pub range: Range<usize>,
    /// Whether the span starts in text that lowering added.
    pub added: bool,
}

/// Where in the originals a span is, if it is in a file of this crate.
pub fn spot(files: &CrateFiles, cwd: &Utf8Path, span: &DiagnosticSpan) -> Option<Spot> {
    let file = file_of(files, cwd, &span.file_name)?;
    let text = &files.list[file].text;
    let start = span.byte_start as usize;
    Some(Spot {
        file,
        range: bytes(text, &(start..span.byte_end as usize))?,
        added: text.is_added(start),
    })
}

/// Bytes of the original for bytes of the current text.
pub fn bytes(text: &Pieces, current: &Range<usize>) -> Option<Range<usize>> {
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

/// A file as rustc names it: absolute, relative to the working directory, or with a prefix remapped away.
pub fn file_of(files: &CrateFiles, cwd: &Utf8Path, name: &str) -> Option<usize> {
    let name = Utf8Path::new(name);
    if let Some(&index) = files.by_path.get(&absolute(cwd, name)) {
        return Some(index);
    }
    let mut fits = files
        .list
        .iter()
        .enumerate()
        .filter(|(_, file)| name.is_relative() && file.path.ends_with(name));
    match (fits.next(), fits.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

/// The error code, or the empty text.
pub fn code(diagnostic: &Diagnostic) -> &str {
    diagnostic
        .code
        .as_ref()
        .map_or("", |code| code.code.as_str())
}
