//! Makefiles read by make's own rules, as far as they say what is passed to the Rust compiler: continued lines, comments,
//! conditionals, `define`, assignments (also of one target), rules and recipes, and functions in values. Nothing is run.

mod conditional;
pub mod directories;
pub mod facts;
pub mod lines;
pub mod options;
mod wanted;
pub mod words;

pub use lines::{Assignment, Makefile, Rule, Statement};
