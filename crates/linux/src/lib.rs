//! What can be read of a kernel tree and of an output directory without running anything: Kconfig, makefiles, .config, .cmd, versions.

pub mod condition;
pub mod kconfig;
pub mod lines;
pub mod makefile;
pub mod path;
pub mod saved_command;
pub mod tree;

pub use tree::Tree;
