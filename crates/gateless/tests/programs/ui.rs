//! x
pub fn run(_count: usize) {}
