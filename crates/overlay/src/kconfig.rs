//! The top Kconfig file: the tree's own text, followed by the symbols that turn Rust on.
//!
//! It has to be the text and not `source "Kconfig"`, since `mainmenu` stands first in a file or nowhere.

use std::fmt::Write;

use gateless_linux::kconfig::Symbols;
use gateless_linux::kconfig::expression::Expression;
use gateless_linux::tree::Tree;
use gateless_machines::Overlay as Facts;
use gateless_model::{Failure, Result};

use crate::state::SYMBOL;

/// The symbol that says of an architecture that it has Rust.
const HAVE_RUST: &str = "HAVE_RUST";
/// The symbol without which the `kernel` crate refuses to compile its atomic operations.
const ATOMIC_RMW: &str = "ARCH_SUPPORTS_ATOMIC_RMW";

/// The file's text.
pub fn text(tree: &Tree, source_arch: &str, facts: &Facts) -> Result<String> {
    let top = fs_err::read_to_string(tree.path.join("Kconfig"))?;
    let symbols = Symbols::read(&tree.path, source_arch)?;
    check(tree, &top, &symbols)?;
    let mut text = top;
    let _ = write!(
        text,
        "\n# What follows was added by gateless: Rust where the architecture's own Kconfig does not select it.\n\
         config {SYMBOL}\n\tdef_bool y\n\tselect {HAVE_RUST}\n"
    );
    let is_known = !symbols.entries(ATOMIC_RMW).is_empty();
    let has_own = symbols
        .selects_of(ATOMIC_RMW)
        .any(|(_, select)| select.condition.is_none());
    if is_known && !has_own {
        let (why, condition) = match &facts.atomic_rmw {
            Some(why) => (why.as_str(), ""),
            None => ("there is one processor", "\tdepends on !SMP\n"),
        };
        let _ = write!(
            text,
            "\n# Plain stores and read-modify-write operations are atomic to one another: {why}.\n\
             config GATELESS_ATOMIC_RMW\n\tdef_bool y\n{condition}\tselect {ATOMIC_RMW}\n"
        );
    }
    Ok(text)
}

/// Fails, naming what was looked for, where the tree's Kconfig has another shape than this is made for.
fn check(tree: &Tree, top: &str, symbols: &Symbols) -> Result<()> {
    let lacks = |what: &str, looked_for: &str| {
        Err(Failure::failed(format!(
            "no overlay can be made for Linux {} ({}): {what}",
            tree.release, tree.path
        ))
        .help(format!(
            "looked for {looked_for}; report it with the release"
        )))
    };
    let mut statements = top
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    if !statements
        .next()
        .is_some_and(|line| line.starts_with("mainmenu "))
    {
        return lacks(
            "its top Kconfig does not begin with a main menu",
            "`mainmenu` as the first statement of Kconfig",
        );
    }
    if symbols.entries(HAVE_RUST).is_empty() {
        return lacks(
            &format!("no Kconfig file defines {HAVE_RUST}"),
            &format!("`config {HAVE_RUST}`, which architectures select"),
        );
    }
    let needs = |expression: &Expression| expression.to_string().contains(HAVE_RUST);
    let mut rust = symbols.entries("RUST").iter();
    if !rust.any(|entry| needs(&entry.dependency())) {
        return lacks(
            &format!("CONFIG_RUST does not depend on {HAVE_RUST}"),
            &format!("`depends on {HAVE_RUST}` in `config RUST`"),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn of(changes: &[(&str, &str)], atomic_rmw: Option<&str>) -> Result<String> {
        let (_directory, tree) = testing::tree(changes);
        let facts = Facts {
            atomic_rmw: atomic_rmw.map(str::to_owned),
            ..Facts::default()
        };
        text(&tree, testing::ARCH, &facts)
    }

    #[test]
    fn the_trees_own_text_comes_first_and_rust_is_selected() {
        let text = of(&[], None).unwrap();
        assert!(text.starts_with("mainmenu \"Linux\"\n"), "{text}");
        assert!(text.contains("config GATELESS_RUST\n\tdef_bool y\n\tselect HAVE_RUST\n"));
        assert!(text.contains("depends on !SMP\n\tselect ARCH_SUPPORTS_ATOMIC_RMW\n"));
        let text = of(&[], Some("LL/SC")).unwrap();
        assert!(text.contains("to one another: LL/SC.") && !text.contains("!SMP"));
    }

    #[test]
    fn an_architecture_that_selects_atomic_operations_itself_is_left_alone() {
        let own = "config VAX\n\tdef_bool y\n\tselect ARCH_SUPPORTS_ATOMIC_RMW\n";
        let text = of(&[("arch/vax/Kconfig", own)], None).unwrap();
        assert!(!text.contains("GATELESS_ATOMIC_RMW"), "{text}");
    }

    #[test]
    fn a_tree_of_another_shape_is_an_error_that_names_what_was_looked_for() {
        for (file, text, word) in [
            ("Kconfig", "source \"init/Kconfig\"\n", "`mainmenu`"),
            (
                "init/Kconfig",
                "config RUST\n\tbool \"Rust\"\n\tdepends on HAVE_RUST\n",
                "`config HAVE_RUST`",
            ),
            (
                "init/Kconfig",
                "config HAVE_RUST\n\tbool\nconfig RUST\n\tbool \"Rust\"\n",
                "`depends on HAVE_RUST`",
            ),
        ] {
            let failure = of(&[(file, text)], None).unwrap_err();
            assert!(
                failure.help.as_ref().unwrap().contains(word),
                "{word}: {failure}"
            );
        }
    }
}
