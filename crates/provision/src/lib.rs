//! Getting what a build needs: the tree, the compiler, bindgen, libclang, the standard library's sources, and the doctor that says what is missing.
//!
//! Nothing in here writes to the terminal: progress goes to a [`gateless_base::Progress`], answers are returned.

pub mod apt;
pub mod debian_config;
pub mod doctor;
pub mod doctor_answer;
pub mod fetch;
pub mod install;
pub mod libclang;
pub mod others;
pub mod rust_src;
pub mod system;
pub mod toolchain;
pub mod tools;
pub mod toolset;
