//! A text under edit that remembers which parts of it are original.

use std::ops::Range;

use gateless_model::columns::{Lines, Stretch};
use gateless_model::{Failure, Result};
use gateless_rust_text::edit::{Edit, newlines};

#[derive(Debug, Clone)]
enum Piece {
    /// Bytes of the original.
    Original(Range<usize>),
    /// Length of added text, and the bytes of the original that it replaces.
    Added(usize, Range<usize>),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Original(range) => range.len(),
            Piece::Added(len, _) => *len,
        }
    }

    fn split(self, at: usize) -> (Piece, Piece) {
        match self {
            Piece::Original(range) => (
                Piece::Original(range.start..range.start + at),
                Piece::Original(range.start + at..range.end),
            ),
            Piece::Added(len, replaced) => (
                Piece::Added(at, replaced.clone()),
                Piece::Added(len - at, replaced),
            ),
        }
    }
}

/// The original text of a file and its lowered form.
#[derive(Debug, Clone)]
pub struct Pieces {
    original: String,
    current: String,
    pieces: Vec<Piece>,
}

impl Pieces {
    /// A text without edits.
    pub fn new(original: String) -> Self {
        let pieces = vec![Piece::Original(0..original.len())];
        Self {
            current: original.clone(),
            original,
            pieces,
        }
    }

    /// The text as it was read.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The text with all edits.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// Whether the text differs from the original.
    pub fn changed(&self) -> bool {
        self.current != self.original
    }

