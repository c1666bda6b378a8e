//! Turning a symbol on: by its prompt, by a default, or by what selects it.

use super::{DEPTH, Found, MODULES, Search};
use crate::kconfig::Symbol;
use crate::kconfig::expression::{Expression, Tri};
use crate::kconfig::file::Kind;
use crate::why::draft::Draft;
use crate::why::parts::call_in;

impl Search<'_> {
    /// Makes the symbol at least `value`.
    pub(super) fn on(
        &self,
        name: &str,
        value: Tri,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
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
}
