//! One file per gate, and the list of them.

pub mod arbitrary_self_types;
pub mod arbitrary_self_types_pointers;
pub mod asm_const_ptr;
pub mod asm_experimental_arch;
pub mod cfi_encoding;
pub mod coerce_unsized;
pub mod compiler_builtins;
pub mod crate_attr;
pub mod derive_coerce_pointee;
pub mod dispatch_from_dyn;
pub mod features;
pub mod lowered_imports;
pub mod unexpanded_assembly;
pub mod unsize;
pub mod used_with_arg;

use crate::gate::Listed;

/// All gates, in the order in which what they add to one place stands there.
pub const ALL: &[&dyn Listed] = &[
    &crate_attr::CrateAttr,
    &features::Features,
    &used_with_arg::UsedWithArg,
    &asm_const_ptr::AsmConstPtr,
    &cfi_encoding::CfiEncoding,
    &compiler_builtins::CompilerBuiltins,
    &lowered_imports::LoweredImports,
    &derive_coerce_pointee::DeriveCoercePointee,
    &coerce_unsized::CoerceUnsized,
    &dispatch_from_dyn::DispatchFromDyn,
    &unsize::Unsize,
    &arbitrary_self_types::ArbitrarySelfTypes,
    &arbitrary_self_types_pointers::ArbitrarySelfTypesPointers,
    &asm_experimental_arch::AsmExperimentalArch,
    &unexpanded_assembly::UnexpandedAssembly,
];

/// The features whose uses become stable code.
pub fn features() -> impl Iterator<Item = &'static str> {
    ALL.iter()
        .filter(|gate| gate.is_feature())
        .map(|gate| gate.name())
}
