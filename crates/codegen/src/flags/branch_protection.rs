//! `-Zbranch-protection`: arm64's landing pads (BTI), signed return addresses (PAC) and guarded control stack.
//!
//! gcc and clang: `-mbranch-protection`. rustc writes attributes (`llfn_attrs_from_instance`,
//! compiler/rustc_codegen_llvm/src/attributes.rs) and sets six module flags, of which those that are off are 0 (`create_module`
//! in context.rs). Tracking issue: <https://github.com/rust-lang/rust/issues/113369>.

use gateless_llvm::{FlagBehavior, Module};
use gateless_model::Result;

use crate::flag::{ARM64, Flag, Given, Spelling, of_rustc, only_on};
use crate::target::Target;

/// The key that return addresses are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The first.
    A,
    /// The second.
    B,
}

/// Signed return addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacRet {
    /// Also in functions that don't store theirs.
    pub leaf: bool,
    /// The address of the instruction goes into the signature.
    pub pc: bool,
    /// The key.
    pub key: Key,
}

/// What is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BranchProtection {
    /// Indirect branches may only go to `bti`.
    pub bti: bool,
    /// Return addresses are signed.
    pub pac_ret: Option<PacRet>,
    /// Return addresses are kept on a second stack.
    pub gcs: bool,
}

impl Flag for BranchProtection {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("branch-protection")]
    }

    /// What several options name adds up.
    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        let mut all = before.copied().unwrap_or_default();
        for part in given.needed("bti, pac-ret, leaf, b-key, pc")?.split(',') {
            match (part, &mut all.pac_ret) {
                ("bti", _) => all.bti = true,
                ("gcs", _) => all.gcs = true,
                ("pac-ret", slot) if slot.is_none() => {
                    *slot = Some(PacRet {
                        leaf: false,
                        pc: false,
                        key: Key::A,
                    })
                }
                ("leaf", Some(pac)) => pac.leaf = true,
                ("pc", Some(pac)) => pac.pc = true,
                ("b-key", Some(pac)) => pac.key = Key::B,
                _ => {
                    return Err(given.refused(&format!("{part:?} is not understood here")).help(
                        "rustc takes bti, gcs and pac-ret, the last with leaf, b-key and pc after it",
                    ));
                }
            }
        }
        Ok(Some(all))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, ARM64)?;
        let pac = self.pac_ret;
        for function in of_rustc(module)? {
            if self.bti {
                function.set_text_attribute("branch-target-enforcement", "")?;
            }
            if self.gcs {
                function.set_text_attribute("guarded-control-stack", "")?;
            }
            if let Some(pac) = pac {
                if pac.pc {
                    function.set_text_attribute("branch-protection-pauth-lr", "")?;
                }
                function.set_text_attribute(
                    "sign-return-address",
                    if pac.leaf { "all" } else { "non-leaf" },
                )?;
                function.set_text_attribute(
                    "sign-return-address-key",
                    if pac.key == Key::A { "a_key" } else { "b_key" },
                )?;
            }
        }
        for (key, on) in [
            ("branch-target-enforcement", self.bti),
            ("sign-return-address", pac.is_some()),
            ("branch-protection-pauth-lr", pac.is_some_and(|pac| pac.pc)),
            ("sign-return-address-all", pac.is_some_and(|pac| pac.leaf)),
            (
                "sign-return-address-with-bkey",
                pac.is_some_and(|pac| pac.key == Key::B),
            ),
            ("guarded-control-stack", self.gcs),
        ] {
            module.set_flag(FlagBehavior::Min, key, on.into())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags, refused};

    const CALL: &str = "declare void @g() \"target-cpu\"=\"generic\"\ndefine void @f() \"target-cpu\"=\"generic\" { call void @g()\n ret void }";
    const PACIASP: [u8; 4] = [0x3f, 0x23, 0x03, 0xd5];
    const BTI_C: [u8; 4] = [0x5f, 0x24, 0x03, 0xd5];

    fn flag(text: &str) -> String {
        format!("-Zbranch-protection={text}")
    }

    #[test]
    fn the_first_instruction_is_what_was_asked_for() {
        let fixture = Fixture::arm64(CALL);
        assert!(
            fixture
                .code("f", &[&flag("bti,pac-ret")])
                .starts_with(&PACIASP)
        );
        assert!(fixture.code("f", &[&flag("bti")]).starts_with(&BTI_C));
        let plain = fixture.code("f", &[]);
        assert!(!plain.starts_with(&PACIASP) && !plain.starts_with(&BTI_C));
    }

    #[test]
    fn attributes_and_module_flags_are_those_of_rustc() {
        let text = Fixture::arm64(CALL).with(&flag("pac-ret,leaf,b-key"));
        assert!(
            text.contains("\"sign-return-address\"=\"all\" \"sign-return-address-key\"=\"b_key\""),
            "{text}"
        );
        for flag in [
            "\"branch-target-enforcement\", i32 0",
            "\"sign-return-address\", i32 1",
            "\"sign-return-address-with-bkey\", i32 1",
        ] {
            assert!(text.contains(flag), "{flag}: {text}");
        }
    }

    #[test]
    fn nonsense_and_other_architectures_are_refused() {
        for bad in ["leaf", "bti,most", "pac-ret,pac-ret", ""] {
            let failure = refused(&flag(bad));
            assert!(failure.what.contains(bad), "{failure}");
        }
        let fixture = Fixture::x86(CALL);
        assert!(
            flags(&[&flag("bti")])
                .apply(&fixture.module(), &fixture.target)
                .unwrap_err()
                .what
                .contains("x86_64")
        );
    }

    #[test]
    fn options_add_up() {
        let one = flags(&[&flag("bti,pac-ret,leaf")]);
        assert_eq!(flags(&[&flag("bti"), &flag("pac-ret"), &flag("leaf")]), one);
    }
}
