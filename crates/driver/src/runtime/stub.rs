//! The stub crate `compiler_builtins` of the runtime source `source`: a name and an attribute, for rustc's crate loader.

use camino::Utf8Path;
use gateless_base::files;
use gateless_model::record::Run;
use gateless_model::{Failure, Result};

use crate::call::Call;
use crate::compiler;
use crate::diagnostics::{self, Format};
use crate::invocation::Kind;
use crate::mapping::Mapping;

/// The stub's whole source.
const STUB: &str = "#![feature(compiler_builtins)]\n#![allow(internal_features)]\n#![compiler_builtins]\n#![no_builtins]\n#![no_std]\n";

/// Compiles the stub to the metadata file that the call asks for.
pub fn compile(call: &Call<'_>) -> Result<Run> {
    let metadata = call.metadata_output()?;
    let source = call.state.directory().join("compiler_builtins.rs");
    files::write_if_changed(&source, STUB.as_bytes())?;
    let mut args: Vec<String> = Vec::new();
    for arg in &call.plan.args {
        match &arg.kind {
            Kind::Emit(_) => {}
            _ => args.extend(arg.tokens()),
        }
    }
    args.extend([
        "--cap-lints=allow".to_owned(),
        format!("--emit=metadata={metadata}"),
    ]);
    // Nothing in the metadata may depend on where the output tree lies.
    args.push(format!("--remap-path-prefix={}/=", call.state.directory()));
    args.extend(Format::of(call.invocation).arguments());
    args.push(source.to_string());
    let run = compiler::run(call, args, vec!["compiler_builtins".to_owned()]);
    let format = Format::of(call.invocation);
    let ran = compiler::execute(call, &run)?;
    if !ran.status.success() {
        let nowhere = Mapping::new(Utf8Path::new("/nonexistent"), call.cwd, "/");
        diagnostics::show(&ran.stderr, &format, &nowhere, None);
        return Err(Failure::failed(
            "the stub crate `compiler_builtins` does not compile with this compiler",
        ));
    }
    Ok(run)
}
