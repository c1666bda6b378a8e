//! The smallest change of a configuration that makes an expression true, or a symbol on or off.
//!
//! It goes from the goal down: a symbol with a prompt becomes a line once its dependencies hold; one without is reached through its
//! defaults and through what selects it. Of alternatives the one with the fewest lines is taken. What a symbol turns on by `select`
//! follows it, so that a change which would undo itself is no answer.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Outside, View};
use super::parts::{call_in, conjuncts};
use crate::DotConfig;
use crate::kconfig::expression::{Comparison, Expression, Operand, Tri, Values, number};
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
/// How often what an earlier step broke is mended.
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
        self.mended(|draft| self.require(expression, Tri::Module, draft, &mut Vec::new()))
    }

    /// What turns a symbol on: built in, or a module where that takes less.
    pub(super) fn for_on(&self, name: &str) -> Result<Draft, Obstacle> {
        let on = |value| self.mended(|draft| self.on(name, value, draft, &mut Vec::new()));
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
        self.mended(|draft| self.off(name, draft, &mut Vec::new()))
    }

    fn mended(&self, step: impl Fn(&mut Draft) -> Found) -> Result<Draft, Obstacle> {
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

    /// Makes the symbol at least `value`.
    fn on(&self, name: &str, value: Tri, draft: &mut Draft, trail: &mut Vec<String>) -> Found {
        let value = match self.symbols.option_kind(name) {
            Some(Kind::Tristate) => value,
            _ => Tri::Yes,
        };
        let decided = draft.decided(name);
        if decided == Some(Tri::No) {
            return Err(format!("{name} has to be off as well"));
        }
        if self.value(&Expression::Symbol(name.to_owned()), draft) >= Some(value) {
            let current = self.view_tri(name, draft);
            draft.decide(name, current);
            return Ok(());
        }
        let entries = self.symbols.entries(name);
        if entries.is_empty() {
            return Err(format!(
                "no Kconfig file of this tree and architecture defines {name}"
            ));
        }
        self.enter(name, draft, trail)?;
        let is_asked = entries.iter().any(|one| one.entry.prompt.is_some());
        let found = if is_asked {
            self.by_entries(name, value, draft, trail)
                .or_else(|obstacle| {
                    self.by_selectors(name, value, draft, trail)
                        .map_err(|_| obstacle)
                })
        } else {
            Self::best(
                draft,
                || format!("{name} has no prompt, no default, and nothing selects it"),
                [true, false].into_iter().map(|by_default| {
                    let trail = trail.clone();
                    move |draft: &mut Draft| match by_default {
                        true => self.by_entries(name, value, draft, &trail),
                        false => self.by_selectors(name, value, draft, &trail),
                    }
                }),
            )
        };
        trail.pop();
        found
    }

    fn view_tri(&self, name: &str, draft: &Draft) -> Tri {
        self.view(draft).tri(name).unwrap_or(Tri::No)
    }

    fn by_entries(&self, name: &str, value: Tri, draft: &mut Draft, trail: &[String]) -> Found {
        let entries = self.symbols.entries(name).iter();
        let entries = entries.filter(|one| one.entry.kind.is_some() || one.entry.prompt.is_some());
        Self::best(
            draft,
            || format!("{name} has no type"),
            entries.map(|one| {
                let mut trail = trail.to_vec();
                move |draft: &mut Draft| self.by_entry(name, one, value, draft, &mut trail)
            }),
        )
    }

    fn by_entry(
        &self,
        name: &str,
        one: &Symbol,
        value: Tri,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
        let is_tristate = self.symbols.option_kind(name) == Some(Kind::Tristate);
        let least = if is_tristate { value } else { Tri::Module };
        for dependency in one.depends() {
            self.pin(&dependency.expression, draft);
        }
        let before = draft.cost();
        if is_tristate && value == Tri::Module {
            self.on(MODULES, Tri::Yes, draft, trail)?;
        }
        for dependency in one.depends() {
            self.require(&dependency.expression, least, draft, trail)?;
        }
        let Some(prompt) = &one.entry.prompt else {
            return self.by_default(name, one, value, before, draft, trail);
        };
        self.require_if(prompt.condition.as_ref(), least, draft, trail)?;
        for visible in &one.visible {
            self.require(&visible.expression, Tri::Module, draft, trail)?;
        }
        if let Some(choice) = one.choice.and_then(|index| self.symbols.choice(index)) {
            let condition = choice.entry.prompt.as_ref();
            let condition = condition.and_then(|prompt| prompt.condition.as_ref());
            self.require_if(condition, Tri::Module, draft, trail)?;
            for other in &choice.symbols {
                if other == name || self.view_tri(other, draft) == Tri::No {
                    continue;
                }
                if draft.decided(other).is_some_and(|tri| tri != Tri::No) {
                    return Err(format!("{other} is chosen already, in place of {name}"));
                }
                draft.set(other, Tri::No);
            }
        }
        draft.set(name, value);
        self.follow(name, draft, trail.len())
    }

    fn by_default(
        &self,
        name: &str,
        one: &Symbol,
        value: Tri,
        before: usize,
        draft: &mut Draft,
        trail: &[String],
    ) -> Found {
        let ways = one.entry.defaults.iter().enumerate().map(|(at, default)| {
            let mut trail = trail.to_vec();
            move |draft: &mut Draft| {
                let trail = &mut trail;
                // The first whose condition holds counts.
                for earlier in &one.entry.defaults[..at] {
                    match &earlier.condition {
                        None => return Err(format!("{} comes first", earlier.place)),
                        Some(condition) => self.forbid(condition, draft, trail)?,
                    }
                }
                self.require_if(default.condition.as_ref(), value, draft, trail)?;
                if let Some(call) = call_in(&default.value) {
                    draft.needs_outside(self.outside(name, name.to_owned(), call, default));
                } else {
                    self.require(&default.value, value, draft, trail)?;
                    let dependency = one.dependency();
                    if draft.cost() == before
                        && let Some(call) = call_in(&dependency)
                    {
                        // Everything else holds, and yet it is off.
                        draft.needs_outside(self.outside(name, name.to_owned(), call, default));
                    }
                }
                draft.decide(name, value);
                self.follow(name, draft, trail.len())
            }
        });
        Self::best(
            draft,
            || format!("{name} has no prompt and no default"),
            ways,
        )
    }

    fn by_selectors(&self, name: &str, value: Tri, draft: &mut Draft, trail: &[String]) -> Found {
        let is_tristate = self.symbols.option_kind(name) == Some(Kind::Tristate);
        // A bool that a module selects is on.
        let least = if is_tristate { value } else { Tri::Module };
        let implied = self.impliers.get(name).into_iter().flatten();
        let ways = self.selectors(name).iter().chain(implied);
        Self::best(
            draft,
            || format!("{name} has no prompt, and nothing selects it"),
            ways.map(|(selector, line)| {
                let mut trail = trail.to_vec();
                move |draft: &mut Draft| {
                    self.on(selector, least, draft, &mut trail)?;
                    self.require_if(line.condition.as_ref(), least, draft, &mut trail)?;
                    draft.decide(name, value);
                    self.follow(name, draft, trail.len())
                }
            }),
        )
    }

    /// Turns on what the symbol selects.
    fn follow(&self, name: &str, draft: &mut Draft, depth: usize) -> Found {
        if depth > 2 * DEPTH {
            return Err(format!("{name} selects too much to be followed"));
        }
        for one in self.symbols.entries(name) {
            for select in &one.entry.selects {
                let condition = select.condition.as_ref();
                let holds = condition.is_none_or(|one| self.value(one, draft) > Some(Tri::No));
                if !holds || self.view_tri(&select.value, draft) == Tri::Yes {
                    continue;
                }
                if draft.decided(&select.value) == Some(Tri::No) {
                    return Err(format!(
                        "{name} selects {}, which has to be off ({})",
                        select.value, select.place
                    ));
                }
                if self.symbols.option_kind(&select.value).is_some() {
                    draft.decide(&select.value, Tri::Yes);
                    self.follow(&select.value, draft, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps what a dependency says as it is, where it holds.
    fn pin(&self, expression: &Expression, draft: &mut Draft) {
        match expression {
            Expression::And(one, other) => {
                self.pin(one, draft);
                self.pin(other, draft);
            }
            Expression::Symbol(name) => match self.view_tri(name, draft) {
                Tri::No => {}
                tri => draft.decide(name, tri),
            },
            Expression::Not(inner) => {
                if let Expression::Symbol(name) = &**inner
                    && self.view_tri(name, draft) == Tri::No
                {
                    draft.decide(name, Tri::No);
                }
            }
            _ => {}
        }
    }

    /// Makes the symbol `n`.
    fn off(&self, name: &str, draft: &mut Draft, trail: &mut Vec<String>) -> Found {
        if self.view_tri(name, draft) == Tri::No {
            draft.decide(name, Tri::No);
            return Ok(());
        }
        if draft.decided(name).is_some() {
            return Err(format!("{name} has to be on as well"));
        }
        self.enter(name, draft, trail)?;
        let found = self.turn_off(name, draft, trail);
        trail.pop();
        found
    }

    fn turn_off(&self, name: &str, draft: &mut Draft, trail: &mut [String]) -> Found {
        draft.decide(name, Tri::No);
        let entries = self.symbols.entries(name);
        let is_asked = entries.iter().any(|one| self.is_asked(one, draft));
        let implied = self.impliers.get(name).into_iter().flatten();
        let implied = implied.filter(|_| !is_asked);
        for (selector, line) in self.selectors(name).iter().chain(implied) {
            let is_on = self.view_tri(selector, draft) != Tri::No;
            if !is_on || !self.holds(line.condition.as_ref(), draft) {
                continue;
            }
            Self::best(
                draft,
                || format!("{selector} selects {name} ({})", line.place),
                [None, line.condition.as_ref()]
                    .into_iter()
                    .enumerate()
                    .filter(|(at, condition)| *at == 0 || condition.is_some())
                    .map(|(_, condition)| {
                        let mut trail = trail.to_vec();
                        move |draft: &mut Draft| match condition {
                            None => self.off(selector, draft, &mut trail),
                            Some(condition) => {
                                draft.shift_a_condition();
                                self.forbid(condition, draft, &mut trail)
                            }
                        }
                    }),
            )?;
        }
        if let Some(one) = entries.iter().find(|one| self.is_asked(one, draft)) {
            let dependants = self.dependants.get(name).copied().unwrap_or_default();
            draft.unset(name, dependants);
            return match one.choice.and_then(|index| self.symbols.choice(index)) {
                None => Ok(()),
                Some(choice) => {
                    let others = choice.symbols.iter().filter(|other| *other != name);
                    Self::best(
                        draft,
                        || format!("{name} is the only one of its choice"),
                        others.map(|other| {
                            let mut trail = trail.to_vec();
                            move |draft: &mut Draft| self.on(other, Tri::Yes, draft, &mut trail)
                        }),
                    )
                }
            };
        }
        for one in entries {
            self.without_default(name, one, draft, trail)?;
        }
        Ok(())
    }

    /// Breaks the default that an entry has now, or a dependency of it.
    fn without_default(
        &self,
        name: &str,
        one: &Symbol,
        draft: &mut Draft,
        trail: &[String],
    ) -> Found {
        let dependency = one.dependency();
        for default in &one.entry.defaults {
            if !self.holds(Some(&dependency), draft)
                || !self.holds(default.condition.as_ref(), draft)
            {
                continue;
            }
            if self.value(&default.value, draft) == Some(Tri::No) {
                return Ok(());
            }
            if let Some(call) = call_in(&default.value) {
                draft.needs_outside(self.outside(name, format!("!{name}"), call, default));
                return Ok(());
            }
            let ways = [
                Some(&default.value),
                default.condition.as_ref(),
                Some(&dependency),
            ];
            Self::best(
                draft,
                || format!("{name} is always on ({})", default.place),
                ways.into_iter().flatten().map(|way| {
                    let mut trail = trail.to_vec();
                    move |draft: &mut Draft| self.forbid(way, draft, &mut trail)
                }),
            )?;
        }
        Ok(())
    }

    fn outside(
        &self,
        name: &str,
        needs: String,
        call: &str,
        default: &Conditional<Expression>,
    ) -> Outside {
        Outside {
            needs,
            recorded: format!("{name}={}", self.config.get(name).unwrap_or("n")),
            decided_by: call.to_owned(),
            place: default.place.to_string(),
        }
    }

    fn require_if(
        &self,
        condition: Option<&Expression>,
        value: Tri,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
        condition.map_or(Ok(()), |one| self.require(one, value, draft, trail))
    }

    /// Makes an expression at least `value`.
    fn require(
        &self,
        expression: &Expression,
        value: Tri,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
        if self.value(expression, draft) >= Some(value) {
            return Ok(());
        }
        match expression {
            Expression::Constant(_) | Expression::Text(_) => {
                Err(format!("it depends on {expression}"))
            }
            Expression::Symbol(name) => self.on(name, value, draft, trail),
            Expression::Macro(call) => {
                draft.assume(call);
                Ok(())
            }
            Expression::Unreadable(text) => Err(format!("`{text}` is no expression")),
            Expression::Compare(left, sign, right) => match expression.as_tri_test() {
                Some((name, true, Tri::No) | (name, false, Tri::Yes | Tri::Module)) => {
                    self.off(name, draft, trail)
                }
                Some((name, true, tri)) => self.on(name, tri, draft, trail),
                Some((name, false, Tri::No)) => self.on(name, Tri::Module, draft, trail),
                None => self.compare(left, *sign, right, draft, trail),
            },
            Expression::Not(inner) => self.forbid(inner, draft, trail),
            Expression::And(one, other) => {
                self.require(one, value, draft, trail)?;
                self.require(other, value, draft, trail)
            }
            Expression::Or(one, other) => Self::best(
                draft,
                String::new,
                [one, other].into_iter().map(|way| {
                    let mut trail = trail.clone();
                    move |draft: &mut Draft| self.require(way, value, draft, &mut trail)
                }),
            ),
        }
    }

    /// Makes an expression `n`.
    fn forbid(&self, expression: &Expression, draft: &mut Draft, trail: &mut Vec<String>) -> Found {
        if self.value(expression, draft) == Some(Tri::No) {
            return Ok(());
        }
        match expression {
            Expression::Constant(_) | Expression::Text(_) => {
                Err(format!("it depends on !{expression}"))
            }
            Expression::Symbol(name) => self.off(name, draft, trail),
            Expression::Macro(call) => {
                draft.assume(&format!("!{call}"));
                Ok(())
            }
            Expression::Unreadable(text) => Err(format!("`{text}` is no expression")),
            Expression::Compare(..) => {
                self.require(&expression.clone().negate(), Tri::Yes, draft, trail)
            }
            Expression::Not(inner) => self.require(inner, Tri::Yes, draft, trail),
            Expression::Or(one, other) => {
                self.forbid(one, draft, trail)?;
                self.forbid(other, draft, trail)
            }
            Expression::And(one, other) => Self::best(
                draft,
                String::new,
                [one, other].into_iter().map(|way| {
                    let mut trail = trail.clone();
                    move |draft: &mut Draft| self.forbid(way, draft, &mut trail)
                }),
            ),
        }
    }

    /// Makes a comparison of a number or a text hold.
    fn compare(
        &self,
        left: &Operand,
        sign: Comparison,
        right: &Operand,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
        let text = Expression::Compare(left.clone(), sign, right.clone());
        let (Operand::Symbol(name), Operand::Text(wanted)) = (left, right) else {
            if call_in(&text).is_some() {
                draft.assume(&text.to_string());
                return Ok(());
            }
            return Err(format!("nothing is known that makes {text} true"));
        };
        let entries = self.symbols.entries(name);
        let Some(default) = entries.iter().find_map(|one| one.entry.defaults.first()) else {
            return self.ask_text(name, sign, wanted, &text, draft, trail);
        };
        match call_in(&default.value) {
            Some(call) if entries.iter().all(|one| one.entry.prompt.is_none()) => {
                draft.needs_outside(self.outside(name, text.to_string(), call, default));
                Ok(())
            }
            _ => self.ask_text(name, sign, wanted, &text, draft, trail),
        }
    }

    fn ask_text(
        &self,
        name: &str,
        sign: Comparison,
        wanted: &str,
        text: &Expression,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
        let asked = self
            .symbols
            .entries(name)
            .iter()
            .find(|one| one.entry.prompt.is_some());
        let step = match sign {
            Comparison::Equal | Comparison::LessEqual | Comparison::GreaterEqual => 0,
            Comparison::Greater | Comparison::NotEqual => 1,
            Comparison::Less => -1,
        };
        let (Some(one), Some(number)) = (asked, number(wanted)) else {
            return Err(format!("{text} can't be set by a line of .config"));
        };
        self.enter(name, draft, trail)?;
        let found = self.require(&one.dependency(), Tri::Module, draft, trail);
        trail.pop();
        found?;
        let value = number + step;
        let written = match one.entry.kind {
            Some(Kind::Hex) => format!("{value:#x}"),
            _ => value.to_string(),
        };
        draft.set_text(name, &written, &written);
        Ok(())
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
