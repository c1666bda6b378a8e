//! `rustdoc --test` without unstable options.
//!
//! Stable rustdoc compiles each doctest with the `bin/rustc` of the toolchain that its own libraries were loaded from. So it is
//! started from a view of the toolchain: `lib/` hard-linked (symbolic links would be resolved), a copy of `rustdoc`, and a `bin/rustc`
//! that is this program. What that does with a doctest is in `extract.rs` (Kbuild's builder gets it) and `host.rs` (it is
//! compiled as any program is, and rustdoc runs it).

mod extract;
pub mod host;
mod rustdoc;
mod view;

use gateless_model::Result;

pub use extract::Builder;

use crate::call::Call;

/// Runs or extracts the doctests of a crate, and returns rustdoc's exit code.
pub fn test(call: &Call<'_>) -> Result<u8> {
    match call.invocation.value("test-builder") {
        Some(builder) => extract::run(call, builder),
        None => host::run(call),
    }
}
