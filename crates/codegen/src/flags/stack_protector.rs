//! `-Zstack-protector`: functions with buffers on the stack check a canary before they return.
//!
//! gcc and clang: `-fstack-protector`, `-fstack-protector-strong`, `-fstack-protector-all`. rustc gives functions one of the attributes
//! `ssp`, `sspstrong` and `sspreq` (`stackprotector_attr`, compiler/rustc_codegen_llvm/src/attributes.rs); LLVM decides by the types on
//! the stack which of them need a canary. Where the canary is, rustc leaves to LLVM.
//! Tracking issue: <https://github.com/rust-lang/rust/issues/114903>.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{Flag, Given, Spelling, of_rustc};
use crate::target::Target;

/// Which functions are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackProtector {
    /// Those with an array of at least eight bytes.
    Basic,
    /// Those with any array, or with a variable whose address is taken.
    Strong,
    /// All.
    All,
}

impl Flag for StackProtector {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("stack-protector")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(match given.value {
            Some("none") => None,
            Some("basic") => Some(Self::Basic),
            Some("strong") => Some(Self::Strong),
            Some("all") => Some(Self::All),
            _ => return Err(given.bad("none, basic, strong or all")),
        })
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        let attribute = match self {
            Self::Basic => "ssp",
            Self::Strong => "sspstrong",
            Self::All => "sspreq",
        };
        for function in of_rustc(module)? {
            function.set_attribute(attribute, 0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags};

    /// Functions with nothing, with a number whose address is taken, and with an array on the stack.
    const FUNCTIONS: &str = "declare void @g(ptr)
        define void @nothing() \"target-cpu\"=\"generic\" { ret void }
        define void @number() \"target-cpu\"=\"generic\" { %a = alloca i32\n call void @g(ptr %a)\n ret void }
        define void @array() \"target-cpu\"=\"generic\" { %a = alloca [16 x i8]\n call void @g(ptr %a)\n ret void }";

    #[test]
    fn each_value_protects_the_functions_that_it_names() {
        let fixture = Fixture::x86(FUNCTIONS);
        let is_protected = |function: &str, value: &str| {
            let option = format!("-Zstack-protector={value}");
            fixture.code(function, &[&option]) != fixture.code(function, &[])
        };
        for (value, protected) in [
            ("none", [false, false, false]),
            ("basic", [false, false, true]),
            ("strong", [false, true, true]),
            ("all", [true, true, true]),
        ] {
            let found = ["nothing", "number", "array"].map(|name| is_protected(name, value));
            assert_eq!(found, protected, "{value}");
        }
    }

    #[test]
    fn functions_that_llvm_declares_for_itself_are_left_alone() {
        let fixture = Fixture::x86(
            "define void @f() \"target-cpu\"=\"generic\" { ret void }\ndefine void @made_up() { ret void }",
        );
        let text = fixture.with("-Zstack-protector=all");
        assert!(text.contains("sspreq"), "{text}");
        assert!(text.contains("@made_up() {"), "{text}");
    }

    #[test]
    fn none_takes_back_what_came_before() {
        assert!(flags(&["-Zstack-protector=all", "-Zstack-protector=none"]).is_empty());
    }
}
