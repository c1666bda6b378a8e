//! LLVM's C API, loaded at run time from the very libLLVM that a rustc uses, with safe types on top.
//!
//! The only crate of the workspace that calls foreign functions. `table.rs` lists every function of the C API that is used; if a library lacks one,
//! the error names it, at the moment it is needed and not before. Nothing in here knows about the kernel or about rustc's flags: that is
//! `gateless-codegen`.
//!
//! The view of a module: [`Module`] has [`Function`]s, [`Global`]s and [`Alias`]es, all of which are [`Symbol`]s; functions have [`Block`]s of
//! [`Instruction`]s. [`Instruction::operation`], [`Constant::kind`], [`Type::kind`] and [`Value::kind`] give enumerations that hold all that belongs
//! to each case, so a reader that matches them leaves nothing out unnoticed. Handles are copied freely and borrow the module, which is why whatever
//! deletes something takes `&mut Module`. What the C API has no function for is read from LLVM's text, in `text.rs` alone; where it shows nothing at
//! all, the documentation of the item says so.

mod attribute;
mod bits;
mod block;
mod builder;
mod bundle;
mod call;
mod constant;
mod context;
mod debug_info;
mod debug_nodes;
mod disassembler;
mod fatal;
mod function;
mod global;
mod handle;
mod inline_asm;
mod instruction;
mod layout;
mod library;
mod machine;
mod memory;
mod metadata;
mod module;
mod node;
mod numbered;
mod opcode;
mod operation;
mod options;
mod passes;
mod records;
mod symbol;
mod table;
mod target;
#[cfg(test)]
mod testing;
mod text;
mod types;
mod value;

pub use attribute::{Attribute, Place};
pub use bits::Bits;
pub use builder::Builder;
pub use bundle::CallPlace;
pub use call::{After, Bundle, Call, TailCall};
pub use constant::{ConstantKind, Data, Expression};
pub use context::{Context, Diagnostic, Severity};
pub use debug_info::{File, Location, Record, RecordKind, Subprogram};
pub use disassembler::{Disassembler, MachineInstruction};
pub use fatal::set_fatal_hook;
pub use handle::{
    Alias, Argument, Block, Constant, Function, Global, IndirectFunction, InlineAsm, Instruction,
    Symbol, Value,
};
pub use inline_asm::Dialect;
pub use layout::DataLayout;
pub use library::Llvm;
pub use machine::{CodeModel, FileKind, MachineOptions, OptLevel, Reloc, TargetMachine};
pub use memory::MemoryBuffer;
pub use metadata::FlagBehavior;
pub use module::Module;
pub use node::{Node, NodeKind, Operand};
pub use opcode::{
    AddressAssumed, Assumed, BinaryOperation, CastOperation, FastMath, FloatPredicate,
    IntegerPredicate, Opcode, Ordering, Scope, UpdateOperation,
};
pub use operation::{Access, Operation};
pub use passes::PassOptions;
pub use records::BlockRecords;
pub use symbol::{AddressMatters, Comdat, ComdatKind, Linkage, ThreadLocal, Visibility};
pub use types::{FunctionType, StructType, Type, TypeKind};
pub use value::ValueKind;
