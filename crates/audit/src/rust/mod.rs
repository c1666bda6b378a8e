//! Rust sources: feature attributes, what uses a feature, and what programs hand to a compiler.

pub mod attributes;
pub mod conditions;
pub mod examples;
pub mod file;
pub mod modules;
pub mod receivers;
pub mod strings;
