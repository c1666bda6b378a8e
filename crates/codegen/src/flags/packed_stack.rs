//! `-Zpacked-stack`: frames leave no room for registers that are not saved (s390x).
//!
//! gcc and clang: `-mpacked-stack`. rustc, from 1.96 on, gives functions the text attribute `packed-stack`
//! (<https://github.com/rust-lang/rust/pull/152432>). With a back chain, LLVM wants soft float as well, as the kernel has it.
//! Tracking issue: <https://github.com/rust-lang/rust/issues/156724>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, S390X, Spelling, of_rustc, only_on};
use crate::target::Target;

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedStack;

impl Flag for PackedStack {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("packed-stack")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(given.yes()?.then_some(Self))
    }

    fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        only_on(target, S390X)?;
        for function in of_rustc(module)? {
            function.set_text_attribute("packed-stack", "")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags};

    const CALLS: &str = "target datalayout = \"E-m:e-i1:8:16-i8:8:16-i64:64-f128:64-v128:64-a:8:16-n32:64\"\n\
        target triple = \"s390x-unknown-linux-gnu\"\n\
        declare void @g()\n\
        define void @f() nounwind \"target-cpu\"=\"z10\" \"target-features\"=\"+soft-float,+backchain\" { call void @g()\n call void @g()\n ret void }";

    #[test]
    fn registers_are_saved_at_the_end_of_the_frame_only_if_it_is_on() {
        let mut fixture = Fixture::whole(CALLS);
        fixture.target.triple = "s390x-unknown-linux-gnu".into();
        fixture.target.cpu = "z10".into();
        // stmg %r14, %r15, D(%r15): 112 is the place that the ABI gives to %r14; packed frames have it just before the back chain.
        let place = |options: &[&str]| {
            let code = fixture.code("f", options);
            assert_eq!((code[0], code[1], code[5]), (0xeb, 0xef, 0x24), "{code:x?}");
            u16::from_be_bytes([code[2], code[3]]) & 0xfff
        };
        assert_eq!(place(&[]), 112);
        assert_eq!(place(&["-Zpacked-stack"]), 136);
    }

    #[test]
    fn it_is_for_s390x_only() {
        let fixture = Fixture::x86("");
        assert!(
            flags(&["-Zpacked-stack"])
                .apply(&fixture.module(), &fixture.target)
                .is_err()
        );
    }
}
