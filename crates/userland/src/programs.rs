//! The static programs of checks, compiled by the host's C compiler against the headers of the built kernel.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

use crate::check::{Program, own_file};
use crate::guest::{Entry, Kind};

/// Where Debian's busybox-static and others have it.
const BUSYBOX: [&str; 3] = ["/usr/bin/busybox", "/bin/busybox", "/usr/sbin/busybox"];

/// Compiles `programs` for a kernel in `out` that was built from `tree`; intermediate files go to the directory `scratch`.
///
/// # Errors
/// If a program can't be compiled, with what the compiler says.
pub fn compile(
    programs: &[Program],
    tree: &Utf8Path,
    out: &Utf8Path,
    scratch: &Utf8Path,
) -> Result<Vec<Entry>> {
    let headers = out.join("usr/include");
    if !programs.is_empty() && !headers.join("linux").is_dir() {
        return Err(
            Failure::failed(format!("{headers} has no headers for programs"))
                .help("make the goal `headers` there: `gateless boot` without --no-build does"),
        );
    }
    let mut entries = Vec::new();
    for program in programs {
        let source = source(program, tree, scratch)?;
        let object = scratch.join(&program.name);
        let mut command = Command::new("gcc");
        command
            .args(["-std=gnu11", "-O2", "-static", "-pthread", "-Wall"])
            .args(["-isystem", headers.as_str()])
            // What a test of the tree prints names its source as the tree does.
            .arg(format!("-fmacro-prefix-map={tree}/="));
        for directory in &program.includes {
            command.arg("-I").arg(tree.join(directory));
        }
        command.arg(&source).arg("-o").arg(&object);
        let made = command.output().map_err(|error| {
            Failure::failed("`gcc` can't be run, which compiles the programs of the checks")
                .because(error)
                .help("run `gateless doctor`, which says how to install it")
        })?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            return Err(Failure::failed(format!(
                "{} can't be compiled:\n{}",
                program.source,
                said.trim_end()
            ))
            .help("it is linked statically, for which libc6-dev is needed"));
        }
        entries.push(Entry::new(
            format!("bin/{}", program.name),
            Kind::Program(fs_err::read(&object)?),
        ));
    }
    Ok(entries)
}

fn source(program: &Program, tree: &Utf8Path, scratch: &Utf8Path) -> Result<Utf8PathBuf> {
    if program.of_tree {
        return Ok(tree.join(&program.source));
    }
    let text = own_file(&format!("programs/{}", program.source)).ok_or_else(|| {
        Failure::failed(format!("there is no userland/programs/{}", program.source))
    })?;
    let path = scratch.join(&program.source);
    fs_err::write(&path, text)?;
    Ok(path)
}

/// Busybox, which is the guest's shell and everything else that is not a check's own program.
///
/// # Errors
/// If there is none, or it is not linked statically.
pub fn busybox() -> Result<Vec<u8>> {
    let help = "install Debian's package busybox-static (`gateless doctor` says how)";
    let path = BUSYBOX
        .iter()
        .find(|path| Utf8Path::new(path).is_file())
        .ok_or_else(|| Failure::failed("no busybox, which runs the checks").help(help))?;
    let bytes = fs_err::read(path)?;
    let bad = |error: object::Error| Failure::failed(*path).because(error);
    let elf = object::File::parse(&*bytes).map_err(bad)?;
    if object::Object::section_by_name(&elf, ".interp").is_some() {
        return Err(Failure::failed(format!(
            "{path} needs shared libraries, which the guest lacks"
        ))
        .help(help));
    }
    Ok(bytes)
}
