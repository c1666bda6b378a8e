//! Kconfig expressions: `A && (!B || C = y)`.

use std::cmp::Ordering;
use std::fmt;

/// The values of an option, in Kconfig's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tri {
    /// Off.
    No,
    /// A module.
    Module,
    /// On, or built in.
    Yes,
}

impl Tri {
    /// `n`, `m` or `y`.
    pub fn of(text: &str) -> Option<Self> {
        match text {
            "n" => Some(Self::No),
            "m" => Some(Self::Module),
            "y" => Some(Self::Yes),
            _ => None,
        }
    }

    /// As in .config, with `n` for what is not set.
    pub fn letter(self) -> &'static str {
        match self {
            Self::No => "n",
            Self::Module => "m",
            Self::Yes => "y",
        }
    }

    fn holds(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// How two operands are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Comparison {
    const ALL: [(&'static str, Self); 6] = [
        ("=", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::LessEqual),
        (">", Self::Greater),
        (">=", Self::GreaterEqual),
    ];

    /// The comparison that is written so.
    pub fn of(sign: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(known, comparison)| (known == sign).then_some(comparison))
    }

    /// As written.
    pub fn sign(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(sign, known)| (known == self).then_some(sign))
            .unwrap_or_default()
    }

    /// The comparison that holds where this one does not.
    pub fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterEqual,
            Self::LessEqual => Self::Greater,
            Self::Greater => Self::LessEqual,
            Self::GreaterEqual => Self::Less,
        }
    }

    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
        }
    }
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A symbol.
    Symbol(String),
    /// A constant: a string without its quotes, a number, or `y`, `m`, `n`.
    Text(String),
    /// A word with a macro call, as written.
    Macro(String),
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `y`, `m` or `n`.
    Constant(Tri),
    /// A symbol.
    Symbol(String),
    /// A string or a number, as a default may be.
    Text(String),
    /// `A = B`, `A < 5`.
    Compare(Operand, Comparison, Operand),
    /// A macro call, which only Kconfig can expand.
    Macro(String),
    /// What is no expression, as written.
    Unreadable(String),
    /// `!A`.
    Not(Box<Expression>),
    /// `A && B`.
    And(Box<Expression>, Box<Expression>),
    /// `A || B`.
    Or(Box<Expression>, Box<Expression>),
}

/// The values of symbols, as far as they are known.
pub trait Values {
    /// What the symbol is as a condition.
    fn tri(&self, symbol: &str) -> Option<Tri>;

    /// What the symbol is as a text, without quotes.
    fn text(&self, symbol: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<Tri> + ?Sized> Values for F {
    fn tri(&self, symbol: &str) -> Option<Tri> {
        self(symbol)
    }

    fn text(&self, symbol: &str) -> Option<String> {
        self(symbol).map(|tri| tri.letter().to_owned())
    }
}

impl Expression {
    /// `A && B`.
    pub fn and(self, other: Self) -> Self {
        Self::And(Box::new(self), Box::new(other))
    }

    /// `A || B`.
    pub fn or(self, other: Self) -> Self {
        Self::Or(Box::new(self), Box::new(other))
    }

    /// `!A`.
    pub fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            Self::Compare(left, comparison, right) => {
                Self::Compare(left, comparison.opposite(), right)
            }
            other => Self::Not(Box::new(other)),
        }
    }

    /// All of them; `y` if there is none.
    pub fn all(list: impl IntoIterator<Item = Self>) -> Self {
        let all = list.into_iter().reduce(Self::and);
        all.unwrap_or(Self::Constant(Tri::Yes))
    }

    /// What it is certain to be, where `values` knows some symbols; `None` where that is not certain.
    pub fn value<V: Values + ?Sized>(&self, values: &V) -> Option<Tri> {
        match self {
            Self::Constant(tri) => Some(*tri),
            Self::Symbol(name) => values.tri(name),
            Self::Compare(left, comparison, right) => {
                let order = left.compare(right, values)?;
                Some(Tri::holds(comparison.accepts(order)))
            }
            Self::Text(_) | Self::Macro(_) | Self::Unreadable(_) => None,
            Self::Not(inner) => Some(match inner.value(values)? {
                Tri::No => Tri::Yes,
                Tri::Module => Tri::Module,
                Tri::Yes => Tri::No,
            }),
            Self::And(one, other) => match (one.value(values), other.value(values)) {
                (Some(Tri::No), _) | (_, Some(Tri::No)) => Some(Tri::No),
                (one, other) => Some(one?.min(other?)),
            },
            Self::Or(one, other) => match (one.value(values), other.value(values)) {
                (Some(Tri::Yes), _) | (_, Some(Tri::Yes)) => Some(Tri::Yes),
                (one, other) => Some(one?.max(other?)),
            },
        }
    }

    /// `SYMBOL = y` and its like: the symbol, whether it shall be equal, and to what.
    pub fn as_tri_test(&self) -> Option<(&str, bool, Tri)> {
        match self {
            Self::Compare(
                Operand::Symbol(name),
                sign @ (Comparison::Equal | Comparison::NotEqual),
                Operand::Text(text),
            ) => Some((name, *sign == Comparison::Equal, Tri::of(text)?)),
            _ => None,
        }
    }

    /// How tightly it binds, for parentheses.
    fn rank(&self) -> u8 {
        match self {
            Self::Or(..) => 0,
            Self::And(..) => 1,
            // `!A = y` would be read as `!(A = y)` by people and parsers of another mind.
            Self::Compare(..) | Self::Unreadable(_) => 2,
            _ => 3,
        }
    }

