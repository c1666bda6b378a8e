//! `gateless compare`.

use camino::Utf8PathBuf;
use gateless_lab::compare;
use gateless_model::{Exit, Result};

use crate::output;

/// Compare two boots: test results by name, and reported CPU vulnerabilities; exit with 1 if they differ
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output directory of a boot, JSON answer of `gateless boot`, or console log
    first: Utf8PathBuf,
    /// The same, for the other boot
    second: Utf8PathBuf,
    /// Print the comparison as JSON (crates/lab/schema/compare.json)
    #[arg(long)]
    json: bool,
}

/// Prints each test that differs, and the totals, on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let comparison = compare::compare(&compare::read(&args.first)?, &compare::read(&args.second)?);
    if args.json {
        output::json(&comparison)?;
    } else {
        output::line(
            comparison
                .text(args.first.as_str(), args.second.as_str())
                .trim_end(),
        )?;
    }
    Ok(if comparison.is_equal() {
        Exit::Yes
    } else {
        Exit::No
    })
}
