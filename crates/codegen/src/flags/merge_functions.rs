//! `-Zmerge-functions`: what happens to functions with equal bodies.
//!
//! gcc: `-fipa-icf`. rustc's default is aliases, where the target has no other; it sets up LLVM's MergeFunctions pass
//! (`ModuleConfig`, compiler/rustc_codegen_ssa/src/back/write.rs) and its option `-mergefunc-use-aliases` (`configure_llvm`,
//! compiler/rustc_codegen_llvm/src/llvm_util.rs). The kernel turns it off for kCFI, where merged functions may have different types.

use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling};
use crate::target::{Merging, Target};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeFunctions(Merging);

impl Flag for MergeFunctions {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("merge-functions")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        let wanted = "disabled, trampolines and aliases";
        Ok(Some(Self(match given.needed(wanted)? {
            "disabled" => Merging::Disabled,
            "trampolines" => Merging::Trampolines,
            "aliases" => Merging::Aliases,
            _ => return Err(given.bad(wanted)),
        })))
    }

    fn adjust(&self, target: &mut Target) {
        target.merging = self.0;
    }

    fn in_c(&self) -> InC {
        InC::InModule
    }
}
