//! What a scan finds: one place in one file that opens, passes or uses something unstable.

use std::fmt;

use gateless_linux::condition::Condition;

/// What was found, by the name it has in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// A feature of `#![feature(...)]`, named there or used by an attribute, a derive or syntax that needs it.
    Feature(String),
    /// An option of rustc or rustdoc: `-Zname`, `-Cname`, `--name`.
    Option {
        /// With its dashes, and with `-` for `_` behind `-Z` and `-C`.
        name: String,
        /// What follows `=`, if anything does.
        value: Option<String>,
    },
    /// A key of a custom target specification.
    TargetKey(String),
    /// A target feature without its sign, from `-Ctarget-feature` or a target specification.
    TargetFeature(String),
    /// An environment variable that opens gates.
    Variable(String),
    /// A way of building, by the ledger's id.
    Practice(String),
}

impl Sign {
    /// `-ZNAME[=VALUE]` and the like as a sign.
    pub fn option(text: &str) -> Sign {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let name = match name.get(..2) {
            Some(dash @ ("-Z" | "-C")) => format!("{dash}{}", name[2..].replace('_', "-")),
            _ => name.to_owned(),
        };
        Sign::Option { name, value }
    }

    /// The names an entry of the ledger may have it under, most exact first.
    pub fn keys(&self) -> Vec<String> {
        match self {
            Sign::Feature(name) => vec![format!("feature:{name}")],
            Sign::Option { name, value } => value
                .iter()
                .map(|value| format!("{name}={value}"))
                .chain([name.clone()])
                .collect(),
            Sign::TargetKey(name) => vec![format!("target-key:{name}"), "target-key".to_owned()],
            Sign::TargetFeature(name) => vec![format!("target-feature:{name}")],
            Sign::Variable(name) => vec![format!("env:{name}")],
            Sign::Practice(id) => vec![format!("practice:{id}")],
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sign::Feature(name) | Sign::Variable(name) | Sign::Practice(name) => f.write_str(name),
            Sign::Option { name, .. } => f.write_str(name),
            Sign::TargetKey(name) => write!(f, "target-key:{name}"),
            Sign::TargetFeature(name) => write!(f, "target-feature:{name}"),
        }
    }
}

/// What the place does.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Turns it on (`#![feature(x)]`), or allows it.
    Opens,
    /// Uses it, or passes it to the compiler.
    Uses,
}

/// What is made from the place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The kernel, its modules, and the programs that building them takes.
    Build,
    /// A goal that has to be asked for: `make rustdoc`, a `.rsi` file.
    Goal(String),
    /// The question whether the compiler takes an option; a build goes on without it.
    Probe,
    /// An example in a comment.
    Doctest,
    /// Nothing: no makefile of the tree builds it.
    Nothing,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Build => f.write_str("build"),
            Place::Goal(goal) => f.write_str(goal),
            Place::Probe => f.write_str("probe"),
            Place::Doctest => f.write_str("doctest"),
            Place::Nothing => f.write_str("nothing"),
        }
    }
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub sign: Sign,
    /// File, relative to the tree.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What stands there, on one line.
    pub text: String,
    /// What it does.
    pub role: Role,
    /// When it applies.
    pub condition: Condition,
    /// What is made from it.
    pub place: Place,
}

/// Something that could not be read wholly; the rest was.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct Problem {
    /// File, relative to the tree.
    pub file: String,
    /// Line, from 1; 0 for the file as such.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}
