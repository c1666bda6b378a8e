//! The effects of rustc's `-Z` code generation flags, target specification fields and crate attributes, each in a file of its own.
//!
//! A file says what gcc and clang call the thing, what rustc does for it in LLVM IR, and holds code and tests.

mod branch_protection;
mod cf_protection;
mod compiler_builtins;
mod debug_info_for_profiling;
pub(crate) mod debuginfo_compression;
mod direct_access_external_data;
mod fixed_x18;
mod function_return;
mod indirect_branch_cs_prefix;
mod kernel_address;
mod kernel_hwaddress;
mod llvm_module_flag;
mod merge_functions;
mod no_jump_tables;
mod no_stack_probes;
mod packed_stack;
mod parse;
mod patchable_function_entry;
mod plt;
pub(crate) mod profile_sample_use;
mod red_zone;
mod refused;
mod retpoline;
mod shadow_call_stack;
mod tune_cpu;
mod use_sync_unwind;

use gateless_llvm::{Function, Module};
use gateless_model::{Failure, Result};

use crate::Target;

pub use branch_protection::{BranchProtection, Key, PacRet};
pub use cf_protection::CfProtection;
pub use debuginfo_compression::Compression;
pub use llvm_module_flag::LlvmModuleFlag;
pub use merge_functions::MergeFunctions;
pub use patchable_function_entry::PatchableFunctionEntry;
pub use retpoline::Retpoline;

/// One effect to apply to a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// `-Zbranch-protection`.
    BranchProtection(BranchProtection),
    /// `-Zcf-protection`.
    CfProtection(CfProtection),
    /// The attribute `#![compiler_builtins]` of a crate.
    CompilerBuiltins,
    /// `-Zdebug-info-for-profiling`.
    DebugInfoForProfiling,
    /// `-Zdebuginfo-compression`.
    DebuginfoCompression(Compression),
    /// `-Zdirect-access-external-data`: whether data of other objects is taken for part of the same image.
    DirectAccessExternalData(bool),
    /// `-Zfixed-x18`.
    FixedX18,
    /// `-Zfunction-return=thunk-extern`.
    FunctionReturnThunkExtern,
    /// `-Zindirect-branch-cs-prefix`.
    IndirectBranchCsPrefix,
    /// `-Zsanitizer=kernel-address`.
    KernelAddress,
    /// `-Zsanitizer-recover=kernel-address`.
    KernelAddressRecover,
    /// `-Zsanitizer=kernel-hwaddress`.
    KernelHwaddress,
    /// `-Zsanitizer-recover=kernel-hwaddress`.
    KernelHwaddressRecover,
    /// `-Zllvm_module_flag`.
    LlvmModuleFlag(LlvmModuleFlag),
    /// `-Zmerge-functions`.
    MergeFunctions(MergeFunctions),
    /// `-Zno-jump-tables`.
    NoJumpTables,
    /// `stack-probes: none` of a target specification.
    NoStackProbes,
    /// `-Zpacked-stack`.
    PackedStack,
    /// `-Cpasses`, which is stable (see `backend/llvm/passes.rs`): passes to run after the optimiser's own, as `opt -passes=` takes them.
    Passes(String),
    /// `-Zpatchable-function-entry`.
    PatchableFunctionEntry(PatchableFunctionEntry),
    /// `plt-by-default` of a target specification, or `-Zplt`: calls may go through the procedure linkage table.
    Plt,
    /// `-Zprofile-sample-use`: the profile's path.
    ProfileSampleUse(String),
    /// `disable-redzone` of a target specification, or `-Cno-redzone`: whether a red zone is allowed.
    RedZone(bool),
    /// `-Zretpoline` and `-Zretpoline-external-thunk`.
    Retpoline(Retpoline),
    /// `-Zsanitizer=shadow-call-stack`.
    ShadowCallStack,
    /// `-Zuse-sync-unwind`: whether unwind tables hold at calls only.
    SyncUnwind(bool),
    /// `-Ztune-cpu`.
    TuneCpu(String),
}

