//! Modules for tests.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{Context, Llvm, Module};

/// The libLLVM of the rustc on PATH.
pub(crate) fn llvm() -> &'static Llvm {
    Llvm::load(&llvm_path()).unwrap()
}

/// Where it is.
pub(crate) fn llvm_path() -> Utf8PathBuf {
    let found = gateless_trials::libllvm::of_command(Utf8Path::new("rustc"));
    found.unwrap().path
}

/// The module of a text, which LLVM has found well-formed.
pub(crate) fn module(text: &str) -> Module {
    let module = Module::from_text(&Context::new(llvm()).unwrap(), text).unwrap();
    module.verify().unwrap();
    module
}
