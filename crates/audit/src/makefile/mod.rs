//! What makefiles say about the Rust compiler.

pub mod facts;
pub mod goals;
pub mod options;
