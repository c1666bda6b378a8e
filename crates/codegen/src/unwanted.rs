//! What `-Zgateless-wish=no-floats`, `no-128-bit` and `no-atomics` share: the optimised module is searched for unwanted code, and what is found is an
//! error that names the function and the line, but for what upstream's own rules allow.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use gateless_llvm::{Instruction, Module};
use gateless_model::Result;
use serde::Deserialize;

use crate::flag::{Flag, Given, Inspected, Spelling};
use crate::ir::places;

/// Code that must not be there: one of the wishes.
pub trait Unwanted: Send + Sync + 'static {
    /// How the wish is called.
    const NAME: &'static str;
    /// How it is asked for.
    const SPELLING: &'static [Spelling];

    /// What an instruction is that must not be there, in words; nothing for others.
    fn search(instruction: Instruction<'_>) -> Result<Option<String>>;

    /// Takes it out of a library that the toolchain has compiled, as far as upstream compiles that without.
    fn leave_out(_module: &mut Module) -> Result<()> {
        Ok(())
    }
}

/// The flag that searches for such code.
pub struct Check<U>(PhantomData<U>);

impl<U> Default for Check<U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<U> PartialEq for Check<U> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<U: Unwanted> fmt::Debug for Check<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check({})", U::NAME)
    }
}

impl<U: Unwanted> Flag for Check<U> {
    fn spellings() -> &'static [Spelling] {
        U::SPELLING
    }

    fn parse(_: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self::default()))
    }

    fn needs_lines(&self) -> bool {
        true
    }

    fn rewrite_prebuilt(&self, module: &mut Module) -> Result<()> {
        U::leave_out(module)
    }

    fn inspect(&self, module: &Module) -> Result<Inspected> {
        by_rules(module, U::NAME, U::search, &RULES.allow)
    }
}

/// Upstream's rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    /// Those that allow it.
    #[serde(default)]
    allow: Vec<Rule>,
    /// What upstream compiles libraries without.
    #[serde(default)]
    left_out: Vec<LeftOut>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    /// The wish that leaves it out.
    wish: String,
    /// Beginnings of the paths of the functions.
    functions: Vec<String>,
    #[allow(dead_code, reason = "for people who read the file")]
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// The wish that it is an exception of.
    wish: String,
    #[serde(rename = "crate")]
    crate_name: String,
    /// Beginning of the paths of the functions; all functions of the crate if it is empty.
    #[serde(default)]
    function: String,
    #[allow(dead_code, reason = "for people who read the file")]
    why: String,
}

static RULES: LazyLock<Rules> =
    LazyLock::new(|| toml::from_str(include_str!("unwanted.toml")).expect("a test reads it"));

/// Whether upstream compiles a library without this function.
pub fn is_left_out(wish: &str, path: &str) -> bool {
    let rules = RULES.left_out.iter().filter(|rule| rule.wish == wish);
    let mut functions = rules.flat_map(|rule| &rule.functions);
    functions.any(|begin| path.starts_with(begin.as_str()))
}

/// [`Unwanted::search`].
type Search = fn(Instruction<'_>) -> Result<Option<String>>;

/// What of a module `search` finds and the rules don't allow for this wish.
fn by_rules(module: &Module, wish: &str, search: Search, rules: &[Rule]) -> Result<Inspected> {
    let source = module.source_name()?;
    let crate_name = source.split('.').next().unwrap_or_default();
    let rules = rules.iter();
    let rules = rules.filter(|rule| rule.wish == wish && rule.crate_name == crate_name);
    let allowed: Vec<_> = rules.map(|rule| rule.function.as_str()).collect();
    let mut inspected = Inspected::default();
    for function in module.functions()? {
        let path = places::readable(&function.name()?);
        if allowed.iter().any(|allowed| path.starts_with(allowed)) {
            continue;
        }
        let mut found: BTreeMap<String, Vec<Instruction<'_>>> = BTreeMap::new();
        for instruction in function.instructions()? {
            if let Some(name) = search(instruction)? {
                found.entry(name).or_default().push(instruction);
            }
        }
        for (name, all) in found {
            let first = places::chain(all[0])?;
            let place = match all.len() {
                1 => format!("at {first}"),
                count => format!("in {count} places, the first at {first}"),
            };
            inspected
                .refused
                .push(format!("{path} of the crate {crate_name}: {name} {place}"));
        }
    }
    Ok(inspected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    const CODE: &str = "source_filename = \"driver.0-cgu.0\"\n\
        define i8 @_RNvCs1_6driver3one(i8 %a) { %r = add i8 %a, %a\n ret i8 %r }\n\
        define i8 @_RNvCs1_6driver3two(i8 %a) { %r = add i8 %a, %a\n %s = add i8 %r, 1\n ret i8 %s }";

    fn additions(instruction: Instruction<'_>) -> Result<Option<String>> {
        let text = instruction.to_text()?;
        Ok(text.contains(" add ").then(|| "an addition".to_owned()))
    }

    fn refused(wish: &str, rules: &str) -> Vec<String> {
        let rules: Rules = toml::from_str(rules).unwrap();
        let module = Fixture::x86(CODE).module();
        by_rules(&module, wish, additions, &rules.allow)
            .unwrap()
            .refused
    }

    #[test]
    fn each_function_is_named_once_with_how_often_and_where_first() {
        assert_eq!(
            refused("no-additions", ""),
            [
                "driver::one of the crate driver: an addition at an unknown line of driver::one",
                "driver::two of the crate driver: an addition in 2 places, the first at an unknown line of driver::two"
            ]
        );
    }

    #[test]
    fn a_rule_allows_one_wish_in_the_functions_of_one_crate() {
        let left = |rule: &str| {
            let rule = format!("[[allow]]\nwhy = \"\"\nwish = \"no-additions\"\n{rule}");
            refused("no-additions", &rule).len()
        };
        assert_eq!(left("crate = \"driver\""), 0);
        assert_eq!(left("crate = \"other\""), 2);
        assert_eq!(left("crate = \"driver\"\nfunction = \"driver::two\""), 1);
        let other = "[[allow]]\nwhy = \"\"\nwish = \"no-floats\"\ncrate = \"driver\"";
        assert_eq!(refused("no-additions", other).len(), 2);
    }

    #[test]
    fn the_rules_can_be_read_and_each_says_why() {
        assert!(RULES.allow.iter().all(|rule| rule.why.len() > 20));
        assert!(RULES.left_out.iter().all(|rule| rule.why.len() > 20));
        assert!(is_left_out("no-floats", "<f32 as core::fmt::Debug>::fmt"));
        assert!(!is_left_out("no-floats", "<u32 as core::fmt::Debug>::fmt"));
    }
}
