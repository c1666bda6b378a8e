//! KTAP, the kernel's test output (Documentation/dev-tools/ktap.rst), as consoles show it.

mod lines;
mod parser;
mod tree;

pub use lines::split;
pub use tree::{Counts, Document, Problem, ProblemKind, Status, Test};

/// Every KTAP document in a console's lines (see [`split`]), in their order; none if no version line is found.
pub fn parse(lines: &[String]) -> Vec<Document> {
    parser::documents(&lines::isolate(lines))
}

#[cfg(test)]
mod tests;
