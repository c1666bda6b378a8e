//! The attestation record: one per compiler call that wrote something, kept in `OUT/.gateless/records/`.
//!
//! A record is written by the wrapper during the build and read by `gateless attest`. Its paths are relative to what the build is made of: `<out>`, the
//! output directory that holds it, `<tree>`, `<toolchain>` and so on (`gateless_linux::places`). So a build that is moved keeps its records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Directory inside an output directory in which gateless keeps its own files, records among them.
pub const STATE: &str = ".gateless";

/// Version of the record's shape; a reader refuses any other.
pub const VERSION: u32 = 2;

/// The directory in which the call ran, which holds [`STATE`].
pub const OUT: &str = "<out>";

/// What one compiler call was, what it was turned into, and what it left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Crate name as passed by Kbuild, or derived from the root file as rustc does.
    pub crate_name: String,
    /// What kind of call it was (`kernel crate`, `runtime crate`, `host program`, ...).
    pub class: String,
    /// Directory in which the call ran.
    pub cwd: String,
    /// Arguments as Kbuild passed them, response files not expanded.
    pub asked: Vec<String>,
    /// The compiler runs that the call was turned into, in order.
    pub runs: Vec<Run>,
    /// What generated the code, where the compiler stopped at bitcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
    /// Where the runtime crates came from, for crates that are runtime crates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_source: Option<String>,
    /// What was decided about each argument that did not pass through unchanged.
    pub decisions: Vec<Decision>,
    /// Source files read, with the SHA-256 of their content.
    pub inputs: BTreeMap<String, String>,
    /// Gates that lowering removed, each with the number of places.
    pub lowered: BTreeMap<String, usize>,
    /// Files written, relative to `cwd`, as they were right after the call.
    pub outputs: BTreeMap<String, Output>,
    /// SHA-256 over all other fields (see `gateless_driver::record`), so that an edited record is noticed.
    pub seal: String,
}

/// One file written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// SHA-256 of the whole file.
    pub sha256: String,
    /// For an object file, SHA-256 of each section that holds code, data or debug information.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sections: BTreeMap<String, String>,
}

/// One run of the real compiler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Path of the compiler that ran.
    pub compiler: String,
    /// First line of its `--version`.
    pub version: String,
    /// SHA-256 of the compiler's driver library (or binary where it is static).
    pub sha256: String,
    /// Final arguments.
    pub args: Vec<String>,
    /// Environment variables that were changed for the run; `None` means removed.
    pub env: BTreeMap<String, Option<String>>,
    /// Crates for which a gate was open in this run (`RUSTC_BOOTSTRAP`), empty for stable runs.
    pub exempt: Vec<String>,
}

/// The libLLVM that generated code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// Its path.
    pub path: String,
    /// Its version, such as `22.1.2`.
    pub version: String,
    /// SHA-256 of the library.
    pub sha256: String,
    /// Whether the compiler itself uses it. If not, it is an installed one of the same major version, since the compiler has LLVM linked in.
    pub own: bool,
    /// The compiler's own version of LLVM.
    pub of_compiler: String,
    /// The C compiler, if it made the object; then the library only read the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c: Option<MadeByC>,
}

/// An object made by way of C.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeByC {
    /// First line of the C compiler's `--version`.
    pub version: String,
    /// The programs that ran, each with its SHA-256.
    pub programs: BTreeMap<String, String>,
    /// All flags, the tree's own for C objects first; without the names of files.
    pub arguments: Vec<String>,
    /// The translation, relative to `cwd`.
    pub source: String,
    /// Its SHA-256.
    pub source_sha256: String,
    /// What was asked of LLVM and is not asked of the C compiler, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weaker: Vec<String>,
}

/// What became of one argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The argument, as passed.
    pub argument: String,
    /// What was done.
    pub action: Action,
    /// Why, for people.
    pub reason: String,
    /// What the gated build has and this one has not, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weaker: Option<String>,
}

/// What the plan did with an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Left out.
    Dropped,
    /// Replaced by these stable arguments.
    Replaced(Vec<String>),
    /// Done by gateless itself around the compiler run (dependency file, source attribute, ...).
    Emulated,
}
