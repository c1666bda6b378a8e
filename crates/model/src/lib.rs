//! What the other crates agree on: exit codes, failures, version numbers, the records a build leaves behind, the support matrix, the
//! names of added code, the columns of lowered lines, and how a build asks for wishes and for a back end.
//!
//! Nothing in here does I/O.

pub mod added;
pub mod backend;
pub mod columns;
pub mod exit;
pub mod failure;
pub mod noreturn;
pub mod record;
pub mod targets;
pub mod version;
pub mod wish;

pub use exit::Exit;
pub use failure::{Failure, Result};
pub use version::Version;
