//! One ledger entry, as its TOML file has it.

use std::collections::BTreeMap;

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
    /// Why there is no such link.
    pub untracked: Option<String>,
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
    /// Further names under which the audit finds it (`-Zname=value`, `--option`, `target-key:NAME`, `target-feature:NAME`, `env:NAME`,
    /// `practice:ID`); those of `features` and `flag` go without saying.
    #[serde(default)]
    pub signs: Vec<String>,
    /// What gateless does instead, where neither a lowering nor a flag says it: `emulated`, `replaced`, ...
    pub gateless: Option<String>,
    /// How the need for it ends.
    #[serde(default)]
    pub ends: Ends,
    /// Other things, any one list of which would do instead of stabilising this.
    #[serde(default)]
    pub alternatives: Vec<Vec<String>>,
    /// What compilers said when the probe was compiled, by release (`1.95.0`), as `gateless probe --json` prints it.
    #[serde(default)]
    pub observed: BTreeMap<String, Observed>,
    /// The smallest program that needs it.
    pub probe: Option<Probe>,
    /// What the plan does with the `-Z` flags of this entry.
    #[serde(default)]
    pub flag: Vec<Flag>,
    /// How gateless fulfils it, for a wish that it fulfils.
    pub delivered: Option<Delivered>,
    /// Why it can't be had outside of the compiler, or what that would take, for other wishes.
    pub outside: Option<Outside>,
}

/// How a wish is fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    /// What is done.
    pub way: String,
    /// The command that shows it.
    pub command: String,
    /// What was seen when it ran.
    pub seen: String,
}

/// What stands in the way of a wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outside {
    /// Why not, or what it would take.
    pub why: String,
    /// The program that was tried.
    pub program: String,
    /// What stable rustc said of it.
    pub said: String,
}

/// How the need for an entry ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// When it, or what it does, is stable.
    #[default]
    Stabilised,
    /// When nothing is left that it depends on: it is a switch, or the consequence of another entry.
    WithDependencies,
    /// When the tree leaves it out, or takes the stable spelling; nothing needs to be stabilised.
    LeftOut,
    /// When no other gate is left: it is what opens them.
    Last,
}

/// What a compiler without open gates made of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// Accepted.
    Accepted,
    /// Refused, and accepted once the gate is opened.
    Gated,
    /// Refused either way: this compiler doesn't have it.
    Absent,
}

/// A minimal program, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Why no program can show it.
    pub none: Option<String>,
    /// Source of a library crate without `std`.
    #[serde(default)]
    pub source: String,
    /// What is put before it to open the gate, when the plain source is refused.
    #[serde(default)]
    pub gate: String,
    /// Further arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Further arguments that open the gate.
    #[serde(default)]
    pub gate_args: Vec<String>,
    /// Words of a warning that count as a refusal (an option that is taken, and called unstable).
    pub warning: Option<String>,
    /// `rustdoc` instead of `rustc`.
    #[serde(default)]
    pub rustdoc: bool,
    /// Target specifications, one of which is passed with `--target`: formats of several releases.
    #[serde(default)]
    pub target: Vec<String>,
    /// `--emit` kind, or `cfg` for `--print=cfg`; `metadata` unless said.
    pub emit: Option<String>,
}

impl Entry {
    /// Its status for a compiler `(1, 95)`: what was observed with that release, else what `status` and `stable_since` say.
    pub fn status_for(&self, compiler: (u32, u32)) -> Status {
        let observed = self
            .observed
            .iter()
            .find(|(release, _)| crate::parse_version(release) == Some(compiler))
            .map(|(_, observed)| *observed);
        match observed {
            Some(Observed::Accepted) => return Status::Stable,
            Some(Observed::Gated) if self.status == Status::PermaUnstable => {
                return Status::PermaUnstable;
            }
            Some(Observed::Gated) => return Status::Unstable,
            Some(Observed::Absent) => return Status::Wish,
            None => {}
        }
        let since = self.stable_since.as_deref().and_then(crate::parse_version);
        match (self.status, since) {
            (Status::Stable, Some(since)) if compiler < since => Status::Unstable,
            (status, _) => status,
        }
    }

    /// What people call it, besides its id: features, options with their values, variables, aliases.
    pub fn names(&self) -> Vec<String> {
        let signs = self.all_signs();
        let plain = signs.iter().map(|sign| {
            let (_, name) = ["feature:", "env:", "practice:", "target-feature:"]
                .iter()
                .find_map(|kind| sign.split_once(kind))
                .unwrap_or(("", sign));
            name.to_owned()
        });
        let variables = signs.iter().filter_map(|sign| sign.strip_prefix("env:"));
        let set = variables.map(|name| format!("{name}=1"));
        plain.chain(set).chain(self.aliases.clone()).collect()
    }

    /// The names under which the audit finds it.
    pub fn all_signs(&self) -> Vec<String> {
        let features = self.features.iter().map(|name| format!("feature:{name}"));
        let flags = self.flag.iter().flat_map(|flag| {
            let name = format!("-Z{}", flag.name.replace('_', "-"));
            if flag.values.is_empty() {
                vec![name]
            } else {
                flag.values
                    .iter()
                    .map(|value| format!("{name}={value}"))
                    .collect()
            }
        });
        features
            .chain(flags)
            .chain(self.signs.iter().cloned())
            .collect()
    }
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
    /// Whether it is one of rustc's target modifiers: crates that were compiled with different values are not used together.
    #[serde(default)]
    pub modifier: bool,
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
