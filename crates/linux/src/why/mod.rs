//! Why a symbol is off in a configuration: which of its dependencies are false, down to what can be changed, and the smallest change
//! that turns it on.
//!
//! Pure: from the tree's Kconfig and a .config. What only a macro call decides (`$(success,...)`) is what the configuration recorded.

mod answer;
mod draft;
mod parts;
mod search;
mod text;

use std::collections::BTreeSet;

use crate::DotConfig;
use crate::kconfig::Symbols;
use crate::kconfig::expression::{Expression, Tri};
use crate::kconfig::file::{Conditional, Dependency, Origin, Place};

pub use answer::{Answer, Off, On, Term};
pub use draft::{Change, Outside};
use parts::{call_in, conjuncts, disjuncts, named, positive, wish};
use search::Search;

/// How many symbols that select another are looked at one by one, and how many similar names are told.
const FEW: usize = 5;

/// Names that are like this one, the most similar first.
fn nearest(symbols: &Symbols, name: &str) -> Vec<String> {
    let wanted = name.to_ascii_uppercase();
    let mut near: Vec<(f64, &str)> = symbols
        .iter()
        .map(|(known, _)| (strsim::jaro_winkler(known, &wanted), known))
        .filter(|(closeness, _)| *closeness > 0.85)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    let near = near.into_iter().take(FEW);
    near.map(|(_, name)| name.to_owned()).collect()
}

/// Answers questions about one configuration.
pub struct Why<'a> {
    search: Search<'a>,
    symbols: &'a Symbols,
    config: &'a DotConfig,
}

/// Symbols that are explained already, further up.
type Seen = BTreeSet<String>;

impl<'a> Why<'a> {
    /// Questions about `config`, a configuration of the tree and architecture of `symbols`.
    pub fn new(symbols: &'a Symbols, config: &'a DotConfig) -> Self {
        Self {
            search: Search::new(symbols, config),
            symbols,
            config,
        }
    }

    /// What the configuration says about the symbol, with or without `CONFIG_`.
    pub fn explain(&self, symbol: &str) -> Answer {
        let name = symbol.strip_prefix("CONFIG_").unwrap_or(symbol);
        if self.symbols.entries(name).is_empty() {
            return Answer::Unknown {
                symbol: name.to_owned(),
                nearest: nearest(self.symbols, name),
            };
        }
        if !self.config.is_set(name) {
            return Answer::Off(self.off(name));
        }
        let is_option = self.symbols.option_kind(name).is_some();
        Answer::On(On {
            symbol: name.to_owned(),
            value: self.config.get(name).unwrap_or_default().to_owned(),
            places: self.places(name),
            because: self.because_on(name),
            change: is_option
                .then(|| told(self.search.for_off(name)).0)
                .flatten(),
        })
    }

    fn places(&self, name: &str) -> Vec<String> {
        let entries = self.symbols.entries(name).iter();
        entries.map(|one| one.entry.place.to_string()).collect()
    }

    fn off(&self, name: &str) -> Off {
        let mut entries = self.symbols.entries(name).iter();
        let prompt = entries.find_map(|one| one.entry.prompt.as_ref());
        let is_option = self.symbols.option_kind(name).is_some();
        let (change, obstacle) = match is_option {
            true => told(self.search.for_on(name)),
            false => (
                None,
                Some("it is a number or a text, which is left out as long as its dependencies are false".to_owned()),
            ),
        };
        Off {
            symbol: name.to_owned(),
            places: self.places(name),
            prompt: prompt.map(|prompt| prompt.value.clone()),
            terms: self.terms(name, &mut Seen::from([name.to_owned()])),
            change,
            obstacle,
        }
    }

    /// What keeps a symbol that is off from being on.
    fn terms(&self, name: &str, seen: &mut Seen) -> Vec<Term> {
        let entries = self.symbols.entries(name).iter();
        let real: Vec<_> = entries.filter(|one| one.entry.kind.is_some()).collect();
        let mut ways = real.iter().map(|one| {
            let mut terms = Vec::new();
            for dependency in one.depends().chain(&one.visible) {
                self.of_dependency(dependency, &mut terms, seen);
            }
            match &one.entry.prompt {
                Some(prompt) => self.of_condition(prompt, &mut terms, seen),
                None if terms.is_empty() => terms.extend(self.hidden(name, seen)),
                None => {}
            }
            terms
        });
        // Of several definitions the one that lacks least is the one to follow.
        let first = ways.next().unwrap_or_default();
        ways.fold(first, |best, other| match other.len() < best.len() {
            true => other,
            false => best,
        })
    }

