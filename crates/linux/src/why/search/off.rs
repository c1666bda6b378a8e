//! Turning a symbol off: by its prompt, by its choice, or by turning off what turns it on.

use super::{Found, Search};
use crate::kconfig::Symbol;
use crate::kconfig::expression::Tri;
use crate::why::draft::Draft;
use crate::why::parts::call_in;

impl Search<'_> {
    /// Makes the symbol `n`.
    pub(super) fn off(&self, name: &str, draft: &mut Draft, trail: &mut Vec<String>) -> Found {
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
}
