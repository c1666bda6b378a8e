//! The runtime sources: where `core` and `compiler_builtins` come from.

use gateless_model::{Failure, Result};

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
