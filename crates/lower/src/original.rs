//! Spans of diagnostics as the original files have them.

use std::ops::Range;

use camino::Utf8PathBuf;

use crate::crate_files::SourceFile;
use crate::gate::{Added, Facts, Source};
use crate::pieces::Pieces;
use crate::place;

/// A span of a lowered file, in the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalSpan {
    /// Absolute path of the original file.
    pub file: Utf8PathBuf,
    /// Bytes of the original file.
    pub bytes: Range<usize>,
    /// First and last line, from 1.
    pub lines: (usize, usize),
    /// Column of the first character, and that after the last, from 1, in characters of their lines.
    pub columns: (usize, usize),
    /// The lines, without their ends, with the columns that belong to the span.
    pub text: Vec<Line>,
    /// Whether both ends are in the original, and not in something that lowering added.
    pub is_exact: bool,
    /// Names within the span that lowering replaced: as lowered, as in the original.
    pub renamed: Vec<(String, String)>,
}

/// A line of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line without its end.
    pub text: String,
    /// Column of the first character that belongs to the span, and of that after the last.
    pub columns: (usize, usize),
}

/// The span of the original for bytes of a lowered file, if rustc's name for the file is one of this crate's.
pub(crate) fn span(
    source: &Source<'_>,
    facts: &Facts,
    name: &str,
    bytes: Range<usize>,
) -> Option<OriginalSpan> {
    let file = source.files.named(source.request.cwd, name)?;
    let SourceFile { path, text, .. } = &source.files.list[file];
    let is_added = bytes.end > bytes.start
        && bytes.end <= text.current().len()
        && text.is_added(bytes.start)
        && text.is_added(bytes.end - 1);
    let added = is_added.then(|| Added {
        file,
        bytes: bytes.clone(),
    });
    let spot = match added.and_then(|added| facts.stands_for(source, &added)) {
        Some(spot) => spot,
        None => place::original(text, &bytes)?,
    };
    let original = text.original();
    let line_start = |at: usize| original[..at].rfind('\n').map_or(0, |end| end + 1);
    let column = |at: usize| original[line_start(at)..at].chars().count() + 1;
    let line = |at: usize| gateless_rust_text::tokens::line_of(original, at);
    let (first, last) = (line(spot.start), line(spot.end));
    let mut lines = Vec::new();
    let from = line_start(spot.start);
    for (index, text) in original[from..]
        .split('\n')
        .take(last - first + 1)
        .enumerate()
    {
        let text = text.strip_suffix('\r').unwrap_or(text);
        let start = if index == 0 { column(spot.start) } else { 1 };
        let end = if first + index == last {
            column(spot.end)
        } else {
            text.chars().count() + 1
        };
        lines.push(Line {
            text: text.to_owned(),
            columns: (start, end),
        });
    }
    let ends_in_added = bytes.end > bytes.start && text.is_added(bytes.end - 1);
    Some(OriginalSpan {
        file: path.clone(),
        lines: (first, last),
        columns: (column(spot.start), column(spot.end)),
        text: lines,
        is_exact: !text.is_added(bytes.start) && !ends_in_added,
        renamed: renamed(text, &bytes),
        bytes: spot,
    })
}

/// Names within bytes of the lowered text that were put in the place of other names.
fn renamed(text: &Pieces, bytes: &Range<usize>) -> Vec<(String, String)> {
    let is_name =
        |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_') && !text.is_empty();
    let pairs = text.replacements(bytes).into_iter();
    let mut pairs: Vec<(String, String)> = pairs
        .map(|(new, old)| {
            (
                text.current()[new].to_owned(),
                text.original()[old].to_owned(),
            )
        })
        .filter(|(new, old)| is_name(new) && is_name(old))
        .collect();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use crate::testing::Scratch;

    #[test]
    fn columns_and_text_are_the_originals() {
        let text = "#![feature(used_with_arg)]\n#[used(compiler)] static Ü: u8 = 1; fn f(\n) {}\n";
        Scratch::new(&[("lib.rs", text)]).lower("lib.rs", &[], |lowered| {
            let lowered = lowered.unwrap();
            let (_, new) = lowered.changes().next().unwrap();
            let at = |part: &str| {
                let start = new.find(part).unwrap();
                start..start + part.len()
            };
            let root = lowered.root().to_string();
            let span = lowered.original_span(&root, at("static Ü")).unwrap();
            assert_eq!(&text[span.bytes.clone()], "static Ü");
            assert_eq!((span.lines, span.columns), ((2, 2), (19, 27)));
            assert_eq!(span.text[0].text, text.lines().nth(1).unwrap());
            assert!(span.is_exact);
            let span = lowered.original_span(&root, at("f(\n)")).unwrap();
            assert_eq!((span.lines, span.columns), ((2, 3), (40, 2)));
            assert_eq!(span.text[0].columns, (40, 42));
            assert_eq!(span.text[1].columns, (1, 2));
            assert!(lowered.original_span("/elsewhere.rs", 0..1).is_none());
        });
    }
}
