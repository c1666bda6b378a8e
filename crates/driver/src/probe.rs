//! Flag probes: does the compiler accept these flags? The answer must be the gated build's.
//!
//! Kbuild (`scripts/Makefile.compiler`, `__rustc-option`) pipes a program with `#![feature(no_core)]` through the
//! compiler and looks at the exit code; Kconfig (`scripts/Kconfig.include`, `rustc-option`) compiles /dev/null.
//! On stable the feature attribute alone would make every answer no. So the flags are judged apart from the program:
//! stable ones by the real compiler, unstable ones by the ledger.

use std::process::Stdio;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use gateless_ledger::Ledger;
use gateless_model::{Failure, Result};

use crate::diagnostics;
use crate::invocation::{Invocation, Kind, Tool};
use crate::toolchain::Toolchain;

/// Errors that say only that the probe's program is gated, not that a flag was refused.
const GATED_PROGRAM: &[&str] = &["E0554", "E0658"];

/// Answers a probe: the exit code for make or Kconfig.
///
/// # Errors
/// For an unstable flag the ledger doesn't know: guessing would change the configuration silently.
pub fn answer(call: &Invocation, ledger: &Ledger, toolchain: &Toolchain) -> Result<u8> {
    let mut args = Vec::new();
    for arg in &call.args {
        match &arg.kind {
            Kind::Unstable(name, value) => {
                let value = value.as_deref().unwrap_or("");
                if let Err(None) = ledger.flag(name, value) {
                    return Err(Failure::no(format!(
                        "probe for `-Z{name}={value}`: an unstable flag that the ledger doesn't know"
                    )));
                }
            }
            // The answer is the exit code; nothing may be printed in place of an object.
            Kind::Emit(_) => args.push("--emit=metadata".to_owned()),
            _ => args.extend(arg.tokens()),
        }
    }
    args.push("--error-format=json".to_owned());
    let output = toolchain
        .command(Tool::Rustc)
        .args(&args)
        .stdin(Stdio::inherit())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| {
            Failure::failed(format!("cannot run `{}`", toolchain.rustc)).because(error)
        })?;
    if output.status.success() {
        return Ok(0);
    }
    let errors: Vec<_> = diagnostics::parse(&String::from_utf8_lossy(&output.stderr))
        .into_iter()
        .filter(|diagnostic| matches!(diagnostic.level, DiagnosticLevel::Error))
        // The closing line "aborting due to 2 previous errors" has no place.
        .filter(|diagnostic| {
            diagnostic.code.is_some() || !diagnostic.message.starts_with("aborting due to")
        })
        .collect();
    let gated = |diagnostic: &Diagnostic| {
        diagnostic
            .code
            .as_ref()
            .is_some_and(|code| GATED_PROGRAM.contains(&code.code.as_str()))
    };
    if !errors.is_empty() && errors.iter().all(gated) {
        return Ok(0);
    }
    Ok(1)
}
