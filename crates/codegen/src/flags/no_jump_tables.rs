//! `-Zno-jump-tables`, by now `-Cjump-tables=n`: no switch becomes an indirect jump through a table (IBT has no `endbr` there).
//!
//! gcc and clang: `-fno-jump-tables`. rustc writes `"no-jump-tables"="true"` (`nojumptables_attr`,
//! compiler/rustc_codegen_llvm/src/attributes.rs). Tracking issue: <https://github.com/rust-lang/rust/issues/116592>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling, of_rustc};
use crate::target::Target;

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoJumpTables;

impl Flag for NoJumpTables {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("no-jump-tables")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(given.yes()?.then_some(Self))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        for function in of_rustc(module)? {
            function.set_text_attribute("no-jump-tables", "true")?;
        }
        Ok(())
    }

    fn in_c(&self) -> InC {
        InC::Arguments(vec!["-fno-jump-tables".into()])
    }
}

#[cfg(test)]
mod tests {
    use object::Object;

    use crate::testing::Fixture;

    #[test]
    fn a_switch_has_its_table_only_if_it_may() {
        let arms: String = (0..8).map(|n| format!("i32 {n}, label %a{n} ")).collect();
        let blocks: String = (0..8)
            .map(|n| format!("a{n}: call void @g{n}()\n ret void\n"))
            .collect();
        let others: String = (0..8).map(|n| format!("declare void @g{n}()\n")).collect();
        let fixture = Fixture::x86(&format!(
            "{others}define void @f(i32 %x) \"target-cpu\"=\"generic\" {{ switch i32 %x, label %a0 [{arms}]\n{blocks} }}"
        ));
        let has_table = |options: &[&str]| {
            let bytes = fixture.object(options);
            object::File::parse(&bytes[..])
                .unwrap()
                .section_by_name(".rodata")
                .is_some()
        };
        assert!(has_table(&[]));
        assert!(!has_table(&["-Zno-jump-tables"]));
    }
}
