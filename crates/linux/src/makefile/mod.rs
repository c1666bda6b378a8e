//! Makefiles read by make's own rules: continued lines, comments, conditionals, `define`, assignments (also of one target), rules and
//! recipes, and functions in values. Nothing is run.

mod conditional;
pub mod directories;
mod parse;
mod reference;
pub mod words;

pub use parse::{Assignment, Makefile, Rule, Statement, parse};
