//! The oldest rustc with which a tree's Kconfig has Rust for an architecture at all.
//!
//! `RUSTC_VERSION` is the compiler's version as one number, 108800 for 1.88.0 (scripts/rustc-version.sh). Conditions on it are looked for
//! where `RUST` hangs from: its dependencies, the selects of what it depends on, and the dependencies of symbols in their conditions.

use crate::kconfig::Symbols;
use crate::kconfig::expression::{Comparison, Expression, Operand, Tri};
use gateless_model::Version;

const RUST: &str = "RUST";
const RUSTC_VERSION: &str = "RUSTC_VERSION";

/// The version; none if Kconfig asks for none.
pub fn minimum(symbols: &Symbols) -> Option<Version> {
    of_symbol(symbols, RUST, &mut Vec::new()).map(Version::from_code)
}

/// What a symbol needs to be on; `trail` are the symbols that are being asked already.
fn of_symbol(symbols: &Symbols, name: &str, trail: &mut Vec<String>) -> Option<u32> {
    if trail.iter().any(|known| known == name) {
        return None;
    }
    trail.push(name.to_owned());
    let own = symbols
        .entries(name)
        .iter()
        .map(|entry| of_expression(symbols, &entry.dependency(), trail))
        .min()
        .flatten();
    let way = ways(symbols, name)
        .iter()
        .map(|needed| of_expression(symbols, needed, trail))
        .min()
        .flatten();
    trail.pop();
    own.max(way)
}

/// How a symbol that nobody can set gets on, one of which is enough: its defaults, and other symbols; each as what has to hold.
fn ways(symbols: &Symbols, name: &str) -> Vec<Expression> {
    let entries = symbols.entries(name).iter().map(|one| &one.entry);
    if entries.clone().any(|entry| entry.prompt.is_some()) {
        return Vec::new();
    }
    let by_default = entries
        .flat_map(|entry| &entry.defaults)
        .filter(|default| default.value != Expression::Constant(Tri::No))
        .map(|default| {
            Expression::all(
                [default.value.clone()]
                    .into_iter()
                    .chain(default.condition.clone()),
            )
        });
    let selects = symbols.selects_of(name);
    by_default
        .chain(selects.map(|(_, select)| Expression::all(select.condition.clone())))
        .collect()
}

fn of_expression(
    symbols: &Symbols,
    expression: &Expression,
    trail: &mut Vec<String>,
) -> Option<u32> {
    match expression {
        Expression::Symbol(name) => of_symbol(symbols, name, trail),
        Expression::And(one, other) => {
            let one = of_expression(symbols, one, trail);
            one.max(of_expression(symbols, other, trail))
        }
        Expression::Or(one, other) => {
            let one = of_expression(symbols, one, trail);
            one.min(of_expression(symbols, other, trail))
        }
        Expression::Compare(left, comparison, right) => version(left, *comparison, right),
        _ => None,
    }
}

/// `RUSTC_VERSION >= 108800`.
fn version(left: &Operand, comparison: Comparison, right: &Operand) -> Option<u32> {
    let (Operand::Symbol(name), Operand::Text(number)) = (left, right) else {
        return None;
    };
    match comparison {
        _ if name != RUSTC_VERSION => None,
        Comparison::GreaterEqual => number.parse().ok(),
        Comparison::Greater => number.parse::<u32>().ok()?.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Version> {
        minimum(&Symbols::of_text(text, "Kconfig").unwrap())
    }

    const RUST: &str =
        "config RUST\n\tbool \"Rust\"\n\tdepends on HAVE_RUST\nconfig HAVE_RUST\n\tbool\n";

    #[test]
    fn a_condition_of_the_architecture_is_found_behind_the_select() {
        let text = format!(
            "{RUST}config VAX\n\tdef_bool y\n\tselect HAVE_RUST if SUPPORTED && !KASAN\n\
             config SUPPORTED\n\tdef_bool y\n\tdepends on RUSTC_VERSION >= 109601\n"
        );
        assert_eq!(of(&text), Some(Version::new(1, 96, 1)));
    }

    #[test]
    fn a_default_that_asks_for_a_version_counts() {
        let text = format!(
            "{RUST}config VAX\n\tdef_bool y\n\tselect HAVE_RUST if SUPPORTED\nconfig SUPPORTED\n\tdef_bool RUSTC_VERSION >= 109600\n"
        );
        assert_eq!(of(&text), Some(Version::new(1, 96, 0)));
    }

    #[test]
    fn the_easier_of_two_ways_counts() {
        let text = format!(
            "{RUST}config A\n\tdef_bool y\n\tselect HAVE_RUST if RUSTC_VERSION >= 109700\n\
             config B\n\tdef_bool y\n\tselect HAVE_RUST if RUSTC_VERSION >= 109600 || OTHER\n"
        );
        assert_eq!(of(&text), None, "with OTHER every version will do");
        let text = text.replace(" || OTHER", "");
        assert_eq!(of(&text), Some(Version::new(1, 96, 0)));
    }

    #[test]
    fn versions_that_only_other_options_want_are_nothing_to_rust() {
        let text =
            format!("{RUST}config X\n\tbool \"x\"\n\tdepends on RUST && RUSTC_VERSION >= 109900\n");
        assert_eq!(of(&text), None);
        let text = text.replace(
            "depends on HAVE_RUST",
            "depends on HAVE_RUST && (!S || RUSTC_VERSION >= 109900)",
        );
        assert_eq!(of(&text), None, "without S every version will do");
    }
}
