//! `-Zuse-sync-unwind`: whether unwind tables hold at every instruction (no) or at calls only (yes).
//!
//! gcc and clang: `-fasynchronous-unwind-tables`, `-funwind-tables`. rustc gives functions `uwtable` or `uwtable(sync)`
//! (`uwtable_attr`, compiler/rustc_codegen_llvm/src/attributes.rs); asynchronous is its default.
//! No tracking issue is known.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, Spelling};
use crate::target::Target;

/// UWTableKind (llvm/Support/CodeGen.h)
const SYNC: u64 = 1;
const ASYNC: u64 = 2;

/// Whether they hold at calls only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseSyncUnwind(bool);

impl Flag for UseSyncUnwind {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("use-sync-unwind")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(given.yes()?)))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        for function in module.functions()? {
            if function.attribute("uwtable")?.is_some() {
                function.set_attribute("uwtable", if self.0 { SYNC } else { ASYNC })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    #[test]
    fn tables_become_synchronous_and_back_and_none_is_added() {
        let body = "define void @f() uwtable { ret void }\ndefine void @g() { ret void }";
        let text = Fixture::arm64(body).with("-Zuse-sync-unwind");
        assert!(
            text.contains("attributes #0 = { uwtable(sync) }") && !text.contains("#1"),
            "{text}"
        );
        let text =
            Fixture::arm64(&body.replace("uwtable", "uwtable(sync)")).with("-Zuse-sync-unwind=n");
        assert!(text.contains("attributes #0 = { uwtable }"), "{text}");
    }
}