    fn of_dependency(&self, dependency: &Dependency, terms: &mut Vec<Term>, seen: &mut Seen) {
        let mut found = self.failed(&dependency.expression, &dependency.place, seen);
        let around = match dependency.origin {
            Origin::Entry => None,
            Origin::If => Some("by the `if` around it"),
            Origin::Menu => Some("by the menu around it"),
            Origin::Choice => Some("by its choice"),
        };
        for term in &mut found {
            term.because.splice(0..0, around.map(str::to_owned));
        }
        terms.append(&mut found);
    }

    fn of_condition<T>(&self, line: &Conditional<T>, terms: &mut Vec<Term>, seen: &mut Seen) {
        if let Some(condition) = &line.condition {
            let mut found = self.failed(condition, &line.place, seen);
            for term in &mut found {
                term.because
                    .insert(0, "its prompt depends on it".to_owned());
            }
            terms.append(&mut found);
        }
    }

    /// What would turn on a symbol without a prompt: one of its defaults, or one of the symbols that select it.
    fn hidden(&self, name: &str, seen: &mut Seen) -> Option<Term> {
        let entries = self.symbols.entries(name);
        let mut below = Vec::new();
        let mut place = None;
        for default in entries.iter().flat_map(|one| &one.entry.defaults) {
            place = place.or(Some(&default.place));
            let all = [Some(&default.value), default.condition.as_ref()];
            if let Some(call) = call_in(&default.value) {
                below.push(self.decided(name, call, &default.place));
                continue;
            }
            if default.value == Expression::Constant(Tri::No) {
                continue;
            }
            let all = Expression::all(all.into_iter().flatten().cloned());
            below.extend(self.failed_as_one(&all, &default.place, seen));
        }
        let selectors = self.search.selectors(name);
        let mut by_select: Vec<Term> = Vec::new();
        for (selector, line) in selectors.iter().take(4 * FEW) {
            let wish = Expression::Symbol((*selector).to_owned());
            let all = Expression::all([wish].into_iter().chain(line.condition.clone()));
            let mut term = self.leaf(&all, &line.place);
            if let Some(term) = &mut term {
                let failed = conjuncts(&positive(&all, false));
                let failed = failed
                    .into_iter()
                    .filter(|one| one.value(self.config) == Some(Tri::No));
                term.needs = Expression::all(failed).to_string();
                term.because = vec![format!("{selector} would select it")];
            }
            by_select.extend(term);
        }
        by_select.sort_by_key(weight);
        let left_out = selectors.len().saturating_sub(FEW);
        by_select.truncate(FEW);
        below.append(&mut by_select);
        below.sort_by_key(weight);
        let (change, obstacle) = told(self.search.for_on(name));
        let place = below
            .first()
            .map(|term| term.place.clone())
            .or(place.map(Place::to_string));
        let mut because =
            vec!["it has no prompt: a default or another symbol's `select` turns it on".to_owned()];
        if left_out > 0 {
            because.push(format!("{left_out} more symbols select it"));
        }
        Some(Term {
            needs: name.to_owned(),
            place: place.unwrap_or_else(|| self.places(name).join(", ")),
            values: self.values(&Expression::Symbol(name.to_owned())),
            because,
            any: below.len() > 1,
            below,
            change,
            obstacle,
        })
    }

    fn decided(&self, name: &str, call: &str, place: &Place) -> Term {
        let change = self.search.for_on(name);
        let (change, obstacle) = told(change);
        Term {
            needs: call.to_owned(),
            place: place.to_string(),
            values: vec![format!("{name}={}", self.config.get(name).unwrap_or("n"))],
            because: vec!["a macro decides it when Kconfig runs".to_owned()],
            any: false,
            below: Vec::new(),
            change,
            obstacle,
        }
    }

    /// The terms of an expression that are false: all of them are needed.
    fn failed(&self, expression: &Expression, place: &Place, seen: &mut Seen) -> Vec<Term> {
        let mut found = Vec::new();
        for term in conjuncts(&positive(expression, false)) {
            if term.value(self.config) == Some(Tri::No) {
                found.push(self.term(&term, place, seen));
            }
        }
        found
    }

    /// The same as one term, where it is one of several ways.
    fn failed_as_one(
        &self,
        expression: &Expression,
        place: &Place,
        seen: &mut Seen,
    ) -> Option<Term> {
        let mut failed = self.failed(expression, place, seen);
        match failed.len() {
            0 => None,
            1 => failed.pop(),
            _ => Some(Term {
                below: failed,
                ..self.leaf(expression, place)?
            }),
        }
    }

    fn leaf(&self, expression: &Expression, place: &Place) -> Option<Term> {
        if expression
            .value(self.config)
            .is_some_and(|value| value != Tri::No)
        {
            return None;
        }
        let (change, obstacle) = told(self.search.for_expression(expression));
        Some(Term {
            needs: expression.to_string(),
            place: place.to_string(),
            values: self.values(expression),
            because: Vec::new(),
            any: false,
            below: Vec::new(),
            change,
            obstacle,
        })
    }

