//! Names that nobody sees in an object file.
//!
//! rustc leaves them out unless LLVM IR or bitcode is asked for (`Session::fewer_names`, compiler/rustc_session/src/session.rs).
//! Our rustc always emits bitcode, the gated build's does not: its private constants have no names until the last pass numbers them
//! (`.Lanon.HASH.NUMBER`), and that is what relocations against them say.

use camino::Utf8PathBuf;
use gateless_llvm::Module;
use gateless_model::Result;

use crate::Output;

/// Whether the gated build's rustc would leave names out, given what is to be written.
pub fn few(outputs: &[(Output, Utf8PathBuf)]) -> bool {
    outputs
        .iter()
        .all(|(kind, _)| matches!(kind, Output::Object | Output::Assembly))
}

/// Takes the names of private constants away, which rustc gives them as `alloc_HASH`, and the last pass of its own run as `anon.HASH.NUMBER`.
pub fn remove_private(module: &Module) -> Result<()> {
    for global in module.globals()? {
        if global.is_private()? {
            global.remove_name()?;
        }
    }
    Ok(())
}
