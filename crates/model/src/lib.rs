//! What the other crates agree on: exit codes, failures, version numbers, the records a build leaves behind, and the support matrix.
//!
//! Nothing in here does I/O.

pub mod exit;
pub mod failure;
pub mod record;
pub mod targets;
pub mod version;

pub use exit::Exit;
pub use failure::{Failure, Result};
pub use version::Version;
