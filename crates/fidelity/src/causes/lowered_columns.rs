//! Columns of lines that lowering rewrote.

use super::{Cause, Evidence};
use crate::difference::{Difference, Finding};
use crate::dwarf::Row;

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "lowered-columns",
    title: "debug columns of lowered lines",
    words: "Lowering keeps the file and the line of everything, but not the column within a line that it had to rewrite. Accepted only for rows of the line \
            table that are the same but for the column, and only where the line has another text in the lowered source than in the kernel's.",
    explains,
};

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    let Finding::Rows(rows) = &difference.finding else { return false };
    rows.iter().all(|(gated, gateless)| {
        let (Some(gated), Some(gateless)) = (gated, gateless) else { return false };
        let Some(file) = &gated.file else { return false };
        let moved = Row { column: gateless.column, ..gated.clone() };
        moved == *gateless && evidence.gateless.is_lowered_line(file, gated.line)
    })
}