    fn term(&self, expression: &Expression, place: &Place, seen: &mut Seen) -> Term {
        let (change, obstacle) = told(self.search.for_expression(expression));
        let mut term = Term {
            needs: expression.to_string(),
            place: place.to_string(),
            values: self.values(expression),
            because: Vec::new(),
            any: false,
            below: Vec::new(),
            change,
            obstacle,
        };
        match expression {
            Expression::Or(..) => {
                term.any = true;
                let ways = disjuncts(expression);
                let below = ways
                    .iter()
                    .filter_map(|way| self.failed_as_one(way, place, seen));
                term.below = below.collect();
                term.below.sort_by_key(weight);
            }
            _ => match wish(expression) {
                Some((name, true)) => {
                    if self.symbols.entries(name).is_empty() {
                        term.because.push(
                            "no Kconfig file of this tree and architecture defines it".to_owned(),
                        );
                    } else if seen.insert(name.to_owned()) {
                        term.below = self.terms(name, seen);
                        // A symbol without a prompt says what it is in the line above.
                        if let [hidden] = term.below.as_mut_slice()
                            && hidden.needs == name
                        {
                            let hidden = std::mem::take(&mut hidden.below);
                            term.any = hidden.len() > 1;
                            term.below = hidden;
                            term.because
                                .push("no prompt: a default or a `select` turns it on".to_owned());
                        }
                    } else {
                        term.because.push("see above".to_owned());
                    }
                }
                Some((name, false)) => term.because.extend(self.because_on(name)),
                None => term.because.extend(self.because_compared(expression)),
            },
        }
        term
    }

    /// The symbols of an expression with their values.
    fn values(&self, expression: &Expression) -> Vec<String> {
        let mut names = Vec::new();
        named(expression, &mut names);
        let value = |name| format!("{name}={}", self.config.get(name).unwrap_or("n"));
        names.into_iter().map(value).collect()
    }

    /// What made a symbol what it is.
    fn because_on(&self, name: &str) -> Vec<String> {
        let mut because = Vec::new();
        let holds = |condition: Option<&Expression>| {
            condition.is_none_or(|one| one.value(self.config) != Some(Tri::No))
        };
        let selectors = self.search.selectors(name).iter();
        let selectors: Vec<_> = selectors
            .filter(|(selector, line)| {
                self.config.is_on(selector) && holds(line.condition.as_ref())
            })
            .collect();
        for (selector, line) in selectors.iter().take(FEW) {
            because.push(format!(
                "{selector}={} selects it ({})",
                self.config.get(selector).unwrap_or("n"),
                line.place
            ));
        }
        if selectors.len() > FEW {
            because.push(format!("so do {} more", selectors.len() - FEW));
        }
        let entries = self.symbols.entries(name);
        if entries.iter().any(|one| one.entry.prompt.is_some()) {
            if selectors.is_empty() {
                let is_chosen = entries.iter().any(|one| one.choice.is_some());
                because.push(match is_chosen {
                    true => "chosen in .config".to_owned(),
                    false => "set in .config".to_owned(),
                });
            }
            return because;
        }
        let defaults = entries.iter().flat_map(|one| &one.entry.defaults);
        let active = defaults.into_iter().find(|default| {
            holds(default.condition.as_ref()) && default.value.value(self.config) != Some(Tri::No)
        });
        if let Some(default) = active {
            let text = match &default.condition {
                None => default.value.to_string(),
                Some(condition) => format!("{} if {condition}", default.value),
            };
            because.push(format!("its default is {text} ({})", default.place));
        }
        because
    }

    /// What decides the symbol of a comparison.
    fn because_compared(&self, expression: &Expression) -> Vec<String> {
        let mut names = Vec::new();
        named(expression, &mut names);
        let entries = names.iter().flat_map(|name| self.symbols.entries(name));
        let defaults = entries.flat_map(|one| &one.entry.defaults);
        let calls = defaults.filter_map(|default| {
            let call = call_in(&default.value)?;
            Some(format!("decided by {call} ({})", default.place))
        });
        calls.collect()
    }
}

fn told(found: Result<draft::Draft, String>) -> (Option<Change>, Option<String>) {
    match found {
        Ok(draft) => (Some(draft.into_change()), None),
        Err(obstacle) => (None, Some(obstacle)),
    }
}

/// How much a term's change takes; those without one come last.
fn weight(term: &Term) -> (bool, usize, usize) {
    match &term.change {
        None => (true, 0, 0),
        Some(change) => (false, change.outside.len(), change.lines.len()),
    }
}

#[cfg(test)]
mod tests;
