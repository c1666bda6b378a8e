//! Kernel trees: find, fetch, configure and make them, and find (install) the tools that this takes.
//!
//! Nothing in here writes to the terminal: progress goes to a [`Progress`], answers are returned.

pub mod cache;
pub mod command;
pub mod compiler;
pub mod libclang;
pub mod make_vars;
pub mod progress;
pub mod rust_src;
pub mod stand_ins;
pub mod tools;
pub mod tree;
pub mod version;

pub use progress::Progress;
pub use version::Version;
