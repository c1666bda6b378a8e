//! Whether two kernel builds have the same machine code: every Rust object of the one is compared with that of the other.
//!
//! Data flows one way: output directory ([`directory`]) -> pairs of objects -> parsed objects ([`object`], [`dwarf`]) -> corresponding items ([`pairing`])
//! -> differences ([`compare`]) -> causes ([`causes`]) -> report ([`report`], [`text`]). Everything in an object is compared that is not
//! merely how the file is put together; what differs and has no checked cause is unexplained.

pub mod causes;
pub mod compare;
pub mod difference;
pub mod directory;
pub mod disassembly;
pub mod dwarf;
pub mod layout;
pub mod names;
pub mod object;
pub mod pairing;
pub mod report;
mod run;
pub mod text;
pub mod type_numbers;

pub use run::{Request, run};
