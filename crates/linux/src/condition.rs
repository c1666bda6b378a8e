//! Conditions under which something in a tree applies: Kconfig symbols, `cfg` names, compiler versions.

use std::fmt;

use gateless_model::Version;

use crate::kconfig::expression::{Comparison, Expression, Operand, Tri};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Holds always.
    Always,
    /// Never holds.
    Never,
    /// Depends on one thing.
    Atom(Atom),
    /// The opposite.
    Not(Box<Condition>),
    /// All of them.
    All(Vec<Condition>),
    /// One of them at least.
    Any(Vec<Condition>),
}

/// One thing a condition can depend on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Atom {
    /// A Kconfig symbol is set, named without `CONFIG_`.
    Config(String),
    /// A `cfg` of rustc that is no Kconfig symbol: `name` or `name="value"`.
    Cfg(String),
    /// The compiler is at least this (`109500` for 1.95, as `CONFIG_RUSTC_VERSION` has it).
    Rustc(u32),
    /// The macro whose body the place stands in is expanded somewhere.
    Expanded,
    /// Something that can't be decided from the files; the text as written.
    Other(String),
}

impl Condition {
    /// A Kconfig symbol.
    pub fn config(name: &str) -> Self {
        Condition::Atom(Atom::Config(name.to_owned()))
    }

    /// Something undecidable.
    pub fn other(text: impl Into<String>) -> Self {
        Condition::Atom(Atom::Other(text.into()))
    }

    /// What a Kconfig expression says about symbols and the compiler; a module counts as set.
    pub fn of_expression(expression: &Expression) -> Self {
        match expression {
            Expression::Constant(Tri::No) => Condition::Never,
            Expression::Constant(_) => Condition::Always,
            Expression::Symbol(name) => Condition::config(name),
            Expression::Compare(left, comparison, right) => {
                Self::of_rustc_version(left, *comparison, right)
                    .or_else(|| Self::of_tri_test(expression))
                    .unwrap_or_else(|| Condition::other(expression.to_string()))
            }
            Expression::Text(_) | Expression::Macro(_) | Expression::Unreadable(_) => {
                Condition::other(expression.to_string())
            }
            Expression::Not(inner) => Self::of_expression(inner).negate(),
            Expression::And(one, other) => Self::of_expression(one).and(Self::of_expression(other)),
            Expression::Or(one, other) => Self::of_expression(one).or(Self::of_expression(other)),
        }
    }

    fn of_rustc_version(left: &Operand, comparison: Comparison, right: &Operand) -> Option<Self> {
        let (Operand::Symbol(name), Operand::Text(number)) = (left, right) else {
            return None;
        };
        let code: u32 = number.parse().ok().filter(|_| name == "RUSTC_VERSION")?;
        let at_least = |code| Condition::Atom(Atom::Rustc(code));
        match comparison {
            Comparison::GreaterEqual => Some(at_least(code)),
            Comparison::Greater => Some(at_least(code + 1)),
            Comparison::Less => Some(at_least(code).negate()),
            Comparison::LessEqual => Some(at_least(code + 1).negate()),
            Comparison::Equal | Comparison::NotEqual => None,
        }
    }

    fn of_tri_test(expression: &Expression) -> Option<Self> {
        let (name, equal, tri) = expression.as_tri_test()?;
        match (equal, tri) {
            (true, Tri::No) => Some(Condition::config(name).negate()),
            (true, _) | (false, Tri::No) => Some(Condition::config(name)),
            // A module is neither what is asked for nor unset.
            (false, _) => None,
        }
    }

    /// Both.
    pub fn and(self, other: Condition) -> Self {
        match (self, other) {
            (Condition::Never, _) | (_, Condition::Never) => Condition::Never,
            (Condition::Always, other) | (other, Condition::Always) => other,
            (Condition::All(mut list), Condition::All(more)) => {
                for item in more {
                    push(&mut list, item);
                }
                Condition::All(list)
            }
            (Condition::All(mut list), other) => {
                push(&mut list, other);
                Condition::All(list)
            }
            (one, Condition::All(more)) => {
                let mut list = vec![one];
                more.into_iter().for_each(|item| push(&mut list, item));
                Condition::All(list)
            }
            (one, other) if one == other => one,
            (one, other) => Condition::All(vec![one, other]),
        }
    }

    /// One of both.
    pub fn or(self, other: Condition) -> Self {
        match (self, other) {
            (Condition::Always, _) | (_, Condition::Always) => Condition::Always,
            (Condition::Never, other) | (other, Condition::Never) => other,
            (Condition::Any(mut list), other) => {
                push(&mut list, other);
                Condition::Any(list)
            }
            (one, other) if one == other => one,
            (one, other) => Condition::Any(vec![one, other]),
        }
    }

