//! Runs rustdoc on the lowered crate, from a view of the toolchain.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{paths, process};
use gateless_lower::{Request, lower_syntax};
use gateless_model::{Failure, Result};

use super::view;
use crate::call::Call;
use crate::classify::Class;
use crate::invocation::{Arg, Kind};
use crate::libraries;
use crate::mapping::Mapping;
use crate::used::Used;

/// Where the crate's files are lowered for its doctests.
pub fn mirror(call: &Call<'_>) -> Utf8PathBuf {
    call.mirror(&format!("doctests/{}", call.crate_name))
}

/// Lowers the crate and starts rustdoc from the view, with one more environment variable, in the directory that names its tests.
pub fn run(call: &Call<'_>, (name, value): (&str, &str)) -> Result<u8> {
    let root = Utf8PathBuf::from(call.input());
    let mirror = mirror(call);
    let mapping = Mapping::new(&mirror, call.cwd, root.as_str());
    let lowered_root = lower(call, &root, &mirror)?;
    let view = view::of(call.toolchain)?;
    // rustdoc names a test after its file, relative to the directory it runs in. That is the directory which Kbuild's mapping takes off.
    let base = match call.plan.remaps.last() {
        Some((from, to)) if to.is_empty() => paths::absolute(call.cwd, Utf8Path::new(from)),
        Some((from, to)) => {
            return Err(Failure::no(format!(
                "rustdoc's `--remap-path-prefix={from}={to}` is unstable, and only an empty name can be emulated"
            )));
        }
        None => call.cwd.to_owned(),
    };
    let mirrored = if lowered_root.starts_with(&mirror) {
        mapping.mirrored(&base)
    } else {
        base.clone()
    };
    let (directory, input) = match (
        lowered_root.strip_prefix(&mirrored),
        call.plan.remaps.last(),
    ) {
        (Ok(input), _) => (mirrored, input),
        // Tests of a file elsewhere have its absolute name, which is restored in what rustdoc prints.
        (Err(_), None) => (base, lowered_root.as_path()),
        (Err(_), Some(_)) => {
            return Err(Failure::failed(format!(
                "the crate root `{root}` does not lie in `{mirrored}`, from which its doctests take their names"
            )));
        }
    };
    let program = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot find this program").because(error))?;
    let mut command = Command::new(view.join("bin/rustdoc"));
    command
        .args(arguments(call))
        .arg(input)
        .current_dir(&directory)
        .env_remove("RUSTC_BOOTSTRAP")
        // Where a distribution's rustdoc would find the compiler's library among all others.
        .env("LD_LIBRARY_PATH", view.join("lib"))
        .env("GATELESS_PROGRAM", &program)
        .env(name, value)
        .stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| Failure::failed("cannot run the toolchain's rustdoc").because(error))?;
    print!(
        "{}",
        mapping.restore(&String::from_utf8_lossy(&output.stdout))
    );
    eprint!(
        "{}",
        mapping.restore(&String::from_utf8_lossy(&output.stderr))
    );
    Ok(process::exit_code(output.status))
}

/// Lowers the crate; rustdoc collects its doctests from the lowered sources, whose doc comments are the original ones.
fn lower(call: &Call<'_>, root: &Utf8Path, mirror: &Utf8Path) -> Result<Utf8PathBuf> {
    let mut loads = libraries::find(call.invocation, Class::KernelCrate, call.cwd)?;
    // The crate whose doctests these are is among the libraries, for the tests; its own sources don't use it.
    loads.exports.crates.remove(call.crate_name);
    let mark_used = Used::of(call, false).marks();
    // Nothing is linked here: no column is looked at.
    let name = |path: &Utf8Path| path.to_string();
    let lowered = lower_syntax(Request {
        mark_used,
        ..call.lowering(root, mirror, &name, &loads.exports)
    })?;
    if !lowered.changed() {
        return Ok(paths::absolute(call.cwd, root));
    }
    lowered.write()?;
    Ok(lowered.root().to_owned())
}

/// The planned arguments for a run in another directory: names of files are made absolute.
fn arguments(call: &Call<'_>) -> Vec<String> {
    let absolute = |path: &str| paths::absolute(call.cwd, Utf8Path::new(path)).into_string();
    let mut arguments = Vec::new();
    for Arg { kind, .. } in &call.plan.args {
        let kind = match kind {
            Kind::LibPath(path) => Kind::LibPath(match path.split_once('=') {
                Some((kind, path)) => format!("{kind}={}", absolute(path)),
                None => absolute(path),
            }),
            Kind::Extern(name, Some(path)) => Kind::Extern(name.clone(), Some(absolute(path))),
            kind => kind.clone(),
        };
        arguments.extend(Arg { kind, from: None }.tokens());
    }
    arguments
}
