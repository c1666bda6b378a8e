//! `core` out of the toolchain's prebuilt library: its metadata as it is, its object re-generated for the kernel.

use camino::Utf8Path;
use gateless_base::files;
use gateless_codegen::UsedFix;
use gateless_model::columns::Columns;
use gateless_model::{Failure, Result};

use super::prebuilt::{self, Library};
use crate::call::Call;
use crate::finish::{Finished, finish};
use crate::generate::Generate;
use crate::libraries::Loads;
use crate::mapping::Mapping;

/// Writes the library's metadata and generates its object; returns the exit code for make.
pub fn generate(
    call: &Call<'_>,
    mapping: &Mapping,
    loads: &Loads,
    generate: Option<&Generate>,
) -> Result<u8> {
    let library = Library::find(call, "core")?;
    library.write_metadata(call)?;
    let Some(generate) = generate else {
        return Err(Failure::no(format!(
            "the runtime source `{}` is for targets with a specification of their own",
            call.runtime.name()
        ))
        .help("use the runtime source `source`"));
    };
    files::write_with_parents(generate.bitcode(), &library.bitcode()?)?;
    let generator = generate.run(call, (mapping, loads), &Columns::default(), UsedFix::Keep)?;
    if let Some(path) = &call.plan.dep_info {
        files::write_with_parents(
            &call.cwd.join(path),
            prebuilt::dependencies(&call.primary_output(), Utf8Path::new(call.input())).as_bytes(),
        )?;
    }
    let mut loads = loads.clone();
    loads.artifacts.push(library.rlib.into_string());
    finish(
        call,
        Finished {
            mapping,
            lowered: None,
            loads: &loads,
            columns: &Columns::default(),
            runs: Vec::new(),
            generated: Some((generate, generator)),
        },
    )?;
    Ok(0)
}