    /// Applies edits that all refer to the current text. Insertions at one place keep their order.
    ///
    /// Fails, and changes nothing, when two edits overlap or when one of them moves a line.
    pub fn apply(&mut self, mut edits: Vec<Edit>) -> Result<()> {
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end, edit.rank));
        let mut done = 0;
        for edit in &edits {
            if edit.range.start < done || edit.range.end > self.current.len() {
                return Err(Failure::failed(format!(
                    "overlapping edits at byte {} (`{}`)",
                    edit.range.start, edit.text
                )));
            }
            let (old, new) = (
                newlines(&self.current[edit.range.clone()]),
                newlines(&edit.text),
            );
            if old != new {
                return Err(Failure::failed(format!(
                    "an edit at byte {} would turn {old} line ends into {new}",
                    edit.range.start
                )));
            }
            done = edit.range.end;
        }
        let mut text = String::with_capacity(self.current.len());
        let mut pieces = Vec::with_capacity(self.pieces.len() + edits.len() * 2);
        let mut rest = std::mem::take(&mut self.pieces).into_iter();
        let mut head: Option<Piece> = None;
        let mut position = 0;
        // Moves pieces up to `target` of the current text over to `keep`.
        let mut advance = |position: &mut usize, target: usize, keep: &mut Vec<Piece>| {
            while *position < target {
                let Some(piece) = head.take().or_else(|| rest.next()) else {
                    break;
                };
                let want = target - *position;
                let piece = if piece.len() > want {
                    let (now, later) = piece.split(want);
                    head = Some(later);
                    now
                } else {
                    piece
                };
                *position += piece.len();
                keep.push(piece);
            }
        };
        for edit in edits {
            text.push_str(&self.current[position..edit.range.start]);
            advance(&mut position, edit.range.start, &mut pieces);
            let first = pieces.len();
            advance(&mut position, edit.range.end, &mut pieces);
            let replaced = covered(&pieces.split_off(first));
            text.push_str(&edit.text);
            if !edit.text.is_empty() {
                pieces.push(Piece::Added(edit.text.len(), replaced));
            }
        }
        text.push_str(&self.current[position..]);
        advance(&mut position, self.current.len(), &mut pieces);
        self.current = text;
        self.pieces = pieces;
        Ok(())
    }

    /// Whether the byte at `offset` of the current text was added, and not just put in the place of something.
    pub fn is_added(&self, offset: usize) -> bool {
        let mut position = 0;
        for piece in &self.pieces {
            position += piece.len();
            if offset < position {
                return matches!(piece, Piece::Added(_, replaced) if replaced.is_empty());
            }
        }
        false
    }

    /// Pieces within bytes of the current text that took the place of something: their bytes, and those of the original.
    pub fn replacements(&self, bytes: &Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
        let mut position = 0;
        let mut found = Vec::new();
        for piece in &self.pieces {
            let here = position..position + piece.len();
            position = here.end;
            if let Piece::Added(_, replaced) = piece
                && !replaced.is_empty()
                && bytes.start <= here.start
                && here.end <= bytes.end
            {
                found.push((here, replaced.clone()));
            }
        }
        found
    }

    /// The byte of the current text after everything that was inserted at a byte of the original.
    pub fn current_end(&self, original: usize) -> usize {
        let mut position = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Original(range) if range.end > original => {
                    return position + original.saturating_sub(range.start);
                }
                _ => position += piece.len(),
            }
        }
        position
    }

    /// Where the characters of rewritten lines stand in the original. `stands_for` gives the byte of the original that added text was made for, where
    /// that is not what it stands before.
    pub fn lines(&self, stands_for: &dyn Fn(Range<usize>) -> Option<usize>) -> Lines {
        let mut lines = Lines::new();
        let (mut line, mut start, mut position) = (1, 0, 0);
        for piece in &self.pieces {
            let here = position..position + piece.len();
            position = here.end;
            let (at, added) = match piece {
                Piece::Original(range) => (range.start, false),
                Piece::Added(_, replaced) if !replaced.is_empty() => (replaced.start, true),
                Piece::Added(..) => {
                    let at = stands_for(here.clone()).filter(|at| {
                        newlines(&self.original[..*at]) == newlines(&self.current[..here.start])
                    });
                    let next = || self.original_offset(here.start);
                    (at.unwrap_or_else(next), true)
                }
            };
            let stretch = Stretch {
                from: column(&self.current[start..here.start]),
                original: column(line_before(&self.original, at)),
                added,
            };
            lines.entry(line).or_default().push(stretch);
            for (at, _) in self.current[here.clone()].match_indices('\n') {
                line += 1;
                start = here.start + at + 1;
                if added && start < here.end {
                    // What is left of replaced lines has no place of its own.
                    lines.entry(line).or_default().push(Stretch {
                        from: 1,
                        original: 1,
                        added,
                    });
                }
            }
        }
        let is_other = |stretch: &Stretch| stretch.added || stretch.from != stretch.original;
        lines.retain(|_, stretches| stretches.iter().any(is_other));
        lines
    }

    /// The byte of the original after what ends at `end` of the current text.
    pub fn original_end(&self, end: usize) -> usize {
        let Some(last) = end.checked_sub(1) else {
            return 0;
        };
        let mut position = 0;
        for piece in &self.pieces {
            if last < position + piece.len() {
                return match piece {
                    Piece::Original(range) => range.start + last - position + 1,
                    Piece::Added(_, replaced) if !replaced.is_empty() => replaced.end,
                    Piece::Added(..) => self.original_offset(last),
                };
            }
            position += piece.len();
        }
        self.original.len()
    }

    /// The byte of the original that stands at `offset` of the current text; for added text, the next original byte on the
    /// same line, or else the end of the original line.
    pub fn original_offset(&self, offset: usize) -> usize {
        let mut position = 0;
        let mut before = 0;
        let mut pieces = self.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            if let Piece::Original(range) = piece {
                if offset < position + range.len() {
                    return range.start + offset.saturating_sub(position);
                }
                before = range.end;
            } else if let Piece::Added(len, replaced) = piece
                && offset < position + len
            {
                if !replaced.is_empty() {
                    return replaced.start;
                }
                let line = newlines(&self.current[..offset]);
                let next = pieces.find_map(|p| {
                    if let Piece::Original(range) = p {
                        Some(range.start)
                    } else {
                        None
                    }
                });
                let next = next.unwrap_or(self.original.len());
                return if newlines(&self.original[..next]) <= line {
                    next
                } else {
                    before
                };
            }
            position += piece.len();
        }
        self.original.len()
    }
}

/// The line up to a byte.
fn line_before(text: &str, at: usize) -> &str {
    let before = &text[..at];
    &before[before.rfind('\n').map_or(0, |end| end + 1)..]
}

/// The column of what comes after the beginning of a line. A byte order mark is not part of the first one.
fn column(before: &str) -> u32 {
    before.trim_start_matches('\u{feff}').chars().count() as u32 + 1
}

