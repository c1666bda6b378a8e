//! What kCFI needs besides bitcode: MIR, what the sources say, and both of the crates that are used.
//!
//! rustc writes its MIR as text in the run that stops at bitcode. What describes types is debug information, with which rustc makes other code: where the
//! build has none, another run makes bitcode with it, of which nothing else is used. A library keeps MIR and what its sources say beside it for the crates
//! that use it (`.libNAME.mir`, `.libNAME.types`): generic functions are generated where they are used. Without kCFI none of this is asked for or kept.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, paths};
use gateless_codegen::{KnownCrate, Typed, check_release, defines_functions, type_numbers};
use gateless_kcfi::{CrateSources, Numbers};
use gateless_model::record::Run;
use gateless_model::{Failure, Result};
use serde::{Deserialize, Serialize};

use crate::call::{Call, mangle};
use crate::classify::Class;
use crate::compiler;
use crate::depinfo;
use crate::libraries::{self, Loads};
use crate::mapping::Mapping;

/// The crate whose metadata is a stub's: nothing is ever used of it.
const STUB: &str = "libcompiler_builtins";

/// What a call for kCFI asks rustc for.
#[derive(Debug, Clone)]
pub struct Types {
    /// Where rustc writes the MIR, absolute.
    mir: Utf8PathBuf,
    /// Where rustc writes bitcode with debug information, if the call's own has less than all.
    described: Option<Utf8PathBuf>,
    release: (u32, u32),
    /// Whether integers count as C's.
    normalized: bool,
}

/// What is kept of a crate besides its MIR.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    name: String,
    /// The numbers of the crates that its symbols name, and of those that it uses.
    crates: BTreeMap<String, u64>,
    /// Its functions that have no number, with the reason.
    without: BTreeMap<String, String>,
    sources: CrateSources,
}

impl Types {
    /// Plans it; nothing where no types are needed.
    ///
    /// # Errors
    /// For a compiler whose MIR is not known.
    pub fn plan(call: &Call<'_>, has_debug_info: bool) -> Result<Option<Self>> {
        let Some(normalized) = call.plan.flags.need_types() else {
            return Ok(None);
        };
        let version = call.toolchain.compiler.version;
        let release = (version.major, version.minor);
        check_release(release)?;
        let file = |kind: &str| {
            let name = format!("{}.{kind}", mangle(&call.primary_output()));
            call.state.directory().join("bitcode").join(name)
        };
        Ok(Some(Self {
            mir: file("mir"),
            described: (!has_debug_info).then(|| file("types.bc")),
            release,
            normalized,
        }))
    }

    /// Whether the object has to wait until the crate is compiled once more: not while its lowered files are changed for questions.
    pub fn waits(&self) -> bool {
        self.described.is_some()
    }

    /// What rustc is asked for besides bitcode.
    pub fn arguments(&self, class: Class) -> Vec<String> {
        let mut arguments = vec![format!("--emit=mir={}", self.mir)];
        // Without it, `fmt` calls functions through pointers of another type.
        if class == Class::RuntimeCore {
            arguments.extend([
                "--cfg=sanitize=\"kcfi\"".to_owned(),
                "-Aexplicit_builtin_cfgs_in_flags".to_owned(),
            ]);
        }
        arguments
    }

    /// Has rustc describe the types where its run `last` has not, and says how. Nothing has to be described where no function is defined.
    pub fn describe(&self, call: &Call<'_>, last: &Run, bitcode: &Utf8Path) -> Result<Option<Run>> {
        let Some(described) = &self.described else {
            return Ok(None);
        };
        // One of an earlier call is not this one's.
        let _ = std::fs::remove_file(described);
        let llvm = call.toolchain.compiler.generator()?;
        if !defines_functions(&llvm.path, bitcode)? {
            return Ok(None);
        }
        let is_kept = |arg: &&String| !arg.starts_with("--emit=");
        let mut args: Vec<String> = last.args.iter().filter(is_kept).cloned().collect();
        args.extend([
            "-Cdebuginfo=2".to_owned(),
            format!("--emit=llvm-bc={described}"),
        ]);
        let run = compiler::run(call, args, last.exempt.clone());
        let ran = compiler::execute(call, &run)?;
        if !ran.status.success() {
            return Err(Failure::failed(format!(
                "`{}` compiles, but not with debug information, which kCFI needs: {}",
                call.crate_name, ran.stderr
            )));
        }
        Ok(Some(run))
    }

