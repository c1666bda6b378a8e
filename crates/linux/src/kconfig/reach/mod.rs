//! What has to be asked for so that an option can be on: the option, what it depends on, and what selects that which has no prompt.
//!
//! Kconfig has the last word: what is found here is asked for, and the resulting .config is checked. Expressions that only Kconfig
//! can evaluate (macro calls, strings, numbers) are assumed to be true.

mod expressions;

use std::collections::BTreeMap;

use super::expression::Tri;
use super::file::{Conditional, Kind};
use super::{Symbol, Symbols};

/// The option that lets others be modules.
const MODULES: &str = "MODULES";

impl Symbol {
    /// What its dependencies have to be at least, so that it can have `value`: a bool whose dependency is a module can be on.
    fn least(&self, value: Tri) -> Tri {
        match self.entry.kind {
            Some(Kind::Tristate) => value,
            _ => Tri::Module,
        }
    }
}

/// What to ask for, and for what.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// By symbol: its value, and the option on whose behalf.
    asked: BTreeMap<String, (Tri, String)>,
    /// Symbols without a prompt that other wishes turn on.
    settled: BTreeMap<String, Tri>,
}

/// Why an option can't be on: one sentence for a person.
pub type Obstacle = String;

/// Finds plans in a tree's symbols.
pub struct Search<'a> {
    symbols: &'a Symbols,
    /// Values given by name, which stay.
    given: &'a dyn Fn(&str) -> Option<Tri>,
    /// By symbol: who selects it, with the condition.
    selectors: BTreeMap<&'a str, Vec<(&'a str, &'a Conditional<String>)>>,
}

impl Wishes {
    /// Symbol, value and the option on whose behalf, in order of the symbols.
    pub fn asked(&self) -> impl Iterator<Item = (&str, Tri, &str)> {
        self.asked
            .iter()
            .map(|(symbol, (value, of))| (symbol.as_str(), *value, of.as_str()))
    }

    fn value(&self, symbol: &str) -> Option<Tri> {
        let wish = self.asked.get(symbol).map(|(value, _)| *value);
        wish.or_else(|| self.settled.get(symbol).copied())
    }
}

impl<'a> Search<'a> {
    /// A search in `symbols`; `given` tells the values given by name.
    pub fn new(symbols: &'a Symbols, given: &'a dyn Fn(&str) -> Option<Tri>) -> Self {
        let mut selectors: BTreeMap<&str, Vec<(&str, &Conditional<String>)>> = BTreeMap::new();
        for (name, entries) in symbols.iter() {
            for select in entries.iter().flat_map(|one| &one.entry.selects) {
                selectors
                    .entry(&select.value)
                    .or_default()
                    .push((name, select));
            }
        }
        Self {
            symbols,
            given,
            selectors,
        }
    }

    /// Adds what `option` needs to the wishes: as a module where it can be one, else built in. They stay as they were if that fails.
    pub fn add(&self, option: &str, wishes: &mut Wishes) -> Result<(), Obstacle> {
        let is_tristate = self.symbols.option_kind(option) == Some(Kind::Tristate);
        let mut tries = vec![Tri::Yes];
        if is_tristate {
            tries.insert(0, Tri::Module);
        }
        let mut first = None;
        for value in tries {
            let mut attempt = wishes.clone();
            let mut trail = vec![option.to_owned()];
            let found = match value {
                Tri::Module => self.ask(MODULES, Tri::Yes, &mut attempt, &mut trail),
                _ => Ok(()),
            };
            match found.and_then(|()| self.set(option, value, &mut attempt, &mut trail)) {
                Ok(()) => {
                    *wishes = attempt;
                    return Ok(());
                }
                Err(obstacle) => first = first.or(Some(obstacle)),
            }
        }
        Err(first.unwrap_or_default())
    }

    /// Makes `name` at least `value`; `trail` are the symbols on whose behalf, the option first.
    fn ask(
        &self,
        name: &str,
        value: Tri,
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
    ) -> Result<(), Obstacle> {
        if wishes.value(name).is_some_and(|known| known >= value) {
            return Ok(());
        }
        if trail.iter().any(|known| known == name) {
            return Err(format!("{name} needs itself"));
        }
        trail.push(name.to_owned());
        let found = self.set(name, value, wishes, trail);
        trail.pop();
        found
    }

