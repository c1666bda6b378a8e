//! What the other crates agree on: exit codes, failures, and the records a build leaves behind.
//!
//! Nothing in here does I/O.

pub mod exit;
pub mod failure;
pub mod record;

pub use exit::Exit;
pub use failure::{Failure, Result};