    /// The opposite.
    pub fn negate(self) -> Self {
        match self {
            Condition::Always => Condition::Never,
            Condition::Never => Condition::Always,
            Condition::Not(inner) => *inner,
            other => Condition::Not(Box::new(other)),
        }
    }

    /// What is left of it when `decide` knows the value of some atoms.
    pub fn simplify(&self, decide: &dyn Fn(&Atom) -> Option<bool>) -> Condition {
        match self {
            Condition::Always => Condition::Always,
            Condition::Never => Condition::Never,
            Condition::Atom(atom) => match decide(atom) {
                Some(true) => Condition::Always,
                Some(false) => Condition::Never,
                None => self.clone(),
            },
            Condition::Not(inner) => inner.simplify(decide).negate(),
            Condition::All(list) => list
                .iter()
                .map(|item| item.simplify(decide))
                .fold(Condition::Always, Condition::and),
            Condition::Any(list) => list
                .iter()
                .map(|item| item.simplify(decide))
                .fold(Condition::Never, Condition::or),
        }
    }

    /// All atoms in it, in order.
    pub fn atoms(&self) -> Vec<&Atom> {
        match self {
            Condition::Always | Condition::Never => Vec::new(),
            Condition::Atom(atom) => vec![atom],
            Condition::Not(inner) => inner.atoms(),
            Condition::All(list) | Condition::Any(list) => {
                list.iter().flat_map(Condition::atoms).collect()
            }
        }
    }

    /// The conditions that must all hold, as texts.
    pub fn conjuncts(&self) -> Vec<String> {
        match self {
            Condition::Always => Vec::new(),
            Condition::All(list) => list.iter().map(Condition::to_string).collect(),
            other => vec![other.to_string()],
        }
    }
}

fn push(list: &mut Vec<Condition>, item: Condition) {
    if !list.contains(&item) {
        list.push(item);
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Config(name) => write!(f, "CONFIG_{name}"),
            Atom::Cfg(name) => write!(f, "cfg({name})"),
            Atom::Rustc(code) => write!(f, "rustc >= {}", Version::from_code(*code).short()),
            Atom::Expanded => f.write_str("where the macro is used"),
            Atom::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, list: &[Condition], word: &str| {
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    write!(f, " {word} ")?;
                }
                match item {
                    Condition::All(_) | Condition::Any(_) => write!(f, "({item})")?,
                    other => write!(f, "{other}")?,
                }
            }
            Ok(())
        };
        match self {
            Condition::Always => f.write_str("always"),
            Condition::Never => f.write_str("never"),
            Condition::Atom(atom) => write!(f, "{atom}"),
            Condition::Not(inner) => match &**inner {
                Condition::Atom(Atom::Rustc(code)) => {
                    write!(f, "rustc < {}", Version::from_code(*code).short())
                }
                Condition::Atom(atom) => write!(f, "!{atom}"),
                other => write!(f, "!({other})"),
            },
            Condition::All(list) => join(f, list, "&&"),
            Condition::Any(list) => join(f, list, "||"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_falls_out_and_the_rest_stays_readable() {
        let condition = Condition::config("A")
            .and(Condition::Atom(Atom::Rustc(109_800)).negate())
            .and(Condition::config("B").or(Condition::other("$(X)")));
        assert_eq!(
            condition.to_string(),
            "CONFIG_A && rustc < 1.98 && (CONFIG_B || $(X))"
        );
        let at = |version: u32| {
            condition
                .simplify(&|atom| match atom {
                    Atom::Rustc(code) => Some(version >= *code),
                    Atom::Config(name) if name == "A" => Some(true),
                    _ => None,
                })
                .to_string()
        };
        assert_eq!(at(109_500), "CONFIG_B || $(X)");
        assert_eq!(at(109_800), "never");
    }

    #[test]
    fn kconfig_expressions_become_conditions() {
        for (text, wanted) in [
            ("A && !B || C", "(CONFIG_A && !CONFIG_B) || CONFIG_C"),
            ("(A || B) && C", "(CONFIG_A || CONFIG_B) && CONFIG_C"),
            ("RUSTC_VERSION < 108800", "rustc < 1.88"),
            (
                "$(rustc-option,-Zx=(a)) && A=y",
                "$(rustc-option,-Zx=(a)) && CONFIG_A",
            ),
            ("A = n || B != n", "!CONFIG_A || CONFIG_B"),
            ("A != y", "A!=y"),
            ("GCC_VERSION >= 50000", "GCC_VERSION >= 50000"),
            ("y", "always"),
        ] {
            let condition = Condition::of_expression(&Expression::parse(text));
            assert_eq!(condition.to_string(), wanted, "{text}");
        }
    }
}
