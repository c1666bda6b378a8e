//! The C header that is put before Rust's helpers: functions that this architecture has in no form that Rust could call.

use std::collections::BTreeSet;
use std::fmt::Write;

use gateless_linux::tree::Tree;
use gateless_model::{Failure, Result};

use crate::{atomics, division, inline};

/// The file of the tree that the header is put before.
const HELPERS: &str = "rust/helpers/helpers.c";

/// The header's text.
pub fn text(tree: &Tree, source_arch: &str) -> Result<String> {
    if !tree.path.join(HELPERS).is_file() {
        return Err(Failure::failed(format!(
            "no overlay can be made for Linux {} ({}): it has no C helpers of Rust",
            tree.release, tree.path
        ))
        .help(format!("looked for {HELPERS}; report it with the release")));
    }
    let inline = inline::find(tree, source_arch)?;
    let mut includes: BTreeSet<&str> = inline.iter().map(|one| one.include.as_str()).collect();
    includes.extend(["linux/atomic.h", "linux/math64.h"]);
    let mut text = format!(
        "/* Written by gateless: put before {HELPERS}, for what this architecture has in no form that Rust could call. */\n\
         #ifndef GATELESS_HELPERS_H\n#define GATELESS_HELPERS_H\n\n"
    );
    for include in includes {
        let _ = writeln!(text, "#include <{include}>");
    }
    for function in inline {
        let _ = write!(text, "\n{}", function.helper());
    }
    let _ = write!(
        text,
        "\n{}\n{}\n#endif\n",
        division::HEADER,
        atomics::HEADER
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn macros_come_after_the_functions_that_call_what_they_hide() {
        let (_directory, tree) = testing::tree(&[]);
        let text = text(&tree, testing::ARCH).unwrap();
        let at = |word: &str| text.find(word).unwrap();
        assert!(at("#include <linux/atomic.h>") < at("GATELESS_OWN()"));
        assert!(at("GATELESS_OWN(_relaxed)") < at("#undef xchg"));
        assert_eq!(text.matches("#if").count(), text.matches("#endif").count());
    }

    #[test]
    fn a_tree_without_helpers_is_an_error_that_names_them() {
        let (directory, tree) = testing::tree(&[]);
        fs_err::remove_file(directory.path().join(HELPERS)).unwrap();
        let failure = text(&tree, testing::ARCH).unwrap_err();
        assert!(failure.help.unwrap().contains(HELPERS));
    }
}
