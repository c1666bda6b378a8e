//! `-Zfunction-sections`: whether each function and variable is in a section of its own; else as the target specification has it.
//!
//! gcc and clang: `-ffunction-sections -fdata-sections`. How it is done is in `object/function_sections.rs`, since
//! most targets have it without the flag. No tracking issue is known.

use gateless_model::Result;

use crate::flag::{Flag, Given, InC, Spelling};
use crate::target::Target;

/// Whether there are such sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSections(bool);

impl Flag for FunctionSections {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("function-sections")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(given.yes()?)))
    }

    fn adjust(&self, target: &mut Target) {
        target.function_sections = self.0;
    }

    fn in_c(&self) -> InC {
        let arguments = match self.0 {
            true => ["-ffunction-sections", "-fdata-sections"],
            false => ["-fno-function-sections", "-fno-data-sections"],
        };
        InC::Arguments(arguments.map(str::to_owned).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{flags, x86_target};

    #[test]
    fn the_last_word_counts_and_the_targets_own_if_there_is_none() {
        for (options, wanted) in [
            (&[][..], true),
            (&["-Zfunction-sections=n"], false),
            (&["-Zfunction-sections=n", "-Zfunction-sections"], true),
        ] {
            let mut target = x86_target();
            target.function_sections = true;
            flags(options).adjust(&mut target);
            assert_eq!(target.function_sections, wanted, "{options:?}");
        }
    }
}
