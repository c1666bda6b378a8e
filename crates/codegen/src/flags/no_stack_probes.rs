//! No stack probes: functions with big frames touch no guard page.
//!
//! gcc and clang: `-fstack-clash-protection` is the opposite. rustc puts `"probe-stack"="inline-asm"` on every function where
//! the target specification asks for probes (`probestack_attr`, compiler/rustc_codegen_llvm/src/attributes.rs); the built-in
//! x86-64 targets do, the kernel's own specification has `"stack-probes": {"kind": "none"}`.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling};
use crate::target::Target;

/// The field's value `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoStackProbes;

impl Flag for NoStackProbes {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Specification("stack-probes")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        match given.value {
            Some("none") => Ok(Some(Self)),
            _ => Err(given.not_reproduced()),
        }
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        for function in module.functions()? {
            function.remove_text_attribute("probe-stack")?;
        }
        Ok(())
    }

    fn in_c(&self) -> InC {
        InC::Arguments(vec!["-fno-stack-clash-protection".into()])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, X86};

    const PROBED: &str =
        "define void @f() \"probe-stack\"=\"inline-asm\" \"frame-pointer\"=\"all\" { ret void }";

    #[test]
    fn probes_go_and_other_attributes_stay() {
        let text = Fixture::x86(PROBED).with("stack-probes=none");
        assert!(!text.contains("probe-stack"), "{text}");
        assert!(text.contains("\"frame-pointer\"=\"all\""), "{text}");
    }

    #[test]
    fn without_the_flag_a_big_frame_is_probed() {
        let big = format!(
            "{X86}\ndeclare void @g(ptr)\ndefine void @f() \"probe-stack\"=\"inline-asm\" {{ %a = alloca [16384 x i8]\n call void @g(ptr %a)\n ret void }}"
        );
        let fixture = Fixture::whole(&big);
        assert_ne!(
            fixture.code("f", &[]),
            fixture.code("f", &["stack-probes=none"])
        );
    }
}
