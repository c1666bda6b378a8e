//! `#[used(compiler)]`, after lowering turned it into plain `#[used]`.
//!
//! `#[used]` puts a static into `llvm.used`, which sets SHF_GNU_RETAIN on its section in ELF; `#[used(compiler)]` puts it
//! into `llvm.compiler.used`, which does not (feature `used_with_arg`, <https://github.com/rust-lang/rust/issues/93798>).

use gateless_llvm::{Module, UsedList};
use gateless_model::{Failure, Result};

use crate::UsedFix;

/// Moves what `fix` names from `llvm.used` to `llvm.compiler.used`.
pub fn apply(module: &mut Module, fix: &UsedFix) -> Result<()> {
    match fix {
        UsedFix::Keep => Ok(()),
        UsedFix::AllCompiler => module.demote_used(|_| true).map(|_| ()),
        UsedFix::Compiler(names) => {
            let there = module.used(UsedList::Linker)?;
            if let Some(name) = names.iter().find(|name| !there.contains(name)) {
                return Err(Failure::failed(format!("the static {name} should be kept by the compiler only, but it is not in llvm.used")));
            }
            module.demote_used(|name| names.iter().any(|wanted| wanted == name)).map(|_| ())
        }
    }
}
