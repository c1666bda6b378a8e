//! Flag probes: does the compiler accept these flags? The answer must be the gated build's.
//!
//! Kbuild (`scripts/Makefile.compiler`, `__rustc-option`) pipes a program with `#![feature(no_core)]` through the
//! compiler and looks at the exit code; Kconfig (`scripts/Kconfig.include`, `rustc-option`) compiles /dev/null.
//! On stable the feature attribute alone would make every answer no. So the flags are judged apart from the program:
//! stable ones by the real compiler, unstable ones by the ledger.

use std::process::Stdio;

use gateless_ledger::Ledger;
use gateless_model::{Failure, Result, backend};
use gateless_rustc::diagnostic::{self, Event, Said};

use crate::invocation::{Invocation, Kind};
use gateless_rustc::toolchain::Toolchain;

/// Answers a probe: the exit code for make or Kconfig.
///
/// # Errors
/// For an unstable flag the ledger doesn't know: guessing would change the configuration silently.
pub fn answer(call: &Invocation, ledger: &Ledger, toolchain: &Toolchain) -> Result<u8> {
    let mut args = Vec::new();
    for arg in &call.args {
        match &arg.kind {
            Kind::Unstable(name, _) if name == backend::OPTION => {}
            Kind::Unstable(name, value) => {
                let value = value.as_deref().unwrap_or("");
                if let Err(None) = ledger.flag(name, value) {
                    return Err(Failure::no(format!(
                        "probe for `-Z{name}={value}`: an unstable flag that the ledger doesn't know"
                    )));
                }
            }
            _ if call.is_replaced(arg) => {}
            // The answer is the exit code; nothing may be printed in place of an object.
            Kind::Emit(_) => args.push("--emit=metadata".to_owned()),
            _ => args.extend(arg.tokens()),
        }
    }
    args.push("--error-format=json".to_owned());
    let output = toolchain
        .compiler
        .run("rustc")
        .args(&args)
        .stdin(Stdio::inherit())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| {
            Failure::failed(format!("cannot run `{}`", toolchain.compiler.rustc)).because(error)
        })?;
    if output.status.success() {
        return Ok(0);
    }
    let diagnostics = diagnostic::parse(&String::from_utf8_lossy(&output.stderr));
    let events = Event::all(&diagnostics);
    // The closing line "aborting due to 2 previous errors" has no place.
    let mut errors = events
        .iter()
        .filter(|event| !matches!(event.said, Said::Summary))
        .peekable();
    // Errors that say only that the probe's program is gated, not that a flag was refused.
    let gated = |event: &Event<'_>| {
        matches!(
            event.said,
            Said::FeatureOnStable | Said::Gated | Said::GatedAssembly | Said::GatedReceiver { .. }
        )
    };
    if errors.peek().is_some() && errors.all(gated) {
        return Ok(0);
    }
    Ok(1)
}
