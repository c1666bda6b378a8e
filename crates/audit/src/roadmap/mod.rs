//! When is this done: what is left, what depends on what, which stabilisations would end it, and how it went over the releases.

pub mod dot;
pub mod graph;
pub mod html;
pub mod plan;
pub mod text;

use gateless_model::targets::Targets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use plan::{Selection, plan};

/// The answer of `gateless roadmap`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Roadmap {
    /// 1.
    pub version: u32,
    /// Release of the tree.
    pub release: Option<String>,
    /// Release of the compiler.
    pub rustc: String,
    /// Architecture the plan is for; `all` for every one.
    pub arch: String,
    /// Configuration the plan is for: `any`, or the directory of the build whose configuration it is.
    pub configuration: String,
    /// "Done when": the shortest set of steps after which the tree needs no gate.
    pub done_when: Vec<Step>,
    /// Every gate that is needed there, with what it waits for.
    pub items: Vec<Item>,
    /// The same count over the releases at hand, oldest first.
    pub trend: Vec<Point>,
    /// What is needed upstream and unnecessary with gateless.
    pub unnecessary: Vec<String>,
    /// Architectures, from `gateless targets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Targets>,
}

/// One step of "done when".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Id in the ledger.
    pub id: String,
    /// How people call it.
    pub name: String,
    /// `stabilise`, or `leave-out` where the tree itself can drop it.
    pub what: String,
    /// Tracking issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// Rust project goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// Gates that are needed no more after this step, itself included, those before it done.
    pub unblocks: Vec<String>,
    /// Places of these gates.
    pub uses: usize,
    /// Files of these places.
    pub files: usize,
}

/// One gate of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// Id.
    pub id: String,
    /// How people call it.
    pub name: String,
    /// Kind, as in the audit.
    pub kind: String,
    /// Status for the compiler.
    pub status: String,
    /// Whether the tree needs it itself, or only what it needs waits for it.
    pub needed: bool,
    /// Places that apply.
    pub uses: usize,
    /// Files of these places.
    pub files: usize,
    /// Entries it waits for that are not stable.
    pub blocked_on: Vec<String>,
    /// Entries of the plan that wait for it.
    pub blocks: Vec<String>,
    /// `stabilised`, `with-dependencies` or `left-out`.
    pub ends: String,
    /// Tracking issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// Rust project goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// What gateless does instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateless: Option<String>,
    /// How to do without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_out: Option<String>,
    /// Architectures it applies to.
    pub architectures: String,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Release.
    pub release: String,
    /// Gates needed, for the same compiler.
    pub needed: usize,
    /// Of these, features and attributes of the language and its library.
    pub language: usize,
    /// Of these, options and target specifications.
    pub options: usize,
    /// Places of the needed gates.
    pub uses: usize,
    /// Rust sources in the tree.
    pub rust_files: usize,
}
