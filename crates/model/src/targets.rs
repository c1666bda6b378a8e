//! The support matrix: the answer of `gateless targets --json` (its schema is `schema/targets.json` in this crate), and the recorded runs
//! that it rests on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of both shapes.
pub const VERSION: u32 = 1;

/// What is known about every architecture of a kernel tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// [`VERSION`].
    pub version: u32,
    /// The tree's release, such as `7.3.4`.
    pub release: String,
    /// The compiler that was asked, as it names itself.
    pub rustc: String,
    /// One per directory of the tree's `arch/`.
    pub architectures: Vec<Architecture>,
}

/// One architecture of a kernel tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Name of its directory in the tree.
    pub arch: String,
    /// Whether its Kconfig selects HAVE_RUST.
    pub upstream: bool,
    /// On what that depends, in Kconfig's words; empty if on nothing.
    pub conditions: Vec<String>,
    /// The built-in targets that its Makefile names, or, where it names none, those of the compiler for the same processor.
    pub builtin_targets: Vec<String>,
    /// The back end that the compiler's own LLVM has for it.
    pub llvm_back_end: Option<String>,
    /// The C compiler that builds it, as far as one is known.
    pub c_compiler: Option<Tool>,
    /// The emulators that run it: those of the tree's KUnit machines.
    pub emulators: Vec<Tool>,
    /// What stands in the way, nearest first; empty where a build is expected to work.
    pub obstacles: Vec<String>,
    /// What of it gateless builds, each with its last result.
    pub variants: Vec<Variant>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Name.
    pub name: String,
    /// Whether it is on this machine.
    pub found: bool,
}

/// One variant of an architecture, with the last recorded result whose log is there and has the recorded hash; without such a log
/// nothing is claimed, and all but the name is false or absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// As given to `--arch`.
    pub name: String,
    /// Whether a kernel was built.
    pub built: bool,
    /// Whether it ran its tests to the end.
    pub booted: bool,
    /// Test cases that passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests_passed: Option<usize>,
    /// Test cases that failed or never ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests_failed: Option<usize>,
    /// Test cases that were skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests_skipped: Option<usize>,
    /// Tests with the same result in the gated build, and those with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    /// Whether the build was proven gateless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<bool>,
    /// What the gated build has and this one has not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weaker_than_gated: Vec<String>,
    /// Machine code compared with the gated build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
    /// Kernel release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Compiler version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rustc: Option<String>,
    /// Configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// When it ended, UTC (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// SHA-256 of the log: the console's if it was booted, else the build's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_sha256: Option<String>,
}

/// Test results of two boots, compared by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Alike.
    pub alike: usize,
    /// Different, or in one boot only.
    pub different: usize,
}

/// Machine code of two builds, compared by function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    /// Functions in either build.
    pub functions: usize,
    /// Without any difference.
    pub identical: usize,
    /// With differences that are all explained.
    pub explained: usize,
    /// Everything that differs without an explanation, functions and the rest.
    pub unexplained: usize,
}

/// One recorded run of `gateless matrix`: a line of `results.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// [`VERSION`].
    pub version: u32,
    /// What was asked for.
    pub cell: Cell,
    /// The gateless that did it: version and hash of the program. A good run of the same cell by the same program need not be repeated.
    pub gateless: String,
    /// What came of it; the name is the cell's architecture.
    pub result: Variant,
    /// The first step that failed, and its message; nothing if all went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedStep>,
    /// The commands, as they can be typed.
    pub commands: Vec<String>,
    /// Wall time.
    pub seconds: u64,
}

/// One cell of a matrix.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// As given to `--arch`.
    pub arch: String,
    /// As given to `--release`.
    pub release: String,
    /// The compiler as given to `--rustc`: a path, or nothing for the one that gateless chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rustc: Option<String>,
    /// As given to `--preset`.
    pub preset: String,
}

/// A step of a run that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedStep {
    /// The command's name, such as `boot` or `fidelity`.
    pub step: String,
    /// Its exit code; nothing if it was ended by a signal.
    pub exit: Option<i32>,
    /// The last lines that it said.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_in_the_repository_are_those_of_the_types() {
        let text = |schema| serde_json::to_string_pretty(&schema).unwrap() + "\n";
        expect_test::expect_file!["../schema/targets.json"]
            .assert_eq(&text(schemars::schema_for!(Targets)));
        expect_test::expect_file!["../schema/run-record.json"]
            .assert_eq(&text(schemars::schema_for!(RunRecord)));
    }

    #[test]
    fn a_variant_without_a_result_claims_nothing() {
        let variant = Variant {
            name: "arm".to_owned(),
            ..Variant::default()
        };
        assert_eq!(
            serde_json::to_string(&variant).unwrap(),
            r#"{"name":"arm","built":false,"booted":false}"#
        );
    }
}
