//! The effects of rustc's `-Z` code generation flags and target specification fields, each in a file of its own.
//!
//! A file says what gcc and clang call the thing, what rustc does for it in LLVM IR, and holds code and tests.

mod llvm_module_flag;
mod no_stack_probes;
mod plt;
mod red_zone;

use gateless_llvm::Module;
use gateless_model::Result;

use crate::Target;

pub use llvm_module_flag::LlvmModuleFlag;

/// One effect to apply to a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// `-Zllvm_module_flag`.
    LlvmModuleFlag(LlvmModuleFlag),
    /// `stack-probes: none` of a target specification.
    NoStackProbes,
    /// `plt-by-default` of a target specification, or `-Zplt`: calls may go through the procedure linkage table.
    Plt,
    /// `disable-redzone` of a target specification, or `-Cno-redzone`.
    RedZone(bool),
}

impl Flag {
    /// What people call the flag, for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Flag::LlvmModuleFlag(_) => "-Zllvm_module_flag",
            Flag::NoStackProbes => "stack-probes",
            Flag::Plt => "-Zplt",
            Flag::RedZone(_) => "-Cno-redzone",
        }
    }

    /// Applies the flag; fails if it does not fit the target.
    pub(crate) fn apply(&self, module: &Module, _target: &Target) -> Result<()> {
        match self {
            Flag::LlvmModuleFlag(flag) => llvm_module_flag::apply(module, flag),
            Flag::NoStackProbes => no_stack_probes::apply(module),
            Flag::Plt => plt::apply(module),
            Flag::RedZone(allowed) => red_zone::apply(module, *allowed),
        }
    }
}
