//! Checks that the layout keeps its promises.
fn main() {}
