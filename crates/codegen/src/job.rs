//! What one run is asked to do.

use camino::Utf8PathBuf;
use gateless_kcfi::Numbers;
use gateless_model::Failure;
use gateless_model::columns::Columns;

use crate::flags::{Flags, Lists};
use crate::target::Target;

/// One run of code generation. Paths are relative to the current directory or absolute.
#[derive(Debug, Clone)]
pub struct Job {
    /// The bitcode file that rustc wrote (`--emit=llvm-bc`, one codegen unit).
    pub bitcode: Utf8PathBuf,
    /// Whether rustc has optimised it.
    pub stage: Stage,
    /// The libLLVM of that rustc (`gateless-rustc` finds it).
    pub llvm: Utf8PathBuf,
    /// Options for LLVM itself, as rustc got them in `-Cllvm-args`.
    pub llvm_args: Vec<String>,
    /// What to write where.
    pub outputs: Vec<(Output, Utf8PathBuf)>,
    /// What the gated build generates code for.
    pub target: Target,
    /// What else the gated build asks for.
    pub flags: Flags,
    /// Prefixes of source paths in debug information and their replacements, first match wins.
    pub debug_paths: Vec<(String, String)>,
    /// Columns of the lines that lowering rewrote, of this crate and of those that it uses.
    pub columns: Columns,
    /// Which statics were `#[used(compiler)]` before lowering made them `#[used]`.
    pub used: UsedFix,
    /// Which functions lowering added.
    pub added: Added,
    /// Whether debug information goes again after [`Flags`] have looked at the lines in it: none was asked for.
    pub without_debug_info: bool,
    /// The numbers of function types, if there is to be kCFI; those of the module in the bitcode.
    pub kcfi: Option<Numbers>,
}

/// Functions that lowering added, and who may refer to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// There are none.
    None,
    /// No other object refers to them.
    Private {
        /// What stands in their symbols.
        mark: String,
        /// What stands in those of the crate's own traits, before a number, `_` and another number: other crates know only others.
        own: String,
    },
    /// Crates that use this one may refer to them. This stands in their symbols.
    Shared(String),
}

/// Compiles any function with the options of a job's bitcode, and gives the path of its bitcode; asked for processor and features of a built-in
/// target if the job's module has no function that tells.
pub type Sample<'s> = &'s dyn Fn() -> Result<Utf8PathBuf, Failure>;

/// How far rustc went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// With `-Cno-prepopulate-passes -Cllvm-args=-preserve-bc-uselistorder`: the optimiser runs here, with the gated build's
    /// target and attributes. Without the second option a few functions come out otherwise, since the optimiser goes by the
    /// order in which values are used.
    Unoptimised,
    /// rustc's optimiser has run, for the built-in target.
    Optimised,
    /// Out of a library of the toolchain: optimised for another target, and made to unwind. It is optimised again, without unwinding.
    Prebuilt,
}

/// A kind of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// An object file (`--emit=obj`).
    Object,
    /// Assembly (`--emit=asm`).
    Assembly,
    /// LLVM IR as text (`--emit=llvm-ir`).
    LlvmIr,
    /// LLVM bitcode (`--emit=llvm-bc`), with all flags in it.
    Bitcode,
}

/// Which members of `llvm.used` belong into `llvm.compiler.used`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsedFix {
    /// None.
    Keep,
    /// All but those whose section's name starts with this mark, which is taken off.
    AllBut(String),
}

/// What a run has to say besides its outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// LLVM's warnings.
    pub warnings: Vec<String>,
    /// The version of LLVM that generated the code, such as `22.1.2`.
    pub llvm: String,
    /// Files about the object that flags ask for.
    pub lists: Lists,
}
