//! `-Zretpoline` and `-Zretpoline-external-thunk`: indirect calls and jumps go through thunks (Spectre variant 2).
//!
//! gcc: `-mindirect-branch=thunk`, `-mindirect-branch=thunk-extern`; clang: `-mretpoline`, `-mretpoline-external-thunk`.
//! rustc adds target features at the end of its list (`retpoline_features_by_flags`, compiler/rustc_codegen_ssa/src/target_features.rs).
//! Linux names the same features in its target specification. Tracking issue: <https://github.com/rust-lang/rust/issues/116852>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, Spelling, X86, only_on};
use crate::target::Target;

/// Which of the two options are on. With the second, the thunks are the kernel's (`__x86_indirect_thunk_*`), else LLVM makes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retpoline {
    own: bool,
    external: bool,
}

impl Flag for Retpoline {
    fn spellings() -> &'static [Spelling] {
        &[
            Spelling::Unstable("retpoline"),
            Spelling::Unstable("retpoline-external-thunk"),
        ]
    }

    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        let mut all = before.cloned().unwrap_or_default();
        match given.spelling {
            Spelling::Unstable("retpoline") => all.own = given.yes()?,
            _ => all.external = given.yes()?,
        }
        Ok((all.own || all.external).then_some(all))
    }

    fn apply(&self, _: &Module, target: &Target) -> Result<()> {
        only_on(target, X86)
    }

    fn features(&self) -> &str {
        if self.external {
            "+retpoline-external-thunk,+retpoline-indirect-branches,+retpoline-indirect-calls"
        } else {
            "+retpoline-indirect-branches,+retpoline-indirect-calls"
        }
    }
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSymbol};

    use crate::testing::Fixture;

    #[test]
    fn an_indirect_call_goes_to_the_kernels_thunk_only_if_it_is_on() {
        let fixture = Fixture::x86(
            "define void @f(ptr %g) \"target-cpu\"=\"generic\" \"target-features\"=\"-mmx\" { call void %g()\n ret void }",
        );
        let names = |options: &[&str]| {
            let bytes = fixture.object(options);
            let file = object::File::parse(&bytes[..]).unwrap();
            file.symbols()
                .map(|symbol| symbol.name().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let thunks = |options: &[&str]| {
            names(options)
                .iter()
                .filter(|name| name.starts_with("__x86_indirect_thunk_"))
                .count()
        };
        assert_eq!(thunks(&[]), 0);
        assert_eq!(thunks(&["-Zretpoline-external-thunk"]), 1);
        assert_eq!(thunks(&["-Zretpoline-external-thunk", "-Zretpoline"]), 1);
        let own = names(&["-Zretpoline"]);
        assert!(
            own.iter().any(|name| name.starts_with("__llvm_retpoline_")),
            "{own:?}"
        );
    }
}
