//! `-Zllvm_module_flag=NAME:TYPE:VALUE:BEHAVIOR`: a module flag of LLVM.
//!
//! rustc adds it as it stands (`create_module`, compiler/rustc_codegen_llvm/src/context.rs). The kernel passes
//! `frame-pointer:u32:2:max` (what clang does for `-fno-omit-frame-pointer`), so that functions which LLVM makes up itself,
//! such as a sanitizer's constructors, have frame pointers, too.

use gateless_llvm::{FlagBehavior, Module};
use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling};
use crate::target::Target;

/// A module flag.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ModuleFlag {
    /// Its name.
    key: String,
    /// Its value.
    value: u32,
    /// What linking does with differing values.
    behavior: FlagBehavior,
}

/// All that are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LlvmModuleFlags(Vec<ModuleFlag>);

impl Flag for LlvmModuleFlags {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("llvm_module_flag")]
    }

    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>> {
        let bad = |why: &str| {
            given
                .refused(why)
                .help("the form is NAME:u32:VALUE:BEHAVIOR")
        };
        let text = given.needed("NAME:u32:VALUE:BEHAVIOR")?;
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
        let mut all = before.cloned().unwrap_or_default();
        all.0.push(ModuleFlag {
            key: key.to_owned(),
            value,
            behavior,
        });
        Ok(Some(all))
    }

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        let mut flags = self.0.iter();
        flags.try_for_each(|flag| module.set_flag(flag.behavior, &flag.key, flag.value))
    }

    fn in_c(&self) -> InC {
        // What clang's module has for `-fno-omit-frame-pointer`, which rustc has no option for of this name.
        let is_frame_pointer = |flag: &ModuleFlag| flag.key == "frame-pointer" && flag.value == 2;
        match self.0.iter().all(is_frame_pointer) {
            true => InC::Arguments(vec!["-fno-omit-frame-pointer".into()]),
            false => InC::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, refused};

    const FRAME_POINTER: &str = "-Zllvm_module_flag=frame-pointer:u32:2:max";

    #[test]
    fn the_flag_that_the_kernel_passes_stands_in_the_module() {
        let text = Fixture::x86("define void @f() { ret void }").with(FRAME_POINTER);
        assert!(
            text.contains("!{i32 7, !\"frame-pointer\", i32 2}"),
            "{text}"
        );
    }

    #[test]
    fn a_flag_that_is_there_is_not_added_twice() {
        let before = "!llvm.module.flags = !{!0}\n!0 = !{i32 7, !\"frame-pointer\", i32 1}";
        let text = Fixture::x86(before).with(FRAME_POINTER);
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
            let failure = refused(&format!("-Zllvm_module_flag={bad}"));
            assert!(failure.what.contains(bad), "{failure}");
        }
    }

    #[test]
    fn several_are_all_there() {
        let text = Fixture::x86("").after(&[FRAME_POINTER, "-Zllvm_module_flag=x:u32:1:max"]);
        assert!(
            text.contains("frame-pointer") && text.contains("!\"x\""),
            "{text}"
        );
    }
}