/// Bytes of the original that pieces stand for.
fn covered(pieces: &[Piece]) -> Range<usize> {
    let ranges = || {
        pieces.iter().map(|piece| match piece {
            Piece::Original(range) | Piece::Added(_, range) => range,
        })
    };
    let start = ranges()
        .filter(|range| !range.is_empty())
        .map(|range| range.start)
        .min()
        .unwrap_or(0);
    let end = ranges()
        .filter(|range| !range.is_empty())
        .map(|range| range.end)
        .max()
        .unwrap_or(0);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_edits_are_refused() {
        let mut text = Pieces::new("abcdef".into());
        let edits = vec![
            Edit {
                range: 0..3,
                text: "x".into(),
                rank: 0,
            },
            Edit {
                range: 2..4,
                text: "y".into(),
                rank: 0,
            },
        ];
        assert!(text.apply(edits).is_err());
        assert_eq!(text.current(), "abcdef");
    }

    #[test]
    fn an_edit_that_moves_a_line_is_refused() {
        let mut text = Pieces::new("a\nb\n".into());
        assert!(
            text.apply(vec![Edit {
                range: 1..2,
                text: String::new(),
                rank: 0
            }])
            .is_err()
        );
        assert!(text.apply(vec![Edit::insert(0, "\n")]).is_err());
    }

    #[test]
    fn characters_after_edits_stand_where_they_were_written() {
        let mut text = Pieces::new("\u{feff}é; f(self, g());\nh();\n".into());
        let at = |part: &str| text.original().find(part).unwrap();
        let (receiver, call) = (at("self"), at("g()"));
        let mut edits = Edit::wrap(call..call + 3, "wrapped(", ")").to_vec();
        edits.push(Edit {
            range: receiver..receiver + 4,
            text: "this_one".into(),
            rank: 0,
        });
        text.apply(edits).unwrap();
        let lines = text.lines(&|_| None);
        assert_eq!(lines.keys().copied().collect::<Vec<_>>(), [1]);
        let mut columns = gateless_model::columns::Columns::default();
        columns.add("a.rs".to_owned(), lines);
        assert_eq!(
            text.current(),
            "\u{feff}é; f(this_one, wrapped(g()));\nh();\n"
        );
        let column = |from| columns.original("a.rs", 1, from).unwrap_or(from);
        // f, this_one, wrapped, g, and the last parenthesis
        assert_eq!([4, 6, 16, 24, 28].map(column), [4, 6, 12, 12, 15]);
        assert_eq!(columns.original("a.rs", 2, 1), None);
    }

    #[test]
    fn removal_keeps_line_ends() {
        let mut text = Pieces::new("#![feature(\n  a,\n)]\nfn f() {}\n".into());
        let edit = Edit::remove(text.current(), 0..19);
        text.apply(vec![edit]).unwrap();
        assert_eq!(text.current(), "\n\n\nfn f() {}\n");
    }

    #[test]
    fn wraps_around_one_place_nest() {
        let mut text = Pieces::new("abc".into());
        let mut edits = Edit::wrap(0..1, "1(", ")1").to_vec();
        edits.extend(Edit::wrap(1..2, "3(", ")3"));
        edits.extend(Edit::wrap(0..2, "2(", ")2"));
        edits.push(Edit::insert(0, "x;"));
        text.apply(edits).unwrap();
        assert_eq!(text.current(), "x;2(1(a)13(b)3)2c");
    }

    #[test]
    fn offsets_map_back_through_several_rounds_of_edits() {
        let mut text = Pieces::new("let x = e;".into());
        text.apply(vec![Edit::insert(8, "f("), Edit::insert(9, ")")])
            .unwrap();
        text.apply(vec![Edit::insert(4, "mut ")]).unwrap();
        assert_eq!(text.current(), "let mut x = f(e);");
        assert_eq!(text.original_offset(8), 4);
        assert_eq!(text.original_offset(14), 8);
        assert_eq!(text.original_offset(12), 8);
        assert_eq!(text.original_offset(16), 9);
        assert_eq!(text.original_offset(17), 10);
    }

    #[test]
    fn replaced_text_maps_to_what_it_replaced() {
        let mut text = Pieces::new("f(self.x)".into());
        text.apply(vec![Edit {
            range: 2..6,
            text: "this_one".into(),
            rank: 0,
        }])
        .unwrap();
        assert_eq!(
            (
                text.original_offset(2),
                text.original_end(10),
                text.original_end(12)
            ),
            (2, 6, 8)
        );
        assert!(!text.is_added(3));
    }
}
