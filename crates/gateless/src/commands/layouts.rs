//! `gateless layouts`.

use camino::Utf8PathBuf;
use gateless_fidelity::layout;
use gateless_model::{Exit, Result};

use crate::output;

/// Compare the structures that Rust and C share, by debug information; exit with 1 if one is laid out differently
///
/// Sizes, and offsets and sizes of members, as rustc has them in the crates that bindgen writes, against those that the kernel's own
/// compiler has. Bit fields are left out. Exits with 1 as well if no structure is in both.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Objects or images with debug information: of Rust, of C, or of both, such as `vmlinux`
    #[arg(required = true)]
    files: Vec<Utf8PathBuf>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the comparison on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let report = layout::compare(&args.files)?;
    if args.json {
        output::json(&report)?;
    } else {
        for (name, found) in &report.different {
            for what in found {
                output::line(format!("{name}: {what}"))?;
            }
        }
        output::line(format!(
            "{} structures of {} members are laid out alike, {} differently; {} are in Rust alone",
            report.alike,
            report.members,
            report.different.len(),
            report.only_rust.len()
        ))?;
    }
    Ok(if report.is_good() {
        Exit::Yes
    } else {
        Exit::No
    })
}
