//! Why two objects may differ without anything being lost: one file per cause, each with a check that can reject.
//!
//! A difference that no check accepts is unexplained. No check looks at file names, functions or drivers of the kernel: what it accepts follows from
//! the records of the build, the lowered sources, and the objects.

mod atomic_width;
mod dynamic_calls;
mod left_out_number;
mod lowered_columns;
mod merged_order;
pub mod renamed_crate;
mod vtable_types;

use crate::compare::Comparison;
use crate::difference::{Difference, Subject};
use crate::directory::Directory;
use crate::object::Object;

/// A cause of differences.
pub struct Cause {
    /// Short name, the same in every report.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// For people: what makes the difference, and why nothing is lost.
    pub words: &'static str,
    /// Whether the evidence shows that this is why.
    pub explains: fn(&Difference, &Evidence<'_>) -> bool,
}

/// What a check may look at.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The gateless build's directory, with its lowered sources.
    pub gateless: &'a Directory,
    /// The object of the gated build and that of the gateless build.
    pub objects: (&'a Object, &'a Object),
    /// The comparison with the crates renamed that the record says were compiled under another name; nothing if there are none.
    pub renamed: Option<&'a Comparison>,
}

/// All causes; of several that explain a difference the first is reported.
pub const ALL: &[&Cause] = &[
    &renamed_crate::CAUSE,
    &lowered_columns::CAUSE,
    &merged_order::CAUSE,
    &atomic_width::CAUSE,
    &dynamic_calls::CAUSE,
    &vtable_types::CAUSE,
    &left_out_number::CAUSE,
];

/// The cause that explains a difference. A type number of kCFI has one only where it is left out and nothing asks for it: it is checked in the running
/// kernel.
pub fn explain(difference: &Difference, evidence: &Evidence<'_>) -> Option<&'static Cause> {
    if difference.subject == Subject::TypeNumber {
        let left_out = &left_out_number::CAUSE;
        return (left_out.explains)(difference, evidence).then_some(left_out);
    }
    ALL.iter()
        .copied()
        .find(|cause| (cause.explains)(difference, evidence))
}
