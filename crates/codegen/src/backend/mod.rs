//! What makes the outputs of a module that has all flags applied.
//!
//! Nothing in front of this directory knows which back end runs. One that stands in another crate takes what [`crate::prepare`] returns.

pub mod llvm;
