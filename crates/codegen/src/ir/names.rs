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

/// Takes away the names of private constants: all if `few`, else those that the last pass of rustc's own run gave (`anon.HASH.NUMBER`),
/// since here it runs again, after the optimiser, as in the gated build.
pub fn remove_private(module: &Module, few: bool) -> Result<()> {
    for global in module.globals()? {
        if global.is_private()? && (few || global.name()?.starts_with("anon.")) {
            global.remove_name()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    const CONSTANTS: &str = "@alloc_1 = private constant i8 1\n@anon.2.0 = private constant i8 2\n@anon.kept = constant i8 3\n\
        define ptr @f() { ret ptr @alloc_1 }\ndefine ptr @g() { ret ptr @anon.2.0 }";

    fn left(few: bool) -> Vec<String> {
        let module = Fixture::x86(CONSTANTS).module();
        remove_private(&module, few).unwrap();
        module
            .globals()
            .unwrap()
            .iter()
            .map(|global| global.name().unwrap())
            .collect()
    }

    #[test]
    fn only_private_constants_lose_their_names() {
        assert_eq!(left(true), ["", "", "anon.kept"]);
        assert_eq!(left(false), ["alloc_1", "", "anon.kept"]);
    }

    #[test]
    fn text_and_bitcode_outputs_keep_the_names_that_people_read() {
        let output = |kind| (kind, Utf8PathBuf::from("out"));
        assert!(few(&[output(Output::Object), output(Output::Assembly)]));
        assert!(!few(&[output(Output::Object), output(Output::LlvmIr)]));
        assert!(!few(&[output(Output::Bitcode)]));
    }
}
