//! What makes an expression true or false.

use super::{Obstacle, Search, Wishes};
use crate::kconfig::expression::{Expression, Tri};

impl Search<'_> {
    /// Makes a condition, if there is one, at least `value`.
    pub(super) fn require_if(
        &self,
        condition: Option<&Expression>,
        value: Tri,
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
    ) -> Result<(), Obstacle> {
        match condition {
            Some(condition) => self.require(condition, value, wishes, trail),
            None => Ok(()),
        }
    }

    /// Makes an expression at least `value`.
    pub(super) fn require(
        &self,
        expression: &Expression,
        value: Tri,
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
    ) -> Result<(), Obstacle> {
        match expression {
            Expression::Constant(tri) if *tri >= value => Ok(()),
            Expression::Constant(tri) => Err(format!("a dependency is always {}", tri.letter())),
            Expression::Symbol(name) => self.ask(name, value, wishes, trail),
            Expression::Compare(..) => match expression.as_tri_test() {
                Some((name, true, Tri::No) | (name, false, Tri::Yes)) => {
                    self.forbid_symbol(name, wishes, trail)
                }
                Some((name, true, tri)) => self.ask(name, tri, wishes, trail),
                Some((name, false, _)) => self.ask(name, Tri::Yes, wishes, trail),
                None => Ok(()),
            },
            Expression::Text(_) | Expression::Macro(_) | Expression::Unreadable(_) => Ok(()),
            Expression::Not(inner) => self.forbid(inner, wishes, trail),
            Expression::And(one, other) => {
                self.require(one, value, wishes, trail)?;
                self.require(other, value, wishes, trail)
            }
            Expression::Or(one, other) => Self::either(wishes, trail, |first, wishes, trail| {
                self.require(if first { one } else { other }, value, wishes, trail)
            }),
        }
    }

    /// Makes an expression `n`.
    fn forbid(
        &self,
        expression: &Expression,
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
    ) -> Result<(), Obstacle> {
        match expression {
            Expression::Constant(Tri::No)
            | Expression::Text(_)
            | Expression::Macro(_)
            | Expression::Unreadable(_) => Ok(()),
            Expression::Constant(tri) => Err(format!("a dependency is !{}", tri.letter())),
            Expression::Symbol(name) => self.forbid_symbol(name, wishes, trail),
            Expression::Compare(left, comparison, right) => {
                let opposite =
                    Expression::Compare(left.clone(), comparison.opposite(), right.clone());
                self.require(&opposite, Tri::Yes, wishes, trail)
            }
            Expression::Not(inner) => self.require(inner, Tri::Yes, wishes, trail),
            Expression::Or(one, other) => {
                self.forbid(one, wishes, trail)?;
                self.forbid(other, wishes, trail)
            }
            Expression::And(one, other) => Self::either(wishes, trail, |first, wishes, trail| {
                self.forbid(if first { one } else { other }, wishes, trail)
            }),
        }
    }

    fn forbid_symbol(
        &self,
        name: &str,
        wishes: &mut Wishes,
        trail: &[String],
    ) -> Result<(), Obstacle> {
        let value = (self.given)(name).or_else(|| wishes.value(name));
        if value.is_some_and(|value| value > Tri::No) {
            return Err(format!("{name} has to be off, and is asked for"));
        }
        let can_be_set = self
            .symbols
            .entries(name)
            .iter()
            .any(|one| one.entry.prompt.is_some());
        if value.is_none() && can_be_set {
            wishes
                .asked
                .insert(name.to_owned(), (Tri::No, trail[0].clone()));
        }
        Ok(())
    }

    /// The one of two ways that needs fewer wishes.
    fn either(
        wishes: &mut Wishes,
        trail: &mut Vec<String>,
        way: impl Fn(bool, &mut Wishes, &mut Vec<String>) -> Result<(), Obstacle>,
    ) -> Result<(), Obstacle> {
        let mut one = wishes.clone();
        let first = way(true, &mut one, trail);
        if first.is_ok() && one.asked.len() == wishes.asked.len() {
            *wishes = one;
            return Ok(());
        }
        let mut other = wishes.clone();
        let second = way(false, &mut other, trail);
        match (first, second) {
            (Ok(()), Ok(())) if other.asked.len() < one.asked.len() => *wishes = other,
            (Ok(()), _) => *wishes = one,
            (Err(_), Ok(())) => *wishes = other,
            (Err(first), Err(second)) => return Err(format!("{first}, and {second}")),
        }
        Ok(())
    }
}
