//! 64-bit division on 32 bits: a call of a routine that the kernel does not have.
//!
//! `core` divides 64-bit numbers. Where upstream has Rust on 32 bits, `rust/Makefile` gives such calls of `core` another name
//! (`redirect-intrinsics`), and nobody else's. An architecture without upstream Rust is in none of its conditions, so all names of all
//! architectures are redirected, which does nothing for those that `core` does not call. What they are redirected to is in the header, where
//! the tree has no definition of its own: a division, by the kernel's routine for it.

use gateless_linux::makefile::words::words;
use gateless_linux::makefile::{self, Statement};
use gateless_linux::tree::Tree;
use gateless_model::Result;

/// The variable of `rust/Makefile` that lists them.
pub const REDIRECTED: &str = "redirect-intrinsics";

/// The functions for `core`, weak: a definition of the tree's own wins. `rust/Makefile` exports no weak ones.
pub const HEADER: &str = "\
#ifndef CONFIG_64BIT
/* What core calls to divide, by the name that rust/Makefile gives it there. */
u64 __weak __rust__udivdi3(u64 dividend, u64 divisor);
u64 __weak __rust__udivdi3(u64 dividend, u64 divisor)
{
	return div64_u64(dividend, divisor);
}

u64 __weak __rust__umoddi3(u64 dividend, u64 divisor);
u64 __weak __rust__umoddi3(u64 dividend, u64 divisor)
{
	u64 remainder;

	div64_u64_rem(dividend, divisor, &remainder);
	return remainder;
}
#endif
";

/// All names that `rust/Makefile` redirects for any architecture; none where it has no such list.
pub fn redirected(tree: &Tree) -> Result<Option<Vec<String>>> {
    let text = fs_err::read_to_string(tree.path.join("rust/Makefile"))?;
    let mut names: Vec<String> = Vec::new();
    for (_, statement) in makefile::parse(&text).statements {
        let Statement::Assignment(assignment) = statement else {
            continue;
        };
        if assignment.name != REDIRECTED || assignment.targets.is_some() {
            continue;
        }
        for word in words(&assignment.value.text) {
            if !names.contains(&word.text) {
                names.push(word.text);
            }
        }
    }
    Ok((!names.is_empty()).then_some(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_names_of_all_architectures_are_redirected() {
        let (_directory, tree) = testing::tree(&[]);
        let names = redirected(&tree).unwrap().unwrap();
        assert_eq!(names, ["__muloti4", "__udivti3", "__udivdi3", "__umoddi3"]);
        let (_directory, tree) = testing::tree(&[("rust/Makefile", "obj-y += core.o\n")]);
        assert_eq!(redirected(&tree).unwrap(), None);
    }
}