impl Flag {
    /// What people call the flag, for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Flag::BranchProtection(_) => "-Zbranch-protection",
            Flag::CfProtection(_) => "-Zcf-protection",
            Flag::CompilerBuiltins => "#![compiler_builtins]",
            Flag::DebugInfoForProfiling => "-Zdebug-info-for-profiling",
            Flag::DebuginfoCompression(_) => "-Zdebuginfo-compression",
            Flag::DirectAccessExternalData(_) => "-Zdirect-access-external-data",
            Flag::FixedX18 => "-Zfixed-x18",
            Flag::FunctionReturnThunkExtern => "-Zfunction-return",
            Flag::IndirectBranchCsPrefix => "-Zindirect-branch-cs-prefix",
            Flag::KernelAddress => "-Zsanitizer=kernel-address",
            Flag::KernelAddressRecover => "-Zsanitizer-recover=kernel-address",
            Flag::KernelHwaddress => "-Zsanitizer=kernel-hwaddress",
            Flag::KernelHwaddressRecover => "-Zsanitizer-recover=kernel-hwaddress",
            Flag::LlvmModuleFlag(_) => "-Zllvm_module_flag",
            Flag::MergeFunctions(_) => "-Zmerge-functions",
            Flag::NoJumpTables => "-Zno-jump-tables",
            Flag::NoStackProbes => "stack-probes",
            Flag::PackedStack => "-Zpacked-stack",
            Flag::Passes(_) => "-Cpasses",
            Flag::PatchableFunctionEntry(_) => "-Zpatchable-function-entry",
            Flag::Plt => "-Zplt",
            Flag::ProfileSampleUse(_) => "-Zprofile-sample-use",
            Flag::RedZone(_) => "-Cno-redzone",
            Flag::Retpoline(_) => "-Zretpoline",
            Flag::ShadowCallStack => "-Zsanitizer=shadow-call-stack",
            Flag::SyncUnwind(_) => "-Zuse-sync-unwind",
            Flag::TuneCpu(_) => "-Ztune-cpu",
        }
    }

    /// Applies the flag; fails if it does not fit the target.
    pub(crate) fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        match self {
            Flag::BranchProtection(what) => branch_protection::apply(module, target, *what),
            Flag::CfProtection(what) => cf_protection::apply(module, target, *what),
            Flag::CompilerBuiltins => compiler_builtins::apply(module),
            Flag::DirectAccessExternalData(direct) => {
                direct_access_external_data::apply(module, target, *direct)
            }
            Flag::FixedX18 => fixed_x18::check(target),
            Flag::FunctionReturnThunkExtern => function_return::apply(module, target),
            Flag::IndirectBranchCsPrefix => indirect_branch_cs_prefix::apply(module, target),
            Flag::KernelAddress => kernel_address::apply(module),
            Flag::KernelHwaddress => kernel_hwaddress::apply(module, target),
            Flag::LlvmModuleFlag(flag) => llvm_module_flag::apply(module, flag),
            Flag::NoJumpTables => no_jump_tables::apply(module),
            Flag::NoStackProbes => no_stack_probes::apply(module),
            Flag::PackedStack => packed_stack::apply(module, target),
            Flag::PatchableFunctionEntry(entry) => patchable_function_entry::apply(module, *entry),
            Flag::Plt => plt::apply(module),
            Flag::ProfileSampleUse(profile) => profile_sample_use::apply(module, profile),
            Flag::RedZone(allowed) => red_zone::apply(module, *allowed),
            Flag::Retpoline(_) => retpoline::check(target),
            Flag::ShadowCallStack => shadow_call_stack::apply(module, target),
            Flag::SyncUnwind(sync) => use_sync_unwind::apply(module, *sync),
            Flag::TuneCpu(cpu) => tune_cpu::apply(module, cpu),
            // Settings of the optimiser and of the object file, nothing that stands in a module.
            Flag::DebugInfoForProfiling
            | Flag::DebuginfoCompression(_)
            | Flag::KernelAddressRecover
            | Flag::KernelHwaddressRecover
            | Flag::MergeFunctions(_)
            | Flag::Passes(_) => Ok(()),
        }
    }

    /// The target features that the flag stands for, if it does.
    pub(crate) fn features(&self) -> &'static str {
        match self {
            Flag::FixedX18 => fixed_x18::FEATURES,
            Flag::Retpoline(kind) => retpoline::features(*kind),
            _ => "",
        }
    }
}

impl Flag {
    /// The pass that the flag adds before all others, in the notation of `opt -passes=`.
    pub(crate) fn first_pass(&self) -> Option<&'static str> {
        (*self == Flag::DebugInfoForProfiling).then_some(debug_info_for_profiling::PASS)
    }

    /// The pass that the flag adds at the end of the optimiser, in the notation of `opt -passes=`.
    pub(crate) fn last_pass(&self) -> Option<&'static str> {
        match self {
            Flag::KernelAddress => Some(kernel_address::PASS),
            Flag::KernelHwaddress => Some(kernel_hwaddress::PASS),
            _ => None,
        }
    }

    /// How the flag wants debug sections compressed.
    pub(crate) fn compression(&self) -> Option<Compression> {
        if let Flag::DebuginfoCompression(compression) = self {
            Some(*compression)
        } else {
            None
        }
    }

    /// The options of LLVM's passes that the flag stands for.
    pub(crate) fn llvm_options(&self) -> Vec<String> {
        let fixed = match self {
            Flag::DebugInfoForProfiling => debug_info_for_profiling::OPTIONS,
            Flag::KernelAddress => kernel_address::OPTIONS,
            Flag::KernelAddressRecover => kernel_address::RECOVER,
            Flag::KernelHwaddressRecover => kernel_hwaddress::RECOVER,
            Flag::ProfileSampleUse(profile) => return profile_sample_use::options(profile),
            _ => &[],
        };
        fixed.iter().map(|option| (*option).to_owned()).collect()
    }
}

/// The functions that rustc declared or defined, as opposed to LLVM's own: rustc writes the processor on each of them.
///
/// `llfn_attrs_from_instance` (compiler/rustc_codegen_llvm/src/attributes.rs) adds it together with the attributes of most flags.
fn of_rustc(module: &Module) -> Result<Vec<Function<'_>>> {
    let mut found = Vec::new();
    for function in module.functions()? {
        if function.text_attribute("target-cpu")?.is_some() {
            found.push(function);
        }
    }
    Ok(found)
}

/// Fails unless the target is of one of the architectures, given as beginnings of triples.
fn only_on(target: &Target, architectures: &[&str]) -> Result<()> {
    if architectures
        .iter()
        .any(|architecture| target.triple.starts_with(architecture))
    {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "not for {}, only for {}",
        target.triple,
        architectures.join(", ")
    ))
    .help("rustc refuses the flag on other architectures, too"))
}

/// x86, both widths.
const X86: &[&str] = &["x86_64", "i386", "i586", "i686"];
/// IBM Z.
const S390X: &[&str] = &["s390x"];
/// 64-bit ARM.
const ARM64: &[&str] = &["aarch64", "arm64"];
