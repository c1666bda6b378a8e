//! `gateless fidelity`.

use camino::Utf8PathBuf;
use gateless_base::Progress;
use gateless_fidelity::report::Verdict;
use gateless_fidelity::text::{Detail, text};
use gateless_fidelity::{Request, run as compare};
use gateless_llvm::Llvm;
use gateless_model::{Exit, Result};
use gateless_rustc::compiler;

use crate::output;
use crate::terminal::Terminal;

/// Compare the machine code of two builds, function by function; exit with 1 if a difference is unexplained
///
/// Compares every object that rustc made: functions, data, sections, symbols and debug information, with relocations resolved
/// to names and crate hashes removed from names. A difference is explained if the check of a known cause accepts it. Others are
/// listed with a diff of the disassemblies: `-` gated, `+` gateless.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output directory of the gated build
    gated: Utf8PathBuf,
    /// Output directory of the gateless build
    gateless: Utf8PathBuf,
    /// Compare only this object, relative to the output directories; repeatable
    #[arg(long = "object", value_name = "PATH")]
    objects: Vec<Utf8PathBuf>,
    /// Show every difference in full, explained ones too
    #[arg(long)]
    full: bool,
    /// Print the comparison as JSON (crates/fidelity/schema/fidelity.json)
    #[arg(long)]
    json: bool,
}

/// Prints the comparison on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let llvm = Llvm::load(&compiler::find()?.generator()?.path)?;
    let request = Request {
        gated: &args.gated,
        gateless: &args.gateless,
        objects: &args.objects,
        llvm,
    };
    let mut terminal = Terminal::new();
    terminal.step("comparing");
    let report = compare(&request, &mut |object| terminal.tick(object))?;
    drop(terminal);
    if args.json {
        output::json(&report)?;
    } else {
        let detail = if args.full {
            Detail::Full
        } else {
            Detail::Short
        };
        output::line(text(&report, detail).trim_end())?;
    }
    Ok(if report.verdict == Verdict::Unexplained {
        Exit::No
    } else {
        Exit::Yes
    })
}
