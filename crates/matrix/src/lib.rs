//! Many builds and boots: the cells of a matrix, what one takes, where results are kept, and how other schedulers are told.
//!
//! Nothing in here starts a process: [`steps::run`] is handed something that does.

mod date;
pub mod emit;
pub mod plan;
pub mod steps;
pub mod store;
pub mod summary;
