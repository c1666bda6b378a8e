//! The runtime crates, `core` and `compiler_builtins`, and where they come from.
//!
//! rustc adds `extern crate compiler_builtins` to every `no_std` crate. The kernel ships a crate of that name with
//! panicking intrinsics. Its file is compiled as ordinary stable code of another name, for the object; the metadata that
//! rustc's crate loader wants is a stub's ([`stub`]) or the prebuilt library's ([`prebuilt`]).

pub mod float_helpers;
pub mod prebuilt;
pub mod stub;

use camino::Utf8PathBuf;
use gateless_model::record::Run;
use gateless_model::{Failure, Result};

use crate::compile::Call;

/// Crate name under which the kernel's panicking intrinsics are compiled.
pub const BUILTINS: &str = "kernel_builtins";

/// Where the runtime crates come from.
#[expect(
    clippy::enum_variant_names,
    reason = "one of the sources is called `source`"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `core` is compiled from rust-src with the gates open for it alone (`RUSTC_BOOTSTRAP=core`: rustc compares the name
    /// with the crate's, `compiler/rustc_feature/src/unstable.rs`, `UnstableFeatures::from_environment`; `-Z` stays closed).
    Source,
    /// The toolchain's prebuilt library for the kernel's target.
    Sysroot,
    /// The toolchain's prebuilt library for the host, re-generated for the kernel.
    Host,
}

impl Source {
    /// What `GATELESS_RUNTIME` asks for (`gateless build --runtime` passes it through make); `source` if it doesn't.
    ///
    /// # Errors
    /// For a name that is no runtime source.
    pub fn from_env() -> Result<Self> {
        match std::env::var("GATELESS_RUNTIME").as_deref() {
            Err(_) | Ok("" | "source") => Ok(Source::Source),
            Ok("sysroot") => Ok(Source::Sysroot),
            Ok("host") => Ok(Source::Host),
            Ok(other) => Err(Failure::usage(format!(
                "GATELESS_RUNTIME is `{other}`, which is no runtime source"
            ))
            .help("the runtime sources are source, sysroot and host")),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Source::Source => "source",
            Source::Sysroot => "sysroot",
            Source::Host => "host",
        }
    }
}

/// Makes the metadata of `compiler_builtins` that the call asks for. Returns the compiler run that it took, and the prebuilt library if it
/// came from one.
pub fn builtins(call: &Call<'_>) -> Result<(Option<Run>, Option<Utf8PathBuf>)> {
    match call.runtime {
        Source::Source => Ok((Some(stub::compile(call)?), None)),
        Source::Sysroot | Source::Host => {
            let library = prebuilt::Library::find(call, "compiler_builtins")?;
            library.write_metadata(call)?;
            Ok((None, Some(library.rlib)))
        }
    }
}

/// The metadata file that a call for a runtime crate asks for.
fn metadata_of<'a>(call: &Call<'a>) -> Result<&'a str> {
    call.invocation
        .emits()
        .find(|(kind, _)| *kind == "metadata")
        .and_then(|(_, path)| path)
        .ok_or_else(|| {
            Failure::failed(format!(
                "the call for `{}` names no metadata file",
                call.crate_name
            ))
            .help("only Kbuild's rule for this crate is understood")
        })
}
