//! What is changed in LLVM IR besides flags: to undo what lowering added, and to have what rustc's own run would have put there.
//!
//! All of it goes by the safe view of `gateless-llvm`, and none of it knows which back end comes after.

pub mod added;
pub mod columns;
pub mod const_operands;
mod debug_nodes;
pub mod debug_paths;
mod dispatched;
mod forget;
mod forward;
pub mod kcfi;
pub mod names;
pub mod no_unwinding;
pub mod places;
pub mod receivers;
pub mod replace;
pub mod structors;
pub mod used;
mod values;
