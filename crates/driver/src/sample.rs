//! One function compiled for a call's target.
//!
//! rustc writes the processor and the features of a built-in target on functions only (`target_features_attr`,
//! compiler/rustc_codegen_llvm/src/attributes.rs), but gives them to LLVM's machine for every crate, where they decide about the header and
//! the attributes of the object. So a crate without a function of its own gets them from this one.

use camino::Utf8PathBuf;
use gateless_base::files;
use gateless_model::{Failure, Result};

use crate::call::Call;
use crate::compiler;
use crate::invocation::Kind;

const SOURCE: &str = "#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn gateless_sample() {}\n";

/// Compiles the function with the options of `call`, and returns the bitcode, which is kept as long as the call's state is.
pub fn bitcode(call: &Call<'_>, primary: &str) -> Result<Utf8PathBuf> {
    let directory = call.state.directory().join("bitcode");
    let root = directory.join(format!("{primary}.sample.rs"));
    let made = root.with_extension("bc");
    files::write_with_parents(&root, SOURCE.as_bytes())?;
    let mut args = Vec::new();
    for arg in &call.plan.args {
        match &arg.kind {
            Kind::Emit(_) | Kind::Input(_) => {}
            Kind::Value("crate-type" | "crate-name" | "output" | "out-dir", _) => {}
            _ => args.extend(arg.tokens()),
        }
    }
    args.extend([
        "--crate-name=gateless_sample".to_owned(),
        "--crate-type=lib".to_owned(),
        // What lints say of it is of no interest.
        "--cap-lints=allow".to_owned(),
        "-Cno-prepopulate-passes".to_owned(),
        format!("--emit=llvm-bc={made}"),
        root.to_string(),
    ]);
    let ran = compiler::execute(call, &compiler::run(call, args, call.exempt()))?;
    fs_err::remove_file(&root)?;
    match ran.status.success() {
        true => Ok(made),
        false => Err(Failure::failed(format!(
            "{primary} has no function, and one compiled like it, to learn the target's features from, is refused: {}",
            ran.stderr.trim()
        ))),
    }
}
