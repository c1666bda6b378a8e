//! Doctests that rustdoc compiles and runs on the host (`make rusttest`).
//!
//! Stock rustdoc compiles them with the plain compiler. Through the view it gets `gateless-rustc` instead, so that a doctest
//! may use what its crate's library may.

use gateless_model::Result;

use super::rustdoc;
use crate::call::Call;

/// Tells the wrapper in the view that it is a compiler.
const VARIABLE: &str = "GATELESS_DOCTEST_COMPILER";

/// Runs the doctests of a crate.
pub fn run(call: &Call<'_>) -> Result<u8> {
    rustdoc::run(call, (VARIABLE, "1"))
}

/// Whether rustdoc started this process to compile a doctest.
pub fn is_compiler() -> bool {
    std::env::var_os(VARIABLE).is_some()
}
