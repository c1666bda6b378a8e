//! Columns of lines that lowering rewrote: where in its line each character stands in the source as it was written.
//!
//! Lowering keeps files and lines of everything. What a program can see of columns (panic locations, `Location::caller()`) is fixed up by this map,
//! in LLVM IR or in the objects that rustc made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The columns of lowered files, by the name that the compiler gives to the file and by line. Lines that are not there are as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Columns(BTreeMap<String, Lines>);

/// The lines of a file that lowering rewrote, from 1.
pub type Lines = BTreeMap<u32, Vec<Stretch>>;

/// Characters of a lowered line, up to the next stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Column of the first one, from 1.
    pub from: u32,
    /// Its column as it was written; of added text, that of what it was made for.
    pub original: u32,
    /// Whether all of them stand for that one column.
    pub added: bool,
}

impl Columns {
    /// Whether every column is as it was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the lines of a file.
    pub fn add(&mut self, file: String, lines: Lines) {
        if !lines.is_empty() {
            self.0.insert(file, lines);
        }
    }

    /// Adds those of other crates. Where two name a file alike, what is here stays.
    pub fn merge(&mut self, other: &Self) {
        for (file, lines) in &other.0 {
            self.0.entry(file.clone()).or_insert_with(|| lines.clone());
        }
    }

    /// The rewritten lines of each file.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &Lines)> {
        self.0.iter().map(|(file, lines)| (file.as_str(), lines))
    }

    /// The column as it was written for one of a lowered line, if that is another one.
    pub fn original(&self, file: &str, line: u32, column: u32) -> Option<u32> {
        let stretches = self.0.get(file)?.get(&line)?;
        let stretch = stretches
            .iter()
            .rev()
            .find(|stretch| stretch.from <= column)?;
        let original = match stretch.added {
            true => stretch.original,
            false => stretch.original + (column - stretch.from),
        };
        (original != column).then_some(original)
    }

    /// The bytes of a `core::panic::Location` after the pointer to its file's name, with the column as it was written, if that is another one: the
    /// name's length, the line, and the column. `name` is what the pointer leads to; what comes after the bytes is left alone.
    pub fn corrected(&self, name: &[u8], bytes: &[u8], machine: Machine) -> Option<Vec<u8>> {
        let Machine { pointer, little } = machine;
        let number = |at: usize, len: usize| {
            let bytes = bytes.get(at..at + len)?.iter();
            let digits: Vec<u64> = match little {
                true => bytes.rev().map(|&byte| u64::from(byte)).collect(),
                false => bytes.map(|&byte| u64::from(byte)).collect(),
            };
            Some(digits.iter().fold(0, |sum, digit| sum << 8 | digit))
        };
        let len = usize::try_from(number(0, pointer)?).ok()?;
        let file = std::str::from_utf8(name.get(..len)?).ok()?;
        let line = number(pointer, 4)? as u32;
        let column = number(pointer + 4, 4)? as u32;
        let original = self.original(file, line, column)?;
        let mut bytes = bytes.to_vec();
        let new = match little {
            true => original.to_le_bytes(),
            false => original.to_be_bytes(),
        };
        bytes[pointer + 4..pointer + 8].copy_from_slice(&new);
        Some(bytes)
    }
}

/// How a machine has numbers in memory.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// Bytes of a pointer.
    pub pointer: usize,
    /// Whether the least significant byte comes first.
    pub little: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let stretch = |from, original, added| Stretch {
            from,
            original,
            added,
        };
        let mut columns = Columns::default();
        let line = vec![
            stretch(1, 1, false),
            stretch(5, 5, true),
            stretch(9, 5, false),
        ];
        columns.add("a.rs".to_owned(), [(7, line)].into());
        columns
    }

    #[test]
    fn text_after_an_insertion_stands_further_left_in_the_source() {
        let columns = columns();
        assert_eq!(columns.original("a.rs", 7, 10), Some(6));
        assert_eq!(columns.original("a.rs", 7, 8), Some(5));
        for (file, line, column) in [("a.rs", 7, 4), ("a.rs", 8, 10), ("b.rs", 7, 10)] {
            assert_eq!(columns.original(file, line, column), None);
        }
    }

    #[test]
    fn the_column_of_a_location_is_corrected_on_all_machines() {
        let columns = columns();
        for (pointer, little) in [(8, true), (8, false), (4, true), (4, false)] {
            let location = |column: u32| {
                let mut bytes = vec![0; pointer];
                bytes[if little { 0 } else { pointer - 1 }] = 4;
                for number in [7, column] {
                    bytes.extend(match little {
                        true => number.to_le_bytes(),
                        false => number.to_be_bytes(),
                    });
                }
                bytes.push(99);
                bytes
            };
            let machine = Machine { pointer, little };
            let corrected = |name: &[u8]| columns.corrected(name, &location(10), machine);
            assert_eq!(corrected(b"a.rs\0"), Some(location(6)));
            assert_eq!(corrected(b"a.r"), None);
            assert_eq!(columns.corrected(b"a.rs", &location(4), machine), None);
            assert_eq!(columns.corrected(b"a.rs", &[4], machine), None);
        }
    }
}
