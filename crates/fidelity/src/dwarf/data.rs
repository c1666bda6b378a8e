//! What debug information says of the items of an object.

use std::collections::BTreeMap;

/// The debug information of an object, but for its entries, which are many ([`super::entries`] goes through them).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Debug {
    /// How many units and line tables there are of each DWARF version, how many relocations from one debug section to another, and what an
    /// index of names lists.
    pub counts: BTreeMap<String, usize>,
    /// The line table's rows by item (index in the object's items); those that belong to none under `None`.
    pub rows: BTreeMap<Option<usize>, Vec<Row>>,
    /// How to unwind from each item, likewise (`.debug_frame`).
    pub frames: BTreeMap<Option<usize>, Vec<Frame>>,
    /// What `.debug_aranges` covers of each item, likewise.
    pub covered: BTreeMap<Option<usize>, Vec<Covered>>,
    /// The source files that line tables name, with what is said of each (its checksum).
    pub files: Vec<String>,
}

/// One row of a line table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Offset from the item's entry.
    pub offset: i64,
    /// Source file, or nothing at the end of a sequence.
    pub file: Option<String>,
    /// Line in it, 0 for none.
    pub line: u64,
    /// Column in it, 0 for none.
    pub column: u64,
    /// Whether a debugger may stop here for the line.
    pub is_statement: bool,
    /// Whether the function's prologue ends here.
    pub prologue_end: bool,
    /// Whether the function's epilogue begins here.
    pub epilogue_begin: bool,
    /// Tells apart what has the same place.
    pub discriminator: u64,
}

/// How to unwind from a piece of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Offset of its beginning from the item's entry.
    pub offset: i64,
    /// Bytes of code.
    pub length: u64,
    /// What holds where, in words.
    pub rules: String,
}

/// How far debug information covers an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Covered {
    /// All of it.
    Whole,
    /// From and to these offsets from its entry.
    Part(i64, i64),
    /// Bytes of a section before the first item and behind the last one that a range covers.
    Around(String, u64, u64),
    /// An address and a number of bytes where no item is.
    Besides(u64, u64),
}
