//! The numbers by which kCFI tells function types apart, from what stable rustc prints.
//!
//! kCFI puts a number before every function and compares it at every indirect call. rustc computes the number from the function's type when
//! `-Zsanitizer=kcfi` is given; this crate computes the same one without. It is a crate of its own since it knows nothing of how the numbers get into
//! an object (`gateless-codegen` does) and needs no LLVM to be tested against rustc.
//!
//! - `ty.rs`: types as rustc tells them apart; `text.rs` reads them;
//! - `encode.rs`: the number of a signature; `fold.rs`: what is written instead of a type; `order.rs`: rustc's order of what is known of a trait object.

mod definitions;
mod encode;
mod fold;
mod order;
mod text;
mod ty;

pub use definitions::{Definitions, Transparent};
pub use encode::{hash, id, text};
pub use text::{Lifetimes, Meaning, Names, Parameters, Trait, qualified_self, ty as read_type};
pub use ty::{
    Arg, FnPointer, Integer, Krate, Named, Namespace, Path, Predicate, Region, Segment, Type,
};
