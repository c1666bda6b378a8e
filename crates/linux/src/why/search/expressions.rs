//! Making an expression true or false, by what its symbols can be.

use super::{Found, Search};
use crate::kconfig::expression::{Comparison, Expression, Operand, Tri, number};
use crate::kconfig::file::{Conditional, Kind};
use crate::why::draft::{Draft, Outside};
use crate::why::parts::call_in;

impl Search<'_> {
    pub(super) fn outside(
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

    pub(super) fn require_if(
        &self,
        condition: Option<&Expression>,
        value: Tri,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
        condition.map_or(Ok(()), |one| self.require(one, value, draft, trail))
    }

    /// Makes an expression at least `value`.
    pub(super) fn require(
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
    pub(super) fn forbid(
        &self,
        expression: &Expression,
        draft: &mut Draft,
        trail: &mut Vec<String>,
    ) -> Found {
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
