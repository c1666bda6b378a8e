//! A Rust compiler: where it is, what it answers, what its diagnostics mean.

pub mod diagnostic;
pub mod launcher;
