//! LLVM's C API, loaded at run time from the very libLLVM that a rustc uses, with owned types on top.
//!
//! The only crate of the workspace that calls foreign functions. Every function of the C API that is used stands in
//! `table.rs`; a library that lacks one gives an error that names it, at the moment it is needed and not before.
//! Nothing in here knows about the kernel or about rustc's flags: that is `gateless-codegen`.

mod attribute;
mod context;
mod debug_info;
mod disassembler;
mod dispatched;
mod fatal;
mod find;
mod forget;
mod forward;
mod library;
mod machine;
mod memory;
mod metadata;
mod module;
mod options;
mod passes;
mod replace;
mod structors;
mod table;
mod target;
mod used;
mod value;
mod values;

pub use context::{Context, Diagnostic, Severity};
pub use debug_info::{LocalVariable, SourceFile};
pub use disassembler::{Disassembler, Instruction};
pub use fatal::set_fatal_hook;
pub use find::{Generator, of_compiler};
pub use library::Llvm;
pub use machine::{CodeModel, FileKind, MachineOptions, OptLevel, Reloc, TargetMachine};
pub use memory::MemoryBuffer;
pub use metadata::FlagBehavior;
pub use module::Module;
pub use passes::PassOptions;
pub use structors::StructorList;
pub use used::UsedList;
pub use value::{Function, Global};
