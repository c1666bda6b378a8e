//! What the other crates agree on: exit codes, failures, the records a build leaves behind, and the support matrix.
//!
//! Nothing in here does I/O.

pub mod exit;
pub mod failure;
pub mod record;
pub mod targets;

pub use exit::Exit;
pub use failure::{Failure, Result};
