//! `gateless probe`.

use camino::Utf8PathBuf;
use gateless_audit::probe;
use gateless_ledger::Ledger;
use gateless_model::{Exit, Failure, Result};
use gateless_rustc::compiler;

use crate::output;

const AFTER_HELP: &str = "\
Each entry of the ledger keeps the smallest program (or option) that needs it. It is compiled without gates, and where that is refused,
once more with the gate open, which tells `gated` from `absent`. A nightly compiler is asked to answer as a stable one.

Examples:
  gateless probe                                        the compiler that gateless uses
  gateless probe --rustc rustc-1.85 --rustc rustc-1.98  a matrix
  gateless probe asm_goto Z_fixed_x18 --json            two entries, for programs";

/// Compile a minimal program per ledger entry, and show which compilers accept it without a gate
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Entries to probe [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Compiler to try; repeatable [default: $GATELESS_RUSTC, else `rustc` on PATH]
    #[arg(long, value_name = "PATH")]
    rustc: Vec<Utf8PathBuf>,
    /// Use the ledger files in this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    ledger: Option<Utf8PathBuf>,
    /// Exit with 1 if the ledger disagrees with a compiler
    #[arg(long)]
    check: bool,
    /// Print everything as JSON (crates/audit/schema/probe.json)
    #[arg(long)]
    json: bool,
}

/// Prints the matrix.
pub fn run(args: Args) -> Result<Exit> {
    let own = args
        .ledger
        .as_deref()
        .map(super::audit::own_ledger)
        .transpose()?;
    let ledger = own.as_ref().unwrap_or_else(|| Ledger::embedded());
    let mut entries = Vec::new();
    for id in &args.ids {
        let found = ledger.find(id);
        if found.is_empty() {
            return Err(Failure::usage(format!("the ledger has no entry `{id}`"))
                .help("`gateless explain` lists all entries"));
        }
        entries.extend(
            found
                .into_iter()
                .filter_map(|id| ledger.iter().find(|(own, _)| *own == id)),
        );
    }
    if entries.is_empty() {
        entries = ledger.iter().collect();
    }
    let compilers = match args.rustc.as_slice() {
        [] => vec![compiler::find()?.rustc],
        given => given
            .iter()
            .map(|path| camino::absolute_utf8(path).map_err(Failure::from))
            .collect::<Result<_>>()?,
    };
    let matrix = probe::matrix(&entries, &compilers)?;
    if args.json {
        output::json(&matrix)?;
    } else {
        output::line(probe::text(&matrix))?;
    }
    let contradicted = matrix
        .entries
        .iter()
        .flat_map(|row| &row.results)
        .any(|result| result.ledger_agrees == Some(false));
    Ok(if args.check && contradicted {
        Exit::No
    } else {
        Exit::Yes
    })
}
