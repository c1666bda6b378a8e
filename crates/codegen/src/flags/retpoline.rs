//! `-Zretpoline` and `-Zretpoline-external-thunk`: indirect calls and jumps go through thunks (Spectre variant 2).
//!
//! gcc: `-mindirect-branch=thunk`, `-mindirect-branch=thunk-extern`; clang: `-mretpoline`, `-mretpoline-external-thunk`.
//! rustc adds target features at the end of its list (`retpoline_features_by_flags`, compiler/rustc_codegen_ssa/src/target_features.rs).
//! Linux names the same features in its target specification. Tracking issue: <https://github.com/rust-lang/rust/issues/116852>.

use gateless_model::Result;

use super::{X86, only_on};
use crate::Target;

/// Whose thunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retpoline {
    /// LLVM makes them.
    OwnThunks,
    /// The kernel has them (`__x86_indirect_thunk_*`).
    ExternalThunks,
}

pub(super) fn features(kind: Retpoline) -> &'static str {
    match kind {
        Retpoline::OwnThunks => "+retpoline-indirect-branches,+retpoline-indirect-calls",
        Retpoline::ExternalThunks => {
            "+retpoline-external-thunk,+retpoline-indirect-branches,+retpoline-indirect-calls"
        }
    }
}

pub(super) fn check(target: &Target) -> Result<()> {
    only_on(target, X86)
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSymbol};

    use super::*;
    use crate::Flag;
    use crate::testing::Fixture;

    #[test]
    fn an_indirect_call_goes_to_the_kernels_thunk_only_if_it_is_on() {
        let fixture = Fixture::x86(
            "define void @f(ptr %g) \"target-cpu\"=\"generic\" \"target-features\"=\"-mmx\" { call void %g()\n ret void }",
        );
        let names = |flags: &[Flag]| {
            let bytes = fixture.object(flags);
            let file = object::File::parse(&bytes[..]).unwrap();
            file.symbols()
                .map(|symbol| symbol.name().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let thunks = |flags: &[Flag]| {
            names(flags)
                .iter()
                .filter(|name| name.starts_with("__x86_indirect_thunk_"))
                .count()
        };
        assert_eq!(thunks(&[]), 0);
        assert_eq!(thunks(&[Flag::Retpoline(Retpoline::ExternalThunks)]), 1);
        let own = names(&[Flag::Retpoline(Retpoline::OwnThunks)]);
        assert!(
            own.iter().any(|name| name.starts_with("__llvm_retpoline_")),
            "{own:?}"
        );
    }
}
