//! What is fixed up in a finished object, for want of a setter in LLVM's C API.

pub mod arm_attributes;
pub mod elf;
pub mod function_sections;
pub mod relocations;
