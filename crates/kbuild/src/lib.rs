//! Kernel trees: find, fetch, configure and make them, and find (install) the tools that this takes.
//!
//! Nothing in here writes to the terminal: progress goes to a [`Progress`], answers are returned.

pub mod apt;
pub mod build;
pub mod c_tools;
pub mod compiler;
pub mod config;
pub mod doctor;
pub mod doctor_answer;
pub mod environment;
pub mod fetch;
pub mod install;
pub mod libclang;
pub mod make;
pub mod make_vars;
pub mod out;
pub mod presets;
pub mod rust_options;
pub mod rust_src;
pub mod toolchain;
pub mod tools;
pub mod wrappers;

pub use gateless_model::Version;
