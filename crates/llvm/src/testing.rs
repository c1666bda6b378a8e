//! Modules for tests.

use crate::{Context, Llvm, Module};

/// The libLLVM of the rustc on PATH.
pub(crate) fn llvm() -> &'static Llvm {
    Llvm::load(&crate::find::of_this_toolchain()).unwrap()
}

/// The module of a text, which LLVM has found well-formed.
pub(crate) fn module(text: &str) -> Module {
    let module = Module::from_text(&Context::new(llvm()).unwrap(), text).unwrap();
    module.verify().unwrap();
    module
}
