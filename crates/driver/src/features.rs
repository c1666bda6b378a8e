//! What becomes of a feature that a crate names.

use std::process::Stdio;

use gateless_ledger::{Feature, Ledger};
use gateless_lower::GateStatus;

use crate::classify::Class;
use crate::diagnostics;
use gateless_rustc::toolchain::Toolchain;

/// The ledger's word on a feature name, as lowering wants it, or the compiler's on one that the ledger doesn't have.
pub fn status(ledger: &Ledger, feature: &str, toolchain: &Toolchain, class: Class) -> GateStatus {
    // The kernel's file of panicking intrinsics is compiled as an ordinary crate, see `runtime`.
    if feature == "compiler_builtins" && class == Class::RuntimeBuiltins {
        return GateStatus::Lowered;
    }
    let version = toolchain.compiler.version;
    match ledger.feature(feature, (version.major, version.minor)) {
        Feature::Stable(_) => GateStatus::Stable,
        Feature::Lowered(_) => GateStatus::Lowered,
        Feature::Closed(_) => GateStatus::Internal,
        Feature::Unknown if is_accepted(toolchain, feature) => GateStatus::Stable,
        Feature::Unknown => GateStatus::Unknown,
    }
}

/// Whether a feature is stable by now: the compiler refuses every feature attribute, but warns of those that say nothing any more.
fn is_accepted(toolchain: &Toolchain, feature: &str) -> bool {
    let text = format!("#![warn(stable_features)]\n#![feature({feature})]\n");
    let mut command = toolchain.compiler.run("rustc");
    command
        .args(["-", "--crate-name=x", "--crate-type=lib", "--emit=metadata"])
        .args(["-o", "-", "--error-format=json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    if let Some(mut input) = child.stdin.take() {
        // A compiler that does not read it says nothing about the feature either.
        let _ = std::io::Write::write_all(&mut input, text.as_bytes());
    }
    let Ok(output) = child.wait_with_output() else {
        return false;
    };
    let told = diagnostics::parse(&String::from_utf8_lossy(&output.stderr));
    told.iter().any(diagnostics::is_about_stable_feature)
}
