//! The wrapper of bindgen: what bindgen makes of an architecture's headers, fixed up where it is no Rust.
//!
//! Kbuild's parameters for bindgen fit the architectures that upstream has Rust for. The real bindgen is run with them; what it wrote is read
//! and each fix is noted in the file, with its reason.

mod clashes;
mod flags;
mod memory;
mod padding;

use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, ExitCode};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::process;
use gateless_model::{Failure, Result};

/// The variable that names the real bindgen.
pub const REAL: &str = "GATELESS_BINDGEN";

/// How a note in the generated file begins.
pub const NOTE: &str = "// gateless-bindgen: ";

/// The wrapper of bindgen. `args` without the program's name.
pub fn main(args: Vec<OsString>) -> ExitCode {
    match run(args) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: gateless: {failure}");
            if let Some(help) = &failure.help {
                eprintln!("  help: {help}");
            }
            failure.exit.into()
        }
    }
}

fn run(args: Vec<OsString>) -> Result<u8> {
    let real = std::env::var_os(REAL).ok_or_else(|| {
        Failure::failed(format!(
            "the bindgen wrapper was called without {REAL}, which says where the real one is"
        ))
        .help("give make all variables that `gateless make-vars` prints")
    })?;
    let written = output(&args);
    let mut args = args;
    let mut notes = Vec::new();
    let status = loop {
        let done = Command::new(&real).args(&args).output().map_err(|error| {
            Failure::failed(format!("cannot run `{}`", real.to_string_lossy())).because(error)
        })?;
        let said = String::from_utf8_lossy(&done.stderr);
        let dropped = match done.status.success() {
            true => Vec::new(),
            false => flags::drop_unknown(&mut args, &said),
        };
        if !dropped.is_empty() {
            notes.push(flags::note(&dropped));
            continue;
        }
        std::io::stdout().write_all(&done.stdout)?;
        std::io::stderr().write_all(&done.stderr)?;
        break done.status;
    };
    if let Some(path) = written.filter(|path| status.success() && path.is_file()) {
        fix(&path, notes, &|| padding::alignment(&real, &args))?;
    }
    Ok(process::exit_code(status))
}

/// The file that the call writes, if any.
fn output(args: &[OsString]) -> Option<Utf8PathBuf> {
    let at = args
        .iter()
        .position(|arg| arg == "-o" || arg == "--output")?;
    Some(Utf8Path::new(args.get(at + 1)?.to_str()?).to_owned())
}

/// Fixes up the bindings in `path`, and notes in front of them what was done, after the `notes` that there are already.
///
/// `alignment` tells how a 64-bit number is aligned, if that matters.
fn fix(path: &Utf8Path, mut notes: Vec<String>, alignment: &dyn Fn() -> Result<u64>) -> Result<()> {
    let mut text = fs_err::read_to_string(path)?;
    if padding::has(&text) && padding::is_short(alignment()?) {
        let (fixed, new) = padding::fix(&text);
        text = fixed;
        notes.extend(new);
    }
    for one in [clashes::fix, memory::fix] {
        let (fixed, new) = one(&text);
        text = fixed;
        notes.extend(new);
    }
    if notes.is_empty() {
        return Ok(());
    }
    let notes: String = notes.iter().map(|note| format!("{NOTE}{note}\n")).collect();
    fs_err::write(path, notes + &text)?;
    Ok(())
}
