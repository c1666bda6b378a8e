//! Kbuild driven: the make variables that choose gateless, configurations, output directories, one build from configuring to making.
//!
//! It finds and installs nothing: its callers hand in the tools of a build ([`make_vars::Toolset`]). Nothing in here writes to the terminal:
//! progress goes to a [`gateless_base::Progress`], answers are returned.

mod bindgen_target;
pub mod build;
pub mod c_tools;
pub mod config;
pub mod environment;
pub mod make;
pub mod make_vars;
pub mod out;
pub mod presets;
pub mod rust_options;
pub mod turn_on;
pub mod wrappers;
