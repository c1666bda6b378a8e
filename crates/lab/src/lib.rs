//! Booting a built kernel and reading what its tests say.

pub mod ktap;
