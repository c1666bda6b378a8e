//! The runtime crates, `core` and `compiler_builtins`, and where they come from.
//!
//! rustc adds `extern crate compiler_builtins` to every `no_std` crate. The kernel ships a crate of that name with
//! panicking intrinsics. Its file is compiled as ordinary stable code of another name, for the object; the metadata that
//! rustc's crate loader wants is a stub's ([`stub`]) or the prebuilt library's ([`prebuilt`]).

pub mod core;
pub mod float_helpers;
mod prebuilt;
pub mod source;
mod stub;

use camino::Utf8PathBuf;
use gateless_model::Result;
use gateless_model::record::Run;

use crate::call::Call;
use crate::runtime::source::Source;

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