    fn set(
        &self,
        name: &str,
        value: Tri,
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
    ) -> Result<(), Obstacle> {
        let entries = self.symbols.entries(name);
        if entries.is_empty() {
            return Err(format!(
                "no Kconfig file of this tree and architecture defines {name}"
            ));
        }
        if let Some(given) = (self.given)(name) {
            if given < value {
                return Err(format!("{name}={} was asked for by name", given.letter()));
            }
        } else if wishes.value(name) == Some(Tri::No) {
            return Err(format!("{name} has to be off for {}", wishes.asked[name].1));
        }
        let mut obstacle = String::new();
        for entry in entries.iter().filter(|one| one.entry.kind.is_some()) {
            let mut attempt = wishes.clone();
            match self.by_entry(name, entry, value, &mut attempt, trail) {
                Ok(()) => {
                    *wishes = attempt;
                    return Ok(());
                }
                Err(found) if obstacle.is_empty() => obstacle = found,
                Err(_) => {}
            }
        }
        self.by_select(name, value, wishes, trail)
            .map_err(|found| if obstacle.is_empty() { found } else { obstacle })
    }

    /// Through the entry's prompt, or through one of its defaults.
    fn by_entry(
        &self,
        name: &str,
        entry: &Symbol,
        value: Tri,
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
    ) -> Result<(), Obstacle> {
        if let Some(prompt) = &entry.entry.prompt {
            // An option's dependencies are built in where they can be, so that whoever asks for `=y` is served as well.
            let values = match trail.len() {
                1 => [value, value],
                _ => [Tri::Yes, value],
            };
            for wish in values {
                let mut attempt = wishes.clone();
                let found = self
                    .require(&entry.dependency(), entry.least(wish), &mut attempt, trail)
                    .and_then(|()| {
                        self.require_if(prompt.condition.as_ref(), Tri::Module, &mut attempt, trail)
                    });
                if found.is_ok() {
                    *wishes = attempt;
                    self.note(name, wish, wishes, trail);
                    return Ok(());
                }
            }
        }
        self.require(&entry.dependency(), entry.least(value), wishes, trail)?;
        let mut obstacle = format!("{name} has no prompt and no default");
        for default in &entry.entry.defaults {
            let mut attempt = wishes.clone();
            let found = self
                .require_if(default.condition.as_ref(), value, &mut attempt, trail)
                .and_then(|()| self.require(&default.value, value, &mut attempt, trail));
            match found {
                Ok(()) => {
                    *wishes = attempt;
                    wishes.settled.insert(name.to_owned(), value);
                    return Ok(());
                }
                Err(found) => obstacle = found,
            }
        }
        Err(obstacle)
    }

    /// Puts a symbol with a prompt into the wishes; what is given by name need not be asked for.
    fn note(&self, name: &str, value: Tri, wishes: &mut Wishes, trail: &[String]) {
        match (self.given)(name) {
            Some(given) => {
                wishes.settled.insert(name.to_owned(), given);
            }
            None => {
                wishes
                    .asked
                    .insert(name.to_owned(), (value, trail[0].clone()));
            }
        }
    }

