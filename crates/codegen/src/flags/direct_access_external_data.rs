//! `-Zdirect-access-external-data`: whether symbols of other objects are addressed directly, or through the global offset table.
//!
//! gcc and clang: `-fdirect-access-external-data`. rustc marks globals `dso_local` where it holds (`should_assume_dso_local`,
//! compiler/rustc_codegen_llvm/src/mono_item.rs); without the flag, they are so in the relocation model `static` only. LLVM's C API
//! can set the mark on a detour and cannot take it away: for `no` in the model `static`, rustc has to compile with the model `pic`, in which
//! it sets none, and nothing else in the bitcode differs but a module flag. Linux passes `yes` for the kernel and `no` for modules (LoongArch).
//! No tracking issue is known.

use gateless_llvm::{Module, Reloc};
use gateless_model::{Failure, Result};

use crate::flag::{Flag, Given, Spelling, of_rustc};
use crate::target::Target;

/// The module flag that says how much position independence rustc compiled for.
const LEVEL: &str = "PIC Level";

/// Whether data of other objects is taken for part of the same image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectAccessExternalData(bool);

impl Flag for DirectAccessExternalData {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("direct-access-external-data")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(given.yes()?)))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        // rustc decides otherwise there before it asks for the flag.
        if target.triple.starts_with("powerpc64") {
            return Ok(());
        }
        if self.0 {
            for function in of_rustc(module)? {
                function.assume_local()?;
            }
            for global in module.globals()? {
                if !global.name()?.starts_with("llvm.") && !global.is_thread_local()? {
                    global.assume_local()?;
                }
            }
        } else if target.reloc == Reloc::Static {
            if module.flag(LEVEL)?.is_none_or(|level| level == 0) {
                return Err(Failure::failed(
                    "the bitcode was compiled for the relocation model `static`, in which rustc takes all symbols for local",
                )
                .help("rustc has to compile it with -Crelocation-model=pic"));
            }
            module.set_flag(gateless_llvm::FlagBehavior::Min, LEVEL, 0)?;
        }
        Ok(())
    }

    fn for_rustc(&self, target: &Target) -> Option<&'static str> {
        (!self.0 && target.reloc == Reloc::Static).then_some("-Crelocation-model=pic")
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags};

    const OUTSIDE: &str = "@o = external global i32\n@t = external thread_local global i32\n@w = extern_weak global i32\n@h = external hidden global i32\n\
        declare void @g() \"target-cpu\"=\"generic\"\ndeclare void @llvm.trap()\n\
        define ptr @f() \"target-cpu\"=\"generic\" { call void @g()\n %x = load i32, ptr @o\n ret ptr @w }\n\
        !llvm.module.flags = !{!0}\n!0 = !{i32 8, !\"PIC Level\", i32 2}\n";

    #[test]
    fn yes_marks_all_but_thread_locals_and_changes_nothing_else_of_them() {
        let text = Fixture::x86(OUTSIDE)
            .pic()
            .with("-Zdirect-access-external-data=yes");
        for line in [
            "@o = external dso_local global i32",
            "@t = external thread_local global i32",
            "@w = extern_weak dso_local global i32",
            "@h = external hidden global i32",
            "declare dso_local void @g()",
            "define dso_local ptr @f()",
            "declare void @llvm.trap()",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn no_keeps_the_table_for_static_code_that_was_compiled_position_independent() {
        let fixture = Fixture::x86(OUTSIDE);
        let text = fixture.with("-Zdirect-access-external-data=no");
        assert!(
            !text.contains("dso_local") && text.contains("!\"PIC Level\", i32 0"),
            "{text}"
        );
        let direct = Fixture::x86(&OUTSIDE.replace("i32 2}", "i32 0}"));
        assert_ne!(
            fixture.code("f", &["-Zdirect-access-external-data=no"]),
            direct.code("f", &["-Zdirect-access-external-data=yes"])
        );
    }

    #[test]
    fn no_for_static_bitcode_is_refused() {
        let fixture = Fixture::x86(&OUTSIDE.replace("i32 2}", "i32 0}"));
        let failure = flags(&["-Zdirect-access-external-data=no"])
            .apply(&fixture.module(), &fixture.target)
            .unwrap_err();
        assert!(failure.help.unwrap().contains("pic"));
    }
}
