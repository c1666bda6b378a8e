//! Rust source as text: its tokens, its attributes, and what `cfg` says about them.
//!
//! All of it works on tokens, not on items, so that macro bodies and `quote!` are read like any other code.

pub mod attributes;
pub mod cfg;
pub mod edit;
pub mod tokens;