    /// Writes it as a part of what binds as tightly as `rank`.
    fn part(&self, f: &mut fmt::Formatter<'_>, rank: u8) -> fmt::Result {
        let is_unreadable = matches!(self, Self::Unreadable(_));
        if self.rank() < rank || is_unreadable {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl Operand {
    fn tri<V: Values + ?Sized>(&self, values: &V) -> Option<Tri> {
        match self {
            Self::Symbol(name) => values.tri(name),
            Self::Text(text) => Tri::of(text),
            Self::Macro(_) => None,
        }
    }

    fn text<V: Values + ?Sized>(&self, values: &V) -> Option<String> {
        match self {
            Self::Symbol(name) => values.text(name),
            Self::Text(text) => Some(text.clone()),
            Self::Macro(_) => None,
        }
    }

    fn is_tri(&self) -> bool {
        matches!(self, Self::Text(text) if Tri::of(text).is_some())
    }

    /// As Kconfig compares: two numbers as numbers, `n`, `m` and `y` by their order, the rest as texts.
    fn compare<V: Values + ?Sized>(&self, other: &Self, values: &V) -> Option<Ordering> {
        if self.is_tri() || other.is_tri() {
            return Some(self.tri(values)?.cmp(&other.tri(values)?));
        }
        let (one, other) = (self.text(values)?, other.text(values)?);
        Some(match (number(&one), number(&other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.cmp(&other),
        })
    }
}

/// A decimal or hexadecimal number.
pub(crate) fn number(text: &str) -> Option<i128> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(text) | Self::Macro(text) => f.write_str(text),
            Self::Text(text) => write_text(f, text),
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if number(text).is_some() || Tri::of(text).is_some() {
        f.write_str(text)
    } else {
        write!(f, "\"{text}\"")
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(tri) => f.write_str(tri.letter()),
            Self::Symbol(text) | Self::Macro(text) | Self::Unreadable(text) => f.write_str(text),
            Self::Text(text) => write_text(f, text),
            Self::Compare(left, comparison, right) => match self.as_tri_test() {
                Some(_) => write!(f, "{left}{}{right}", comparison.sign()),
                None => write!(f, "{left} {} {right}", comparison.sign()),
            },
            Self::Not(inner) => {
                f.write_str("!")?;
                inner.part(f, 3)
            }
            Self::And(one, other) => {
                one.part(f, 1)?;
                f.write_str(" && ")?;
                other.part(f, 1)
            }
            Self::Or(one, other) => {
                one.part(f, 0)?;
                f.write_str(" || ")?;
                other.part(f, 0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_has_parentheses_where_needed_and_is_read_as_the_same() {
        for (text, wanted) in [
            ("A && !B || C", "A && !B || C"),
            ("(A && !B) || C", "A && !B || C"),
            ("(A || B)&&C=y # why", "(A || B) && C=y"),
            ("A && (B && C)", "A && B && C"),
            ("!(A = m) || !(B && C)", "!(A=m) || !(B && C)"),
            ("A != n", "A!=n"),
            (
                "X < 5 && $(cc-option,-f(a)) && y",
                "X < 5 && $(cc-option,-f(a)) && y",
            ),
            ("\"$(ARCH)\" = \"x86\"", "\"$(ARCH)\" = \"x86\""),
            (
                "CC_VERSION_TEXT = 'gcc # 5'",
                "CC_VERSION_TEXT = \"gcc # 5\"",
            ),
            ("A = \"y\"", "A=y"),
            ("64BIT", "64BIT"),
            ("A &&", "A &&"),
        ] {
            let read = Expression::parse(text);
            assert_eq!(read.to_string(), wanted, "{text}");
            let again = Expression::parse(wanted).to_string();
            assert_eq!(again, wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_leaves_only_what_it_cannot_change() {
        let value = |name: &str| (name == "OFF").then_some(Tri::No);
        for (text, wanted) in [
            ("OFF && UNKNOWN", Some(Tri::No)),
            ("!OFF || UNKNOWN", Some(Tri::Yes)),
            ("UNKNOWN || OFF", None),
            ("OFF = n", Some(Tri::Yes)),
            ("!UNKNOWN && 1 < 2", None),
            ("OFF && A B", None),
        ] {
            assert_eq!(Expression::parse(text).value(&value), wanted, "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_texts_as_texts() {
        struct Fixed;
        impl Values for Fixed {
            fn tri(&self, symbol: &str) -> Option<Tri> {
                (symbol == "MOD").then_some(Tri::Module)
            }
            fn text(&self, symbol: &str) -> Option<String> {
                match symbol {
                    "RUSTC_VERSION" => Some("109500".to_owned()),
                    "BASE" => Some("0x20".to_owned()),
                    "NAME" => Some("um".to_owned()),
                    _ => None,
                }
            }
        }
        for (text, wanted) in [
            ("RUSTC_VERSION >= 9000", Some(Tri::Yes)),
            ("BASE = 32", Some(Tri::Yes)),
            ("NAME = \"um\" && NAME != \"x86\"", Some(Tri::Yes)),
            ("MOD >= m", Some(Tri::Yes)),
            ("MOD = y", Some(Tri::No)),
            ("MOD && NAME = \"um\"", Some(Tri::Module)),
            ("GONE < 5", None),
        ] {
            assert_eq!(Expression::parse(text).value(&Fixed), wanted, "{text}");
        }
    }
}
