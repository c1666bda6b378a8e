//! One ledger entry, as its TOML file has it.

use serde::{Deserialize, Serialize};

/// One unstable thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What sort of thing it is.
    pub kind: Kind,
    /// How people call it.
    pub name: String,
    /// Its state in the newest compiler the entry was checked against.
    pub status: Status,
    /// First release (`1.87`) in which it is stable, when known.
    pub stable_since: Option<String>,
    /// Tracking issue or stabilisation pull request.
    pub tracking: Option<String>,
    /// The Rust project goal that covers it.
    pub goal: Option<String>,
    /// Architectures it matters for (`all`, `host`, or names as under the kernel's `arch/`).
    pub archs: Vec<String>,
    /// Where the kernel uses it.
    pub used_in: Vec<String>,
    /// Ids of entries that must be solved first.
    pub depends_on: Vec<String>,
    /// How to do without it on stable.
    pub stable_way: String,
    /// Where these facts come from.
    pub source: String,
    /// Names that open it in `#![feature(...)]`.
    #[serde(default)]
    pub features: Vec<String>,
    /// Other names that people may ask for it by.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether `crates/lower` has a lowering for it.
    #[serde(default)]
    pub lowered: bool,
    /// What the plan does with the `-Z` flags of this entry.
    #[serde(default)]
    pub flag: Vec<Flag>,
}

/// What sort of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `#![feature]` of the language.
    LangFeature,
    /// `#![feature]` of the standard library.
    LibFeature,
    /// An attribute that needs a gate.
    Attribute,
    /// A compiler option.
    RustcFlag,
    /// A rustdoc option.
    RustdocFlag,
    /// A field or value of a target specification.
    TargetSpec,
    /// Something about how the build is done.
    BuildPractice,
    /// A lint.
    Lint,
    /// Something wished for, not used.
    Wish,
}

/// State of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Usable without a gate.
    Stable,
    /// Needs a gate.
    Unstable,
    /// Needs a gate and is meant to, for ever.
    PermaUnstable,
    /// Does not exist yet.
    Wish,
    /// Not found out.
    Unknown,
}

/// What the plan does with one `-Z` flag, for some of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Name behind `-Z`.
    pub name: String,
    /// Values this row is for; empty means any.
    #[serde(default)]
    pub values: Vec<String>,
    /// What is done.
    pub action: FlagAction,
    /// Stable arguments put in its place, `{value}` standing for the value.
    #[serde(default)]
    pub with: Vec<String>,
    /// Why this is right.
    pub reason: String,
    /// What the gated build has and the gateless one has not.
    pub weaker: Option<String>,
}

/// What is done with a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagAction {
    /// Left out.
    Drop,
    /// Replaced by [`Flag::with`].
    Replace,
    /// Done by the driver itself.
    Emulate,
    /// Applied to LLVM IR after rustc, for code of the kernel; elsewhere it is refused.
    Codegen,
}
