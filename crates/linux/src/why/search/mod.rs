//! The smallest change of a configuration that makes an expression true, or a symbol on or off.
//!
//! It goes from the goal down: a symbol with a prompt becomes a line once its dependencies hold; one without is reached through its
//! defaults and through what selects it. Of alternatives the one with the fewest lines is taken. What a symbol turns on by `select`
//! follows it, so that a change which would undo itself is no answer.

mod expressions;
mod off;
mod on;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, View};
use super::parts::conjuncts;
use crate::DotConfig;
use crate::kconfig::expression::{Expression, Tri, Values};
use crate::kconfig::file::{Conditional, Kind};
use crate::kconfig::{Symbol, Symbols};

/// Why there is no change: one sentence.
pub(super) type Obstacle = String;
type Found = Result<(), Obstacle>;
type Lines<'a> = BTreeMap<&'a str, Vec<(&'a str, &'a Conditional<String>)>>;

/// The option that lets others be modules.
const MODULES: &str = "MODULES";
/// Symbols looked at for one goal; trees of alternatives are deep.
const STEPS: usize = 20_000;
/// Symbols on whose behalf one is looked at.
const DEPTH: usize = 16;
/// How often the steps are repeated, since a later one may undo an earlier one.
const ROUNDS: usize = 4;

/// Finds changes of one configuration.
pub(super) struct Search<'a> {
    pub(super) symbols: &'a Symbols,
    pub(super) config: &'a DotConfig,
    selectors: Lines<'a>,
    impliers: Lines<'a>,
    /// How many symbols that are on depend on a symbol.
    dependants: BTreeMap<String, usize>,
    steps: Cell<usize>,
}

impl<'a> Search<'a> {
    pub(super) fn new(symbols: &'a Symbols, config: &'a DotConfig) -> Self {
        let (mut selectors, mut impliers) = (Lines::new(), Lines::new());
        for (name, entries) in symbols.iter() {
            for entry in entries.iter().map(|one| &one.entry) {
                for line in &entry.selects {
                    selectors.entry(&line.value).or_default().push((name, line));
                }
                for line in &entry.implies {
                    impliers.entry(&line.value).or_default().push((name, line));
                }
            }
        }
        Self {
            symbols,
            config,
            selectors,
            impliers,
            dependants: dependants(symbols, config),
            steps: Cell::new(0),
        }
    }

    /// Who selects the symbol.
    pub(super) fn selectors(&self, name: &str) -> &[(&'a str, &'a Conditional<String>)] {
        self.selectors.get(name).map_or(&[], Vec::as_slice)
    }

    /// What makes an expression hold.
    pub(super) fn for_expression(&self, expression: &Expression) -> Result<Draft, Obstacle> {
        self.settled(|draft| self.require(expression, Tri::Module, draft, &mut Vec::new()))
    }

    /// What turns a symbol on: built in, or a module where that takes less.
    pub(super) fn for_on(&self, name: &str) -> Result<Draft, Obstacle> {
        let on = |value| self.settled(|draft| self.on(name, value, draft, &mut Vec::new()));
        let built_in = on(Tri::Yes);
        if self.symbols.option_kind(name) != Some(Kind::Tristate) {
            return built_in;
        }
        match (built_in, on(Tri::Module)) {
            (Ok(one), Ok(other)) if other.cost() < one.cost() => Ok(other),
            (Err(_), Ok(module)) => Ok(module),
            (built_in, _) => built_in,
        }
    }

    /// What turns a symbol off.
    pub(super) fn for_off(&self, name: &str) -> Result<Draft, Obstacle> {
        self.settled(|draft| self.off(name, draft, &mut Vec::new()))
    }

    fn settled(&self, step: impl Fn(&mut Draft) -> Found) -> Result<Draft, Obstacle> {
        self.steps.set(0);
        let mut draft = Draft::default();
        for _ in 0..ROUNDS {
            let before = draft.cost();
            step(&mut draft)?;
            if draft.cost() == before {
                break;
            }
        }
        Ok(draft)
    }

    fn view<'p>(&'p self, draft: &'p Draft) -> View<'p> {
        View {
            config: self.config,
            draft,
        }
    }

    fn value(&self, expression: &Expression, draft: &Draft) -> Option<Tri> {
        expression.value(&self.view(draft))
    }

    fn holds(&self, condition: Option<&Expression>, draft: &Draft) -> bool {
        condition.is_none_or(|one| self.value(one, draft) != Some(Tri::No))
    }

    /// Whether a person can set the symbol through this entry.
    fn is_asked(&self, one: &Symbol, draft: &Draft) -> bool {
        let Some(prompt) = &one.entry.prompt else {
            return false;
        };
        let visible = one.visible.iter().map(|dependency| &dependency.expression);
        self.holds(Some(&one.dependency()), draft)
            && self.holds(prompt.condition.as_ref(), draft)
            && visible
                .into_iter()
                .all(|expression| self.holds(Some(expression), draft))
    }

    fn enter(&self, name: &str, draft: &Draft, trail: &mut Vec<String>) -> Found {
        self.steps.set(self.steps.get() + 1);
        if trail.iter().any(|known| known == name) {
            return Err(format!("{name} needs itself"));
        }
        if draft.limit.is_some_and(|limit| draft.cost() >= limit) {
            return Err(format!("{name} takes more than another way"));
        }
        if trail.len() >= DEPTH || self.steps.get() > STEPS {
            return Err(format!("{name} is too far down to be followed"));
        }
        trail.push(name.to_owned());
        Ok(())
    }

    /// The cheapest of some ways.
    fn best(
        draft: &mut Draft,
        none: impl FnOnce() -> Obstacle,
        ways: impl Iterator<Item = impl FnOnce(&mut Draft) -> Found>,
    ) -> Found {
        let mut best: Option<Draft> = None;
        let mut first = None;
        for way in ways {
            let mut attempt = draft.clone();
            attempt.limit = best.as_ref().map(Draft::cost).or(draft.limit);
            match way(&mut attempt) {
                Ok(()) => {
                    let is_free = attempt.cost() == draft.cost();
                    if best
                        .as_ref()
                        .is_none_or(|best| attempt.cost() < best.cost())
                    {
                        best = Some(attempt);
                    }
                    if is_free {
                        break;
                    }
                }
                Err(obstacle) => first = first.or(Some(obstacle)),
            }
        }
        match best {
            Some(mut best) => {
                best.limit = draft.limit;
                *draft = best;
                Ok(())
            }
            None => Err(first.unwrap_or_else(none)),
        }
    }

    fn view_tri(&self, name: &str, draft: &Draft) -> Tri {
        self.view(draft).tri(name).unwrap_or(Tri::No)
    }
}

/// How many symbols that are on depend on each symbol by name; modules depend on what allows modules.
fn dependants(symbols: &Symbols, config: &DotConfig) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for (name, entries) in symbols.iter().filter(|(name, _)| config.is_on(name)) {
        let mut needed: BTreeSet<String> = entries
            .iter()
            .flat_map(Symbol::depends)
            .flat_map(|dependency| conjuncts(&dependency.expression))
            .filter_map(|one| match one {
                Expression::Symbol(name) => Some(name),
                _ => None,
            })
            .collect();
        if config.get(name) == Some("m") {
            needed.insert(MODULES.to_owned());
        }
        for needed in needed {
            *found.entry(needed).or_default() += 1;
        }
    }
    found
}
