//! Functions that lowering added: the gated build has no symbols for them.
//!
//! rustc takes every method of a trait's impl for reachable from other crates (`CollectPrivateImplItemsVisitor`,
//! compiler/rustc_passes/src/reachable.rs), and so gives those of the extension traits a symbol. In a crate on which no other depends
//! nobody can call them by it.

use gateless_llvm::Module;
use gateless_model::Result;

/// Makes the functions with `mark` in their names private to the module, so that the optimiser removes what it has inlined.
pub fn make_private(module: &Module, mark: &str) -> Result<()> {
    for function in module.functions()? {
        if function.name()?.contains(mark) {
            function.make_internal()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    #[test]
    fn only_added_functions_that_are_defined_here_lose_their_symbol() {
        let module = Fixture::x86(
            "define void @_RNv3___mark_x() { ret void }\ndefine void @_RNv3own() { ret void }\ndeclare void @_RNv3___mark_y()",
        )
        .module();
        super::make_private(&module, "__mark_").unwrap();
        let text = module.to_text().unwrap();
        assert!(
            text.contains("define internal void @_RNv3___mark_x()"),
            "{text}"
        );
        assert!(
            text.contains("define void @_RNv3own()")
                && text.contains("declare void @_RNv3___mark_y()"),
            "{text}"
        );
    }
}
