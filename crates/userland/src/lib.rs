//! What a booted kernel's userland does: the checks of `userland/`, expanded for the modules of one build, as an
//! initial RAM file system whose init runs them and prints KTAP.
//!
//! Data flows one way: check (a file of `userland/`) -> script (for one build) -> files -> archive. Only [`programs`] starts a process,
//! the C compiler.

pub mod abi;
pub mod archive;
pub mod boot;
pub mod check;
pub mod guest;
pub mod modules;
pub mod programs;
pub mod script;

pub use check::Check;
pub use script::Script;
