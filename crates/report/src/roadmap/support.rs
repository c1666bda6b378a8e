//! The matrix of architectures, as `gateless targets --json` prints it. Only what carries the hash of its log is a claim.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer of `gateless targets --json`. Fields that this page does not show are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Support {
    /// 1.
    pub version: u32,
    /// Architectures.
    pub architectures: Vec<Architecture>,
}

/// One architecture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Architecture {
    /// Its name.
    pub arch: String,
    /// Whether upstream has Rust there.
    #[serde(default)]
    pub upstream: bool,
    /// Its variants.
    #[serde(default)]
    pub variants: Vec<Variant>,
}

/// One variant (endianness, word size, ...).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// A kernel was built.
    #[serde(default)]
    pub built: bool,
    /// It was booted.
    #[serde(default)]
    pub booted: bool,
    /// Tests passed.
    #[serde(default)]
    pub tests_passed: Option<u64>,
    /// Tests failed.
    #[serde(default)]
    pub tests_failed: Option<u64>,
    /// Release of the kernel.
    #[serde(default)]
    pub release: Option<String>,
    /// Release of the compiler.
    #[serde(default)]
    pub rustc: Option<String>,
    /// Day of the run.
    #[serde(default)]
    pub date: Option<String>,
    /// SHA-256 of the log.
    #[serde(default)]
    pub log_sha256: Option<String>,
}
