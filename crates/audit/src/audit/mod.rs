//! What each place of a tree means for a compiler: grouped into gates, with the ledger's knowledge beside.

pub mod assemble;
pub mod baseline;
pub mod html;
pub mod out;
pub mod reach;
pub mod run;
pub mod sarif;
pub mod text;
pub mod verify;
pub mod world;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Problem, Role};
use crate::scan::Counts;

pub use assemble::{Question, assemble};
pub use run::{Audited, run};
pub use verify::{Evidence, Verified};

/// Version of the JSON.
pub const VERSION: u32 = 1;

/// The answer of `gateless audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// 1.
    pub version: u32,
    /// Release of the tree, as its makefile has it; nothing for a directory that is no kernel tree.
    pub release: Option<String>,
    /// Release of the compiler that was asked, such as `1.95.0`.
    pub rustc: String,
    /// The build directory whose commands were read, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<String>,
    /// Architectures for which the tree can have Rust (by its Kconfig).
    pub architectures: Vec<String>,
    /// Files read.
    pub files: Counts,
    /// Totals over `gates`.
    pub totals: Totals,
    /// Every gate, those that are needed first, then by kind and id.
    pub gates: Vec<Gate>,
    /// Files that could not be read wholly. The rest was audited.
    pub problems: Vec<Problem>,
}

/// Totals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Gates found.
    pub gates: usize,
    /// Gates that are needed.
    pub needed: usize,
    /// Places found.
    pub uses: usize,
    /// Gates that the ledger does not know.
    pub unknown: usize,
    /// Of the places, those in crates that were copied into the tree.
    #[serde(default)]
    pub vendored: usize,
    /// Of the other places, those that only documentation is made of: examples in comments, goals that have to be asked for.
    #[serde(default)]
    pub documentation: usize,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// Id in the ledger; a gate that the ledger doesn't know has the name it has in the tree.
    pub id: String,
    /// `lang-feature`, `lib-feature`, `attribute`, `rustc-flag`, `rustdoc-flag`, `target-spec`, `build-practice`; for what the ledger doesn't know
    /// `feature`, `option`, `target-spec`, `environment` or `build-practice`.
    pub kind: String,
    /// How people call it.
    pub name: String,
    /// Closed for the compiler, and used in a build of the kernel: without it, the build fails.
    pub needed: bool,
    /// Other goals that need it (`make rustdoc`, ...).
    #[serde(default)]
    pub needed_for: Vec<String>,
    /// Whether it is used, or merely enabled.
    pub usage: Usage,
    /// Status for the compiler: `stable`, `unstable`, `perma-unstable`, `absent` or `unknown`.
    pub status: String,
    /// Who says so: `compiler`, `ledger`, or `nobody`.
    pub status_from: String,
    /// First release in which it is stable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Tracking issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// Rust project goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// How to do without it on stable, by the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_out: Option<String>,
    /// What gateless does about it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateless: Option<String>,
    /// What building without it showed (`--verify`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// Every place.
    pub uses: Vec<Use>,
}

/// Whether a gate is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// Something in a build uses it.
    Used,
    /// Only the bodies of macros use it; `--verify` finds out whether they are expanded in a build.
    InMacros,
    /// It is turned on, and nothing that is built uses it.
    Enabled,
    /// It is turned on, and no rule of the scan tells what a use looks like; `--verify` finds out.
    NotKnown,
    /// Nothing that is built turns it on or uses it.
    Idle,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Use {
    /// File, relative to the tree.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// Whether it opens the gate or uses it.
    pub role: Role,
    /// What is made from it: `build`, `make rustdoc`, `probe`, `doctest`, `nothing`.
    pub place: String,
    /// Whether it stands in an example in a comment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
    /// The crate, where its file was copied into the tree with a crate of others (by the README beside it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendored: Option<String>,
    /// Architectures it applies to; `all` for any.
    pub architectures: Vec<String>,
    /// Conditions that must all hold for it to apply; empty for none.
    pub configurations: Vec<String>,
    /// Whether it applies to a build with this compiler (and configuration, with `--out`).
    pub applies: Applies,
}

impl Use {
    /// Whether nothing but documentation is made of it.
    pub fn is_documentation(&self) -> bool {
        self.example || self.place.starts_with("make rustdoc") || self.place == "doctest"
    }
}

/// Whether a place applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Applies {
    /// To every build.
    Always,
    /// To some configurations.
    Sometimes,
    /// To none.
    Never,
}