    /// The numbers of the call's module; what its users need is left beside the library that the call makes.
    pub fn numbers(
        &self,
        call: &Call<'_>,
        mapping: &Mapping,
        loads: &Loads,
        (llvm, bitcode): (&Utf8Path, &Utf8Path),
    ) -> Result<Numbers> {
        let mut known = Vec::new();
        let mut names = BTreeSet::new();
        for artifact in &loads.artifacts {
            let library = call.cwd.join(artifact);
            if libraries::is_macro(&library) || library.file_stem() == Some(STUB) {
                continue;
            }
            let (mir, types) = beside(&library);
            let kept: Kept = read(&types)?;
            if names.insert(kept.name.clone()) {
                known.push(KnownCrate {
                    name: kept.name,
                    crates: kept.crates,
                    without: kept.without,
                    mir,
                    sources: kept.sources,
                });
            }
        }
        let name = call.crate_name.replace('-', "_");
        let sources = sources(call, mapping)?;
        let library = libraries::made(call).map(|library| call.cwd.join(library));
        let own = match &library {
            Some(_) => serde_json::to_value(&sources).map_err(unwritable)?,
            None => serde_json::Value::Null,
        };
        known.push(KnownCrate {
            name: name.clone(),
            crates: BTreeMap::new(),
            without: BTreeMap::new(),
            mir: self.mir.clone(),
            sources,
        });
        let described = self.described.as_deref().filter(|path| path.is_file());
        let bitcode = (bitcode, described);
        let Typed { numbers, crates } =
            type_numbers(llvm, bitcode, known, self.release, self.normalized)?;
        if let Some(described) = described {
            fs_err::remove_file(described)?;
        }
        match library {
            Some(library) => {
                let (mir, types) = beside(&library);
                fs_err::rename(&self.mir, &mir)?;
                let kept = serde_json::json!({
                    "name": name,
                    "crates": crates,
                    "without": numbers.without,
                    "sources": own,
                });
                let text = serde_json::to_string(&kept).map_err(unwritable)?;
                files::write(&types, text)?;
            }
            None => fs_err::remove_file(&self.mir)?,
        }
        Ok(numbers)
    }
}

/// Takes away what an earlier build with kCFI left beside the library that the call makes, if this one is without.
pub fn forget(call: &Call<'_>) {
    let library = libraries::made(call).filter(|_| call.plan.flags.need_types().is_none());
    let Some((mir, types)) = library.map(|library| beside(&call.cwd.join(library))) else {
        return;
    };
    for file in [mir, types] {
        // Mostly there is none.
        let _ = std::fs::remove_file(file);
    }
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::failed("what the sources say cannot be kept").because(error)
}

/// The MIR and what else is kept beside a library.
fn beside(library: &Utf8Path) -> (Utf8PathBuf, Utf8PathBuf) {
    let named = |kind| libraries::beside(library, kind);
    (named("mir"), named("types"))
}

fn read(types: &Utf8Path) -> Result<Kept> {
    let help = "it was compiled without kCFI, or copied without the files beside it: rebuild it";
    let text = fs_err::read_to_string(types).map_err(|error| {
        Failure::no(format!("kCFI needs {types}, which lies beside its library"))
            .because(error)
            .help(help)
    })?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::failed(format!("{types} is damaged: rebuild it")).because(error))
}

/// What the crate's own sources say, as they were before they were lowered, and what lowering added to their traits.
fn sources(call: &Call<'_>, mapping: &Mapping) -> Result<CrateSources> {
    let list = call.plan.dep_info.as_ref().ok_or_else(|| {
        Failure::no("kCFI needs the list of the crate's source files")
            .help("pass --emit=dep-info, as Kbuild does")
    })?;
    let text = fs_err::read_to_string(call.cwd.join(list))?;
    let root = paths::absolute(call.cwd, Utf8Path::new(call.input()));
    let directory = root.parent().unwrap_or(Utf8Path::new("/"));
    let edition = call.invocation.value("edition").unwrap_or("2015");
    let mut sources = CrateSources::default();
    for file in depinfo::sources(&text) {
        let compiled = paths::absolute(call.cwd, Utf8Path::new(&file));
        let file = paths::absolute(call.cwd, Utf8Path::new(&mapping.restore(&file)));
        // The rest was included as bytes.
        if file.extension() == Some("rs") {
            let text = fs_err::read_to_string(&file)?;
            let lowered = match compiled == file {
                true => None,
                false => Some(fs_err::read_to_string(&compiled)?),
            };
            let modules = modules(directory, &root, &file);
            let texts = (text.as_str(), lowered.as_deref());
            sources.add(&modules, file.as_str(), texts, edition);
        }
    }
    Ok(sources)
}

/// A module that no path leads to: what is in a file outside of the root's directory is found by other signs, or not at all.
const ELSEWHERE: &str = "{elsewhere#0}";

/// The module that a file is by its place below the root's directory.
fn modules(directory: &Utf8Path, root: &Utf8Path, file: &Utf8Path) -> Vec<String> {
    if file == root {
        return Vec::new();
    }
    let Ok(place) = file.strip_prefix(directory) else {
        return vec![ELSEWHERE.to_owned()];
    };
    let mut modules: Vec<String> = place.with_extension("").iter().map(str::to_owned).collect();
    if modules.last().map(String::as_str) == Some("mod") {
        modules.pop();
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_module_by_its_place() {
        let of = |file: &str| modules("/t/rust".into(), "/t/rust/lib.rs".into(), file.into());
        assert_eq!(of("/t/rust/lib.rs"), Vec::<String>::new());
        assert_eq!(of("/t/rust/sync/arc.rs"), ["sync", "arc"]);
        assert_eq!(of("/t/rust/sync/mod.rs"), ["sync"]);
        assert_eq!(of("/out/generated.rs"), [ELSEWHERE]);
    }
}