    /// Through the symbol that selects it and needs the fewest wishes.
    fn by_select(
        &self,
        name: &str,
        value: Tri,
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
    ) -> Result<(), Obstacle> {
        // A bool that a module selects is on.
        let least = match self.symbols.option_kind(name) {
            Some(Kind::Bool) => Tri::Module,
            _ => value,
        };
        let mut best: Option<Wishes> = None;
        for (selector, select) in self.selectors.get(name).into_iter().flatten() {
            let mut attempt = wishes.clone();
            let found = self
                .ask(selector, least, &mut attempt, trail)
                .and_then(|()| {
                    self.require_if(select.condition.as_ref(), least, &mut attempt, trail)
                });
            let is_better = |best: &Wishes| attempt.asked.len() < best.asked.len();
            if found.is_ok() && best.as_ref().is_none_or(is_better) {
                let is_free = attempt.asked.len() == wishes.asked.len();
                best = Some(attempt);
                if is_free {
                    break;
                }
            }
        }
        let mut best = best.ok_or_else(|| {
            format!("{name} has no prompt, and nothing that can be on selects it")
        })?;
        best.settled.insert(name.to_owned(), value);
        *wishes = best;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
config MODULES
\tbool \"modules\"
config RUST
\tbool \"rust\"
\tdepends on HAVE_RUST && (!MODVERSIONS || GENKSYMS)
config HAVE_RUST
\tbool
config ARCH
\tdef_bool y
\tselect HAVE_RUST if WIDE
config WIDE
\tbool \"wide\" if \"$(ARCH)\" = \"x86\"
config MODVERSIONS
\tbool \"versions\"
config BUS
\ttristate \"bus\"
config CORE
\tbool
config HEAVY
\tbool \"h\"
\tdepends on BUS && WIDE && OTHER
\tselect CORE
config LIGHT
\tbool \"l\"
\tselect CORE
config OTHER
\tbool \"o\"
config DRIVER
\ttristate \"d\"
\tdepends on RUST
\tselect HIDDEN
config HIDDEN
\tbool
config MODULE
\ttristate \"m\"
\tdepends on RUST && BUS && CORE
config BUILT_IN
\tbool \"b\"
\tdepends on RUST && BUS=y && !OTHER && (ARM || COMPILE_TEST)
config COMPILE_TEST
\tbool \"c\"
config ARM_ONLY
\ttristate \"a\"
\tdepends on RUST && ARM
config LOOP
\tbool
\tdepends on LOOP2
config LOOP2
\tbool \"loop\"
\tdepends on LOOP
config NEEDS_OTHER
\tbool \"n\"
\tdepends on OTHER
";

    fn added(options: &[&str], given: &[(&str, Tri)]) -> (Vec<String>, Vec<Obstacle>) {
        let symbols = Symbols::of_text(TEXT, "Kconfig").unwrap();
        let given = |name: &str| {
            given
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        };
        let search = Search::new(&symbols, &given);
        let mut wishes = Wishes::default();
        let obstacles = options
            .iter()
            .filter_map(|option| search.add(option, &mut wishes).err())
            .collect();
        let wishes = wishes
            .asked()
            .map(|(symbol, value, of)| format!("{symbol}={} {of}", value.letter()));
        (wishes.collect(), obstacles)
    }

    #[test]
    fn a_module_gets_its_dependencies_and_the_cheapest_selector() {
        let (wishes, obstacles) = added(&["MODULE"], &[]);
        assert!(obstacles.is_empty(), "{obstacles:?}");
        assert_eq!(
            wishes,
            [
                "BUS=y MODULE",
                "LIGHT=y MODULE",
                "MODULE=m MODULE",
                "MODULES=y MODULE",
                "MODVERSIONS=n MODULE",
                "RUST=y MODULE",
                "WIDE=y MODULE"
            ]
        );
    }

    #[test]
    fn a_module_that_selects_an_option_stays_a_module() {
        let (wishes, obstacles) = added(&["DRIVER", "HIDDEN"], &[]);
        assert!(obstacles.is_empty(), "{obstacles:?}");
        assert!(wishes.contains(&"DRIVER=m DRIVER".to_owned()), "{wishes:?}");
    }

    #[test]
    fn what_was_given_by_name_stays_and_is_named_as_the_obstacle() {
        let (wishes, obstacles) = added(&["MODULE"], &[("BUS", Tri::No), ("RUST", Tri::Yes)]);
        assert!(
            wishes.is_empty(),
            "a failed attempt must leave nothing behind: {wishes:?}"
        );
        assert_eq!(obstacles, ["BUS=n was asked for by name"]);
        let (wishes, obstacles) = added(&["MODULE"], &[("MODVERSIONS", Tri::No)]);
        assert!(obstacles.is_empty() && !wishes.iter().any(|wish| wish.starts_with("MODVERSIONS")));
    }

    #[test]
    fn what_one_option_needs_off_no_other_turns_on() {
        let (wishes, obstacles) = added(&["BUILT_IN", "NEEDS_OTHER"], &[]);
        assert!(
            wishes.contains(&"OTHER=n BUILT_IN".to_owned()),
            "{wishes:?}"
        );
        assert!(
            wishes.contains(&"COMPILE_TEST=y BUILT_IN".to_owned()),
            "{wishes:?}"
        );
        assert_eq!(obstacles, ["OTHER has to be off for BUILT_IN"]);
    }

    #[test]
    fn what_cannot_be_on_is_said_with_its_reason() {
        let (_, obstacles) = added(&["ARM_ONLY", "LOOP"], &[]);
        assert_eq!(
            obstacles,
            [
                "no Kconfig file of this tree and architecture defines ARM",
                "LOOP needs itself"
            ]
        );
    }
}
