//! This program in the place of the linker: the objects that rustc made for a program of the host are put right before they are linked.

use std::ffi::OsString;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::process;
use gateless_model::record::Run;
use gateless_model::{Failure, Result};

use crate::{columns, retain};

/// Tells this program that it stands in for the linker, and for which one.
const VARIABLE: &str = "GATELESS_LINKER";

/// Tells it to tell the uses of `#[used]` apart.
const USED: &str = "GATELESS_LINKER_USED";

/// Names the file with the columns of lowered lines.
const COLUMNS: &str = "GATELESS_LINKER_COLUMNS";

/// rustc's own choice for the host.
pub const LINKER: &str = "cc";

/// What is to be put right.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Whether the uses of `#[used]` are told apart.
    pub used: bool,
    /// The file with the columns of lowered lines, if there are such.
    pub columns: Option<Utf8PathBuf>,
}

/// Lets a run of rustc link through this program, with `linker` in the end.
pub fn stand_in(run: &mut Run, linker: &str, wanted: Wanted) -> Result<()> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot find this program").because(error))?;
    run.args.push(format!("-Clinker={}", program.display()));
    let mut set = |name: &str, value: String| run.env.insert(name.to_owned(), Some(value));
    set(VARIABLE, linker.to_owned());
    if wanted.used {
        set(USED, "1".to_owned());
    }
    if let Some(columns) = wanted.columns {
        set(COLUMNS, columns.into_string());
    }
    Ok(())
}

/// Whether rustc started this process in place of the linker.
pub fn is_linker() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Puts the objects that rustc made for this one link right, and starts the linker; returns its exit code.
pub fn link(args: Vec<OsString>) -> Result<u8> {
    let columns = match std::env::var(COLUMNS) {
        Ok(path) => Some(columns::read(Utf8Path::new(&path))?),
        Err(_) => None,
    };
    for arg in args.iter().filter_map(|arg| arg.to_str()) {
        // Objects are rustc's own, in a directory that goes with the call; libraries belong to others, and were put right when they were made.
        if arg.ends_with(".o") && Utf8Path::new(arg).is_file() {
            if std::env::var_os(USED).is_some() {
                retain::release(Utf8Path::new(arg))?;
            }
            if let Some(columns) = &columns {
                columns::correct(Utf8Path::new(arg), columns)?;
            }
        }
    }
    let linker = std::env::var_os(VARIABLE).unwrap_or_else(|| LINKER.into());
    let mut command = Command::new(&linker);
    for name in [VARIABLE, USED, COLUMNS] {
        command.env_remove(name);
    }
    let status = command.args(args).status().map_err(|error| {
        Failure::failed(format!("cannot run the linker `{}`", linker.display())).because(error)
    })?;
    Ok(process::exit_code(status))
}
