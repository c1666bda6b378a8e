//! The runtime crates from the toolchain's own source (runtime source `source`).
//!
//! `core` is compiled from rust-src with the gates open for it alone (`RUSTC_BOOTSTRAP=core`: rustc compares the name
//! with the crate's, `compiler/rustc_feature/src/unstable.rs`, `UnstableFeatures::from_environment`; `-Z` stays closed).
//!
//! rustc adds `extern crate compiler_builtins` to every `no_std` crate. The kernel ships a crate of that name with
//! panicking intrinsics. Two things are made of it: a stub with the name and the attribute, for rustc's crate loader, and the
//! kernel's own file as ordinary stable code, for the object.

use camino::Utf8Path;
use gateless_model::record::Run;
use gateless_model::{Failure, Result};

use crate::compile::{Call, execute};
use crate::diagnostics::{self, Format};
use crate::files;
use crate::invocation::Kind;
use crate::mapping::Mapping;

/// Crate name under which the kernel's panicking intrinsics are compiled.
pub const BUILTINS: &str = "kernel_builtins";

/// The stub's whole source.
const STUB: &str = "#![feature(compiler_builtins)]\n#![allow(internal_features)]\n#![compiler_builtins]\n#![no_builtins]\n#![no_std]\n";

/// The runtime source asked for in `GATELESS_RUNTIME` (`gateless build --runtime` passes it through make).
///
/// # Errors
/// For any other than `source`.
pub fn source() -> Result<&'static str> {
    match std::env::var("GATELESS_RUNTIME").as_deref() {
        Err(_) | Ok("" | "source") => Ok("source"),
        Ok("sysroot") => Err(Failure::no("the runtime source `sysroot` needs a toolchain with the kernel's target prebuilt, and is not supported yet")
            .help("use the runtime source `source`")),
        Ok(other) => Err(Failure::usage(format!("GATELESS_RUNTIME is `{other}`, which is no runtime source"))),
    }
}

/// Compiles the stub `compiler_builtins` to the metadata file that the call asks for.
pub fn stub(call: &Call<'_>) -> Result<Run> {
    let metadata = call.invocation.emits().find(|(kind, _)| *kind == "metadata").and_then(|(_, path)| path).ok_or_else(|| {
        Failure::failed("the call for `compiler_builtins` names no metadata file").help("only Kbuild's rule for this crate is understood")
    })?;
    let source = call.state.folder().join("compiler_builtins.rs");
    files::write_if_changed(&source, STUB.as_bytes())?;
    let mut args: Vec<String> = Vec::new();
    for arg in &call.plan.args {
        match &arg.kind {
            Kind::Emit(_) => {}
            _ => args.extend(arg.tokens()),
        }
    }
    args.extend(["--cap-lints=allow".to_owned(), format!("--emit=metadata={metadata}")]);
    // Nothing in the metadata may depend on where the output tree lies.
    args.push(format!("--remap-path-prefix={}/=", call.state.folder()));
    args.extend(Format::of(call.invocation).arguments());
    args.push(source.to_string());
    let run = call.run(args, vec!["compiler_builtins".to_owned()]);
    let format = Format::of(call.invocation);
    let ran = execute(call, &run)?;
    if !ran.status.success() {
        let nowhere = Mapping::new(Utf8Path::new("/nonexistent"), call.cwd, "/");
        diagnostics::show(&ran.stderr, &format, &nowhere);
        return Err(Failure::failed("the stub crate `compiler_builtins` does not compile with this compiler"));
    }
    Ok(run)
}
