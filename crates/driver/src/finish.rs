//! What a call leaves behind besides its outputs: its dependency file, notes for dependants, the lowered files, and the record.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, hash, paths};
use gateless_linux::places::{self, Places};
use gateless_lower::Lowered;
use gateless_model::columns::Columns;
use gateless_model::record::{Generator, OUT, Record, Run, VERSION};
use gateless_model::{Failure, Result};

use crate::call::{Call, State, mangle};
use crate::classify::Class;
use crate::depinfo;
use crate::generate::Generate;
use crate::libraries::{self, Loads};
use crate::mapping::Mapping;
use crate::record;
use crate::through_c;
use crate::types;

/// Directory of lowered files as a patch has them, within [`gateless_model::record::STATE`].
pub const PATCHED: &str = "patched";

/// Keeps the crate's lowered files for `gateless lower`, where a call's files are kept: the file with the absolute path `A` at a directory + `A`.
pub fn keep_patched(call: &Call<'_>, lowered: &mut Lowered<'_>) -> Result<()> {
    let State::Kept(directory) = call.state else {
        return Ok(());
    };
    let directory = directory.join(PATCHED).join(mangle(&call.primary_output()));
    // What a prebuilt core needs besides is not part of the kernel's file.
    let lines = match call.class {
        Class::RuntimeBuiltins => {
            let input = fs_err::read_to_string(call.cwd.join(call.input()))?;
            Some(input.lines().count())
        }
        _ => None,
    };
    if directory.exists() {
        fs_err::remove_dir_all(&directory)?;
    }
    if !lowered.changed() {
        return Ok(());
    }
    for (path, mut text) in lowered.patched()? {
        if let Some(lines) = lines {
            text = text.split_inclusive('\n').take(lines).collect();
        }
        let path = Utf8PathBuf::from(format!("{directory}{path}"));
        fs_err::create_dir_all(path.parent().unwrap_or(&directory))?;
        files::write_with_parents(&path, text.as_bytes())?;
    }
    Ok(())
}

/// What a call came to.
pub struct Finished<'a> {
    /// Names of lowered files, and back.
    pub mapping: &'a Mapping,
    /// The crate as it was compiled; nothing for one that is never lowered.
    pub lowered: Option<&'a Lowered<'a>>,
    /// What it loaded.
    pub loads: &'a Loads,
    /// Columns of lowered lines, its own and of what it loaded.
    pub columns: &'a Columns,
    /// The runs of the compiler that count.
    pub runs: Vec<Run>,
    /// The code generation stage, and what did it.
    pub generated: Option<(&'a Generate, Generator)>,
}

/// Writes the dependency file, the notes for dependants, and the record.
pub fn finish(call: &Call<'_>, finished: Finished<'_>) -> Result<()> {
    let Finished {
        mapping,
        lowered,
        loads,
        columns,
        runs,
        generated,
    } = finished;
    let mut sources = Vec::new();
    if let Some(path) = &call.plan.dep_info {
        let path = call.cwd.join(path);
        let mut more = loads.artifacts.clone();
        if let State::Kept(directory) = call.state {
            more.push(stamp(directory, call.cwd)?);
            more.extend(through_c::configuration(call)?);
        }
        let text = fs_err::read_to_string(&path)?;
        let text = match &generated {
            Some((generate, _)) => generate.rename(&text),
            None => text,
        };
        let new = depinfo::rewrite(&text, mapping, &more);
        sources = depinfo::sources(&new);
        files::write_with_parents(&path, new.as_bytes())?;
    }
    let exports = lowered.map(Lowered::exports).unwrap_or_default();
    types::forget(call);
    libraries::leave(call, loads, &exports, columns)?;
    let State::Kept(directory) = call.state else {
        return Ok(());
    };
    let mut outputs = BTreeMap::new();
    for (_, output) in call
        .invocation
        .emits()
        .filter(|(kind, _)| *kind != "dep-info")
    {
        if let Some(output) = output {
            outputs.insert(
                output.to_owned(),
                gateless_linux::record::output(&call.cwd.join(output))?,
            );
        }
    }
    let mut inputs = BTreeMap::new();
    // Of libraries only the toolchain's own: those of the build have records themselves.
    let given = |source: &&String| {
        source.ends_with(".rs") || source.starts_with(call.toolchain.compiler.sysroot.as_str())
    };
    for source in sources.iter().filter(given) {
        let path = paths::absolute(call.cwd, Utf8Path::new(source));
        inputs.insert(path.to_string(), hash::sha256_file(&path)?);
    }
    let record = Record {
        version: VERSION,
        crate_name: call.crate_name.to_owned(),
        class: call.class.to_string(),
        cwd: call.cwd.to_string(),
        asked: call.invocation.raw.clone(),
        generator: generated.map(|(_, generator)| generator),
        runtime_source: match call.class {
            Class::RuntimeCore | Class::RuntimeBuiltins => Some(call.runtime.name().to_owned()),
            _ => None,
        },
        runs,
        decisions: call.plan.decisions.clone(),
        inputs,
        lowered: lowered
            .map(|lowered| lowered.gates().clone())
            .unwrap_or_default(),
        outputs,
        seal: String::new(),
    };
    let record = places(call).shorten(&record)?;
    record::write(directory, &mangle(&call.primary_output()), record)
}

/// What the record's paths are relative to.
fn places(call: &Call<'_>) -> Places {
    // Kbuild exports both, relative to where it was called or absolute.
    let exported = |name: &str| {
        let path = std::env::var(name).ok()?;
        Some(paths::absolute(call.cwd, Utf8Path::new(&path)))
    };
    let library = match call.class {
        Class::RuntimeCore => {
            let root = paths::absolute(call.cwd, Utf8Path::new(call.input()));
            // LIBRARY/core/src/lib.rs
            root.ancestors().nth(3).map(Utf8Path::to_owned)
        }
        _ => None,
    };
    let places = [
        (OUT, Some(call.cwd.to_owned())),
        (places::KERNEL, exported("objtree")),
        (places::TREE, exported("srctree")),
        (
            places::TOOLCHAIN,
            Some(call.toolchain.compiler.sysroot.clone()),
        ),
        (places::LIBRARY, library),
    ];
    Places::new(
        places
            .into_iter()
            .filter_map(|(name, path)| Some((name, path?))),
    )
}

/// A link to this program that `fixdep` takes for a library: it must not look for `CONFIG_` in it, while make follows
/// it to the program's time stamp, so that a new gateless rebuilds what the old one compiled. It leads there by the name that was
/// called, which stays when another program takes it over (`gateless make-vars`).
fn stamp(directory: &Utf8Path, cwd: &Utf8Path) -> Result<String> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot find this program").because(error))?;
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    let is_own = |called: &std::path::PathBuf| {
        called.is_absolute() && called.canonicalize().ok() == own.canonicalize().ok()
    };
    let program = called.filter(is_own).unwrap_or_else(|| own.clone());
    let link = directory.join("gateless.so");
    fs_err::create_dir_all(directory)?;
    files::link(&program, &link)?;
    Ok(link.strip_prefix(cwd).unwrap_or(&link).to_string())
}
