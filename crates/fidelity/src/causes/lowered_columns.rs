//! Columns of lines that lowering rewrote.

use super::{Cause, Evidence};
use crate::difference::{Difference, Finding};
use crate::dwarf::{Entry, Row};

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "lowered-columns",
    title: "debug columns of lowered lines",
    words: "Lowering keeps the file and the line of everything, but not the column within a line that it had to rewrite. Accepted only for rows of the line \
            table and entries of the debug information that are the same but for the column, and only where the line has another text in the lowered source than in the kernel's.",
    explains,
};

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    match &difference.finding {
        Finding::Rows(rows) => rows
            .iter()
            .all(|(gated, gateless)| match (gated, gateless) {
                (Some(gated), Some(gateless)) => row(gated, gateless, evidence),
                _ => false,
            }),
        Finding::Entries(entries) => {
            entries
                .iter()
                .all(|(gated, gateless)| match (gated, gateless) {
                    (Some(gated), Some(gateless)) => entry(gated, gateless, evidence),
                    _ => false,
                })
        }
        _ => false,
    }
}

fn row(gated: &Row, gateless: &Row, evidence: &Evidence<'_>) -> bool {
    let Some(file) = &gated.file else {
        return false;
    };
    let moved = Row {
        column: gateless.column,
        ..gated.clone()
    };
    moved == *gateless && evidence.gateless.is_lowered_line(file, gated.line)
}

/// The column of a declaration, or of the call that was inlined.
fn entry(gated: &Entry, gateless: &Entry, evidence: &Evidence<'_>) -> bool {
    let lowered = |kind: &str| {
        let value = |attribute: &str| {
            gated
                .attributes
                .iter()
                .find(|(name, _)| *name == format!("DW_AT_{kind}_{attribute}"))
                .map(|(_, value)| value)
        };
        match (
            value("file"),
            value("line").and_then(|line| line.parse().ok()),
        ) {
            (Some(file), Some(line)) => evidence.gateless.is_lowered_line(file, line),
            _ => false,
        }
    };
    gated.attributes.len() == gateless.attributes.len()
        && gated
            .attributes
            .iter()
            .zip(&gateless.attributes)
            .all(|(a, b)| {
                a == b
                    || a.0 == b.0
                        && match a.0.as_str() {
                            "DW_AT_call_column" => lowered("call"),
                            "DW_AT_decl_column" => lowered("decl"),
                            _ => false,
                        }
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::Subject;

    #[test]
    fn only_other_columns_of_a_lowered_line_are_explained() {
        let (_keep, directory) = crate::directory::tests_directory();
        let object = crate::object::tests_object();
        let evidence = Evidence {
            gateless: &directory,
            objects: (&object, &object),
            renamed: None,
        };
        let row = |line, column, offset| {
            Some(Row {
                offset,
                file: Some("OUT/rust/a.rs".to_owned()),
                line,
                column,
                is_statement: true,
                prologue_end: false,
                epilogue_begin: false,
                discriminator: 0,
            })
        };
        let explained = |a: Option<Row>, b: Option<Row>| {
            explains(
                &Difference::new(Subject::LineTable, "f", Finding::Rows(vec![(a, b)])),
                &evidence,
            )
        };
        assert!(explained(row(2, 1, 0), row(2, 5, 0)));
        assert!(
            !explained(row(1, 1, 0), row(1, 5, 0)),
            "a line that is not lowered"
        );
        assert!(!explained(row(2, 1, 0), row(3, 1, 0)), "another line");
        assert!(
            !explained(row(2, 1, 0), row(2, 5, 4)),
            "another place in the code"
        );
        assert!(!explained(row(2, 1, 0), None), "no row");
    }
}
