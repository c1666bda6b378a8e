//! What can be read of a kernel tree and of an output directory without running anything: Kconfig, makefiles, .config, .cmd, versions, objtool's
//! list of functions that don't return.

pub mod condition;
pub mod dot_config;
pub mod kconfig;
pub mod lines;
pub mod makefile;
pub mod objtool;
pub mod out;
pub mod path;
pub mod places;
pub mod record;
pub mod saved_command;
pub mod tree;
pub mod why;

pub use dot_config::DotConfig;
pub use saved_command::SavedCommand;
pub use tree::Tree;
