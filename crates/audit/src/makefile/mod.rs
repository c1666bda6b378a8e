//! What makefiles say about the Rust compiler.

pub mod facts;
pub mod options;
pub mod wanted;
