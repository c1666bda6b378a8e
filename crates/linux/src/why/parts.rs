//! Expressions taken apart.

use crate::kconfig::expression::{Expression, Operand, Tri};

/// The expression with `!` at symbols only, so that it falls into what must hold.
pub(super) fn positive(expression: &Expression, negated: bool) -> Expression {
    match expression {
        Expression::Not(inner) => positive(inner, !negated),
        Expression::And(one, other) => {
            let (one, other) = (positive(one, negated), positive(other, negated));
            if negated {
                one.or(other)
            } else {
                one.and(other)
            }
        }
        Expression::Or(one, other) => {
            let (one, other) = (positive(one, negated), positive(other, negated));
            if negated {
                one.and(other)
            } else {
                one.or(other)
            }
        }
        other if negated => other.clone().negate(),
        other => other.clone(),
    }
}

pub(super) fn conjuncts(expression: &Expression) -> Vec<Expression> {
    match expression {
        Expression::And(one, other) => [conjuncts(one), conjuncts(other)].concat(),
        other => vec![other.clone()],
    }
}

pub(super) fn disjuncts(expression: &Expression) -> Vec<Expression> {
    match expression {
        Expression::Or(one, other) => [disjuncts(one), disjuncts(other)].concat(),
        other => vec![other.clone()],
    }
}

/// The symbol that a term wants on or off.
pub(super) fn wish(expression: &Expression) -> Option<(&str, bool)> {
    match expression {
        Expression::Symbol(name) => Some((name, true)),
        Expression::Not(inner) => match &**inner {
            Expression::Symbol(name) => Some((name, false)),
            _ => None,
        },
        Expression::Compare(..) => {
            let (name, equal, tri) = expression.as_tri_test()?;
            Some((name, equal == (tri != Tri::No)))
        }
        _ => None,
    }
}

pub(super) fn named<'a>(expression: &'a Expression, names: &mut Vec<&'a str>) {
    let mut add = |name: &'a str| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    match expression {
        Expression::Symbol(name) => add(name),
        Expression::Compare(left, _, right) => {
            for operand in [left, right] {
                if let Operand::Symbol(name) = operand {
                    add(name);
                }
            }
        }
        Expression::Not(inner) => named(inner, names),
        Expression::And(one, other) | Expression::Or(one, other) => {
            named(one, names);
            named(other, names);
        }
        _ => {}
    }
}

/// A macro call in an expression, as written.
pub(super) fn call_in(expression: &Expression) -> Option<&str> {
    match expression {
        Expression::Macro(call) => Some(call),
        Expression::Text(text) if text.contains("$(") => Some(text),
        Expression::Compare(left, _, right) => match left {
            Operand::Macro(call) => Some(call),
            _ => match right {
                Operand::Macro(call) => Some(call),
                _ => None,
            },
        },
        Expression::Not(inner) => call_in(inner),
        Expression::And(one, other) | Expression::Or(one, other) => {
            call_in(one).or_else(|| call_in(other))
        }
        _ => None,
    }
}
