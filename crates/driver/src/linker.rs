//! The linker's wrapper: which calls need it, and how it fixes up the objects of a host program before they are linked.

use std::ffi::OsString;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::process;
use gateless_model::columns::Columns;
use gateless_model::record::Run;
use gateless_model::{Failure, Result};

use crate::call::Call;
use crate::classify::Class;
use crate::used::Used;
use crate::{columns, retain};

/// Tells this program that it is the linker's wrapper, and which linker it wraps.
const VARIABLE: &str = "GATELESS_LINKER";

/// Tells it to tell the uses of `#[used]` apart.
const USED: &str = "GATELESS_LINKER_USED";

/// Names the file with the columns of lowered lines.
const COLUMNS: &str = "GATELESS_LINKER_COLUMNS";

/// rustc's own choice for the host.
const LINKER: &str = "cc";

/// What to fix up.
#[derive(Debug, Clone, Default)]
struct Repairs {
    /// Whether the uses of `#[used]` are told apart.
    used: bool,
    /// The file with the columns of lowered lines, if there are such.
    columns: Option<Utf8PathBuf>,
}

/// Lets a run of rustc link through this program, with `linker` in the end.
fn stand_in(run: &mut Run, linker: &str, repairs: Repairs) -> Result<()> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot find this program").because(error))?;
    run.args.push(format!("-Clinker={}", program.display()));
    let mut set = |name: &str, value: String| run.env.insert(name.to_owned(), Some(value));
    set(VARIABLE, linker.to_owned());
    if repairs.used {
        set(USED, "1".to_owned());
    }
    if let Some(columns) = repairs.columns {
        set(COLUMNS, columns.into_string());
    }
    Ok(())
}

/// Prepares a run of rustc that may link: its objects are fixed up before.
pub fn prepare(
    call: &Call<'_>,
    run: &mut Run,
    of_crate: &dyn Fn() -> Columns,
    used: Used,
) -> Result<()> {
    let links = call.class == Class::HostProgram || has_type(call, &["dylib", "cdylib"]);
    let found = match links && columns::is_of_host(call) {
        true => of_crate(),
        false => Columns::default(),
    };
    let mut repairs = Repairs {
        used: used == Used::Program,
        columns: None,
    };
    let own = call.invocation.codegen("linker");
    if !found.is_empty() {
        let is_driver = |name: &str| {
            let stem = Utf8Path::new(name).file_stem().unwrap_or_default();
            ["cc", "gcc", "clang"].iter().any(|end| stem.ends_with(end))
        };
        if call.invocation.codegen("linker-flavor").is_some() || !own.is_none_or(is_driver) {
            eprintln!(
                "note: gateless: objects can't be fixed up for this linker; panic locations in lowered lines have the columns of the lowered text"
            );
        } else {
            repairs.columns = Some(columns::write(call, &found)?);
            tell_of_computed(call);
        }
    }
    if repairs.used || repairs.columns.is_some() {
        stand_in(run, own.unwrap_or(LINKER), repairs)?;
    }
    Ok(())
}

/// Where rustc optimises, it may have looked into a location before its object is fixed up.
fn tell_of_computed(call: &Call<'_>) {
    let level = call.invocation.codegen("opt-level");
    if call.invocation.has("opt") || !matches!(level, None | Some("0")) {
        eprintln!(
            "note: gateless: with optimisation, code that computes with the column of a `Location` in a lowered line may see the lowered text's"
        );
    }
}

fn has_type(call: &Call<'_>, types: &[&str]) -> bool {
    let mut asked = call.invocation.values("crate-type");
    asked.any(|kind| types.contains(&kind))
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
        // Objects are rustc's own, in a directory that goes with the call; libraries belong to others, and were fixed up when they were made.
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
