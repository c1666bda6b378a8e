//! `-Zmerge-functions`: what happens to functions with equal bodies.
//!
//! gcc: `-fipa-icf`. rustc's default is aliases, where the target has no other; it sets up LLVM's MergeFunctions pass
//! (`ModuleConfig`, compiler/rustc_codegen_ssa/src/back/write.rs) and its option `-mergefunc-use-aliases` (`configure_llvm`,
//! compiler/rustc_codegen_llvm/src/llvm_util.rs). The kernel turns it off for kCFI, where merged functions may have different types.

use std::str::FromStr;

use gateless_model::{Failure, Result};

/// What becomes of all but one of the equal functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeFunctions {
    /// They stay.
    Disabled,
    /// They jump to the one.
    Trampolines,
    /// They are other names of the one.
    Aliases,
}

impl FromStr for MergeFunctions {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "disabled" => MergeFunctions::Disabled,
            "trampolines" => MergeFunctions::Trampolines,
            "aliases" => MergeFunctions::Aliases,
            _ => {
                return Err(
                    Failure::usage(format!("-Zmerge-functions={text}: no such way"))
                        .help("rustc takes disabled, trampolines and aliases"),
                );
            }
        })
    }
}
