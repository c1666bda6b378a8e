//! The numbers by which kCFI tells function types apart, from what stable rustc prints.
//!
//! kCFI puts a number before every function and compares it at every indirect call. rustc computes the number from the function's type when
//! `-Zsanitizer=kcfi` is given; this crate computes the same one without. It is a crate of its own since it knows nothing of how the numbers get into
//! an object: `gateless-codegen` does.
//!
//! - what is read: `debug.rs` (types of functions and fields, from debug information), `mir/` (calls, from `--emit=mir`), `sources/` (what only a
//!   definition's own text says);
//! - what it means: `ty.rs` (types as rustc tells them apart), `text/` (types as rustc prints them), `world/` (definitions by name), `bodies.rs` (which
//!   function of MIR one of LLVM's is), `places.rs` (operands);
//! - what has a number: `functions/`, `sites/` (indirect calls), what lowering put into vtables (`dispatched.rs`), and all of a module: [`numbers()`];
//! - the number: `encode.rs`, `fold.rs` (what is written instead of a type), `order.rs` (rustc's order of what is known of a trait object).
//!
//! Nothing is guessed: a call whose type cannot be told is an error, and so is a function that can be called through its address.

mod bodies;
mod brackets;
mod debug;
mod definitions;
mod dispatched;
mod encode;
mod erase;
mod fold;
mod functions;
mod mir;
mod numbers;
mod order;
mod places;
mod show;
mod sites;
mod sources;
mod text;
mod ty;
mod world;

pub use bodies::Bodies;
pub use debug::{Described, Signature, Types, types};
pub use definitions::{Definitions, Transparent};
pub use encode::{id, text};
pub use mir::{Block, Body, Callee, Mir, RELEASES, Terminator};
pub use numbers::{Numbers, numbers};
pub use sources::{CrateSources, Sources};
pub use text::{Lifetimes, Meaning, Names, Parameters, Trait, ty as read_type};
pub use ty::{
    Arg, FnPointer, Integer, Krate, Named, Namespace, Path, Predicate, Region, Segment, Type,
};
pub use world::{World, crates_of};
