//! A Rust compiler: where it is, what it answers, what its diagnostics mean.

pub mod answers;
pub mod compiler;
pub mod diagnostic;
pub mod find;
pub mod guard;
pub mod launcher;
pub mod llvm;
pub mod toolchain;
pub mod verbose;
