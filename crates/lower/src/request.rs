//! What a lowering is asked to do.

use camino::Utf8Path;

use crate::Exports;

/// What the ledger says about one feature name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateStatus {
    /// Stable in the compiler at hand (or removed from the language): the attribute says nothing and is dropped.
    Stable,
    /// This crate turns its uses into stable code, so the attribute is dropped.
    Lowered,
    /// Internal to the compiler and its own library; never opened.
    Internal,
    /// Not known.
    Unknown,
}

/// One crate to lower.
#[derive(Clone)]
pub struct Request<'a> {
    /// Root file exactly as rustc would be given it: absolute, or relative to `cwd`.
    pub root: &'a Utf8Path,
    /// Absolute directory that relative names are relative to.
    pub cwd: &'a Utf8Path,
    /// Absolute directory for lowered files. The file with the absolute path A is mirrored at `{mirror}{A}`, so that one prefix maps everything back.
    pub mirror: &'a Utf8Path,
    /// Source text given on standard input; `root` is then only a name (such as `<anon>`) and is mirrored as if it lay in `cwd`.
    pub root_text: Option<&'a str>,
    /// Name of the crate, as rustc has it (`--crate-name`, or derived from the root file).
    pub crate_name: &'a str,
    /// Edition as rustc has it (`--edition`, by default `2015`).
    pub edition: &'a str,
    /// Looks up an environment variable that `env!` in an `include!` argument names.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The `--cfg` values (`NAME`, `name="value"`); they decide which `cfg_attr` feature attributes count.
    /// Configuration that the compiler sets by itself (`target_arch`, `debug_assertions`, ...) need not be listed.
    pub cfg: Vec<String>,
    /// Attributes that `-Zcrate-attr` injected, without `#![]`: `no_std`, `feature(a, b)`.
    pub crate_attrs: &'a [String],
    /// What the ledger says about a feature name.
    pub gate_status: &'a dyn Fn(&str) -> GateStatus,
    /// Whether statics that the linker keeps (`#[used]`, `#[used(linker)]`) get [`crate::LINKER_MARK`] in front of their section, for whoever makes
    /// the object from rustc's bitcode.
    pub mark_used: bool,
    /// The name that the compiler gives to a file, by its absolute path.
    pub shown: &'a dyn Fn(&Utf8Path) -> String,
    /// What the lowered crates among the direct dependencies export, by the name that the crate knows them by (`--extern NAME`).
    pub known: &'a Exports,
}
