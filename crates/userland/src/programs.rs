//! The static programs of checks, compiled by the host's C compiler against the headers of the built kernel.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::{DotConfig, SavedCommand};
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

/// An object of every kernel, whose command says what the kernel's C compiler compiles for.
const OF_KERNEL: &str = "init/main.o";

/// Compiles the file `name` of `userland/programs/` as a static program for the kernel in `out`, by the compiler that compiled the kernel.
///
/// There need be no C library for the machine: `tools/include/nolibc` of the tree is one. What Kbuild tells the compiler for programs of userland is
/// told here as well: the target, and what the architecture says of its programs.
///
/// # Errors
/// If the program can't be compiled, with what the compiler says.
pub fn compile_init(
    name: &str,
    tree: &Utf8Path,
    out: &Utf8Path,
    scratch: &Utf8Path,
) -> Result<Vec<u8>> {
    let unclear = || {
        Failure::failed(format!(
            "{out} does not say how {OF_KERNEL} was compiled, so that {name} can't be compiled alike"
        ))
    };
    let command = SavedCommand::of(out, OF_KERNEL).ok_or_else(unclear)?;
    let mut words = command.steps.first().ok_or_else(unclear)?.iter();
    let compiler = words.next().ok_or_else(unclear)?;
    let config = DotConfig::read(out)?;
    let own: Vec<&str> = config
        .get("ARCH_USERFLAGS")
        .map(|flags| flags.trim_matches('"').split_whitespace().collect())
        .unwrap_or_default();
    let of_target = words
        .filter(|word| word.starts_with("--target=") || (own.is_empty() && is_of_target(word)));
    let headers = out.join("usr/include");
    if !headers.join("linux").is_dir() {
        return Err(
            Failure::failed(format!("{headers} has no headers for programs"))
                .help("make the goal `headers` there: `gateless build` does"),
        );
    }
    let text = own_file(&format!("programs/{name}"))
        .ok_or_else(|| Failure::failed(format!("there is no userland/programs/{name}")))?;
    let (source, program) = (scratch.join(name), scratch.join("init"));
    fs_err::write(&source, text)?;
    let mut command = Command::new(compiler);
    command
        .args(of_target)
        .args(own)
        .args(["-std=gnu11", "-Os", "-Wall", "-static", "-nostdlib"])
        .args([
            "-ffreestanding",
            "-fno-stack-protector",
            "-fno-asynchronous-unwind-tables",
            "-fno-pic",
            "-fno-pie",
            "-no-pie",
        ])
        .arg("-I")
        .arg(tree.join("tools/include/nolibc"))
        .args(["-isystem", headers.as_str()]);
    // A cross compiler of clang's has no linker of its own beside it.
    if compiler.contains("clang") {
        match lld_beside(compiler) {
            Some(linker) => command.arg(format!("--ld-path={linker}")),
            None => command.arg("-fuse-ld=lld"),
        };
    }
    command.arg(&source).arg("-o").arg(&program);
    let made = command
        .output()
        .map_err(|error| Failure::failed(format!("`{compiler}` can't be run")).because(error))?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        return Err(Failure::failed(format!(
            "{name} can't be compiled:\n{}",
            said.trim_end()
        )));
    }
    Ok(fs_err::read(&program)?)
}

/// Whether a flag of the kernel's says what machine a program runs on; for architectures without `ARCH_USERFLAGS`, which is also empty where there is no C
/// library for the machine.
fn is_of_target(flag: &str) -> bool {
    const FLAGS: [&str; 6] = [
        "-m32",
        "-m64",
        "-mbig-endian",
        "-mlittle-endian",
        "-EB",
        "-EL",
    ];
    FLAGS.contains(&flag) || flag.starts_with("-mabi=") || flag.starts_with("-march=")
}

/// LLVM's linker of the same version: `ld.lld-22` for `clang-22`.
fn lld_beside(compiler: &str) -> Option<Utf8PathBuf> {
    let version = compiler.rsplit("clang").next()?;
    gateless_base::program::find(&format!("ld.lld{version}"))
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
