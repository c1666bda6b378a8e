//! `-Zllvm_module_flag=NAME:TYPE:VALUE:BEHAVIOR`: a module flag of LLVM.
//!
//! rustc adds it as it stands (`create_module`, compiler/rustc_codegen_llvm/src/context.rs). The kernel passes
//! `frame-pointer:u32:2:max` (what clang does for `-fno-omit-frame-pointer`), so that functions which LLVM makes up itself,
//! such as a sanitizer's constructors, have frame pointers, too.

use std::str::FromStr;

use gateless_llvm::{FlagBehavior, Module};
use gateless_model::{Failure, Result};

/// A module flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LlvmModuleFlag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: u32,
    /// What linking does with differing values.
    pub behavior: FlagBehavior,
}

impl FromStr for LlvmModuleFlag {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Failure::usage(format!("-Zllvm_module_flag={text}: {why}"))
                .help("the form is NAME:u32:VALUE:BEHAVIOR")
        };
        let parts: Vec<_> = text.split(':').collect();
        let &[key, kind, value, behavior] = &parts[..] else {
            return Err(bad("not four parts"));
        };
        if kind != "u32" {
            return Err(bad("rustc knows no other type than u32"));
        }
        let value = value
            .parse()
            .map_err(|error| bad("the value is no number").because(error))?;
        let behavior = match behavior {
            "error" => FlagBehavior::Error,
            "warning" => FlagBehavior::Warning,
            "override" => FlagBehavior::Override,
            "max" => FlagBehavior::Max,
            "min" => FlagBehavior::Min,
            _ => {
                return Err(bad(
                    "the behavior is none of error, warning, override, max, min",
                ));
            }
        };
        Ok(Self {
            key: key.to_owned(),
            value,
            behavior,
        })
    }
}

pub(super) fn apply(module: &Module, flag: &LlvmModuleFlag) -> Result<()> {
    module.set_flag(flag.behavior, &flag.key, flag.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Flag;
    use crate::testing::Fixture;

    #[test]
    fn the_flag_that_the_kernel_passes_stands_in_the_module() {
        let flag = Flag::LlvmModuleFlag("frame-pointer:u32:2:max".parse().unwrap());
        let text = Fixture::x86("define void @f() { ret void }").with(&flag);
        assert!(
            text.contains("!{i32 7, !\"frame-pointer\", i32 2}"),
            "{text}"
        );
    }

    #[test]
    fn a_flag_that_is_there_is_not_added_twice() {
        let before = "!llvm.module.flags = !{!0}\n!0 = !{i32 7, !\"frame-pointer\", i32 1}";
        let text = Fixture::x86(before).with(&Flag::LlvmModuleFlag(
            "frame-pointer:u32:2:max".parse().unwrap(),
        ));
        assert_eq!(text.matches("frame-pointer").count(), 1, "{text}");
        assert!(
            text.contains("!{i32 7, !\"frame-pointer\", i32 2}"),
            "{text}"
        );
    }

    #[test]
    fn what_rustc_would_refuse_is_refused() {
        for bad in [
            "frame-pointer",
            "a:u64:1:max",
            "a:u32:x:max",
            "a:u32:1:most",
            "a:u32:1:max:more",
        ] {
            let failure = LlvmModuleFlag::from_str(bad).unwrap_err();
            assert!(failure.what.contains(bad), "{failure}");
        }
    }
}
