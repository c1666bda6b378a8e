//! `gateless fidelity`.

use camino::Utf8PathBuf;
use gateless_driver::toolchain::Toolchain;
use gateless_fidelity::report::Verdict;
use gateless_fidelity::text::{Detail, text};
use gateless_fidelity::{Request, run as compare};
use gateless_kbuild::Progress;
use gateless_llvm::Llvm;
use gateless_model::{Exit, Result};

use crate::output;
use crate::terminal::Terminal;

/// Compare the machine code of two builds, function by function; exits with 1 if a difference is unexplained
///
/// Every object that rustc made is compared: functions, data, sections, symbols and debug information, with relocations resolved to names and
/// crate hashes taken out of them. Differences with a known cause are explained where a check shows that it is the cause; the others are listed with
/// a diff of the two disassemblies, `-` for the gated build and `+` for the gateless build.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output directory of the gated build
    gated: Utf8PathBuf,
    /// Output directory of the gateless build
    gateless: Utf8PathBuf,
    /// Compare only this object, named relative to the output directories; can be repeated
    #[arg(long = "object", value_name = "PATH")]
    objects: Vec<Utf8PathBuf>,
    /// Show all differences in full, explained ones too
    #[arg(long)]
    full: bool,
    /// Print the comparison as JSON (crates/fidelity/schema/fidelity.json)
    #[arg(long)]
    json: bool,
}

/// Prints the comparison on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let toolchain = Toolchain::find()?;
    let llvm =
        Llvm::load(&gateless_llvm::of_compiler(&toolchain.sysroot, &toolchain.llvm, &[])?.path)?;
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
