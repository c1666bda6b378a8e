//! Prebuilt runtime crates: metadata and bitcode out of the libraries that the toolchain has for a target.
//!
//! rustup's and Debian's libraries are rlibs whose objects hold the bitcode that they were made of in the section `.llvmbc`
//! (`-Cembed-bitcode`, the default). The metadata lies in a `.rmeta` file beside the rlib, or, before rustc 1.95, in the rlib's
//! member `lib.rmeta`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::files;
use gateless_model::{Failure, Result};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

use super::source::Source;
use crate::call::Call;

/// One library of the toolchain.
#[derive(Debug)]
pub struct Library {
    /// The archive.
    pub rlib: Utf8PathBuf,
}

impl Library {
    /// Finds the library of a crate that the call's runtime source has for the call's target.
    ///
    /// # Errors
    /// When the toolchain has none for that target: `rustup target add`, or another runtime source, helps.
    pub fn find(call: &Call<'_>, name: &str) -> Result<Self> {
        let target = match (
            call.runtime,
            &call.plan.target,
            call.invocation.value("target"),
        ) {
            (_, Some(target), _) => target.builtin.as_str(),
            (Source::Host, None, _) => {
                return Err(Failure::no("the runtime source `host` is for targets with a specification of their own (x86_64 and User Mode Linux)")
                    .help("use the runtime source `source`"));
            }
            (_, None, Some(builtin)) => builtin,
            (_, None, None) => {
                return Err(Failure::failed(format!(
                    "the call for `{name}` names no target"
                )));
            }
        };
        let directory = call
            .toolchain
            .compiler
            .sysroot
            .join("lib/rustlib")
            .join(target)
            .join("lib");
        let (before, after) = (format!("lib{name}-"), ".rlib");
        let mut found: Vec<Utf8PathBuf> = Vec::new();
        for entry in directory.read_dir_utf8().into_iter().flatten() {
            let entry = entry?;
            if entry.file_name().starts_with(&before) && entry.file_name().ends_with(after) {
                found.push(entry.into_path());
            }
        }
        match found.as_slice() {
            [_] => Ok(Self { rlib: found.remove(0) }),
            [] => Err(Failure::no(format!(
                "the runtime source `{}` needs the library `{name}` prebuilt for {target}, and the toolchain has none in {directory}",
                call.runtime.name()
            ))
            .help(format!("run `rustup target add {target}`, or use the runtime source `source`"))),
            several => Err(Failure::failed(format!("{directory} has {} libraries named `{name}`", several.len()))),
        }
    }

    /// Writes the library's metadata to the file that the call asks for.
    pub fn write_metadata(&self, call: &Call<'_>) -> Result<()> {
        let to = call.cwd.join(call.metadata_output()?);
        let beside = self.rlib.with_extension("rmeta");
        if beside.is_file() {
            return files::write_with_parents(&to, &fs_err::read(&beside)?);
        }
        let bytes = fs_err::read(&self.rlib)?;
        let member = self
            .members(&bytes)?
            .into_iter()
            .find(|(name, _)| name == "lib.rmeta");
        let Some((_, member)) = member else {
            return Err(self.damaged("has no member `lib.rmeta`"));
        };
        // It is wrapped into an object file, so that linkers pass it over.
        match section(member, ".rmeta")? {
            Some(metadata) => files::write_with_parents(&to, metadata),
            None => files::write_with_parents(&to, member),
        }
    }

    /// The bitcode of the library's one codegen unit.
    pub fn bitcode(&self) -> Result<Vec<u8>> {
        let bytes = fs_err::read(&self.rlib)?;
        let mut found = Vec::new();
        for (name, member) in self.members(&bytes)? {
            if name.ends_with(".o")
                && let Some(bitcode) =
                    section(member, ".llvmbc")?.filter(|bitcode| !bitcode.is_empty())
            {
                found.push(bitcode.to_vec());
            }
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(self.damaged("holds no bitcode (section .llvmbc)").help(
                "the toolchain was built without -Cembed-bitcode; use the runtime source `source`",
            )),
            units => Err(self
                .damaged(&format!(
                    "is made of {units} codegen units, and one is understood"
                ))
                .help("use the runtime source `source`")),
        }
    }

    fn members<'data>(&self, bytes: &'data [u8]) -> Result<Vec<(String, &'data [u8])>> {
        let broken = |error: object::Error| self.damaged("is not an archive").because(error);
        let archive = ArchiveFile::parse(bytes).map_err(broken)?;
        let mut members = Vec::new();
        for member in archive.members() {
            let member = member.map_err(broken)?;
            let name = String::from_utf8_lossy(member.name()).into_owned();
            members.push((name, member.data(bytes).map_err(broken)?));
        }
        Ok(members)
    }

    fn damaged(&self, why: &str) -> Failure {
        Failure::failed(format!("{} {why}", self.rlib))
    }
}

/// A section of an object file; nothing if there is none of that name, or if the bytes are no object file.
fn section<'data>(bytes: &'data [u8], name: &str) -> Result<Option<&'data [u8]>> {
    let Ok(file) = object::File::parse(bytes) else {
        return Ok(None);
    };
    let Some(section) = file.section_by_name(name) else {
        return Ok(None);
    };
    Ok(Some(section.data().map_err(|error| {
        Failure::failed(format!("section {name} can't be read")).because(error)
    })?))
}

/// The first lines of a dependency file for something that is made from `input` without a compiler.
pub fn dependencies(target: &str, input: &Utf8Path) -> String {
    format!("{target}: {input}\n\n{input}:\n")
}
