//! `gateless attest`.

use camino::Utf8PathBuf;
use gateless_model::{Exit, Result};

use crate::output;

/// Prove that a build opened no gate outside the runtime crates; exits with 1 if it is not proven
///
/// Reads the records that the stand-ins wrote during the build, Kbuild's own record of each command, and the objects of
/// the image and its modules. Each crate is listed with its class, where the runtime came from, and the crates for which a gate was open.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output folder of a kernel build
    out: Utf8PathBuf,
    /// Print everything as JSON: each crate with compiler, version, hash, input hashes, final arguments and environment
    #[arg(long)]
    json: bool,
}

/// Prints the crates, what is weaker than gated, and the problems.
pub fn run(args: Args) -> Result<Exit> {
    let attestation = gateless_attest::attest(&args.out)?;
    if args.json {
        output::json(&attestation)?;
    } else {
        for found in &attestation.crates {
            let runtime = found
                .record
                .runtime_source
                .as_ref()
                .map(|source| format!(", runtime source `{source}`"))
                .unwrap_or_default();
            let exempt = match found.exempt.as_slice() {
                [] => String::new(),
                names => format!(", gate open for {}", names.join(" and ")),
            };
            output::line(format_args!(
                "{:<22} {}{runtime}{exempt}",
                found.record.crate_name, found.record.class
            ))?;
        }
        let compilers: std::collections::BTreeSet<_> = attestation
            .crates
            .iter()
            .flat_map(|found| &found.record.runs)
            .map(|run| {
                format!(
                    "{} ({}, sha256 {})",
                    run.version,
                    run.compiler,
                    &run.sha256[..16.min(run.sha256.len())]
                )
            })
            .collect();
        for compiler in compilers {
            output::line(format_args!("compiler: {compiler}"))?;
        }
        match attestation.rust_objects {
            Some(count) => output::line(format_args!(
                "image and modules: {count} objects made by rustc"
            ))?,
            None => output::line("image: none was linked yet")?,
        }
        if attestation.weaker_than_gated.is_empty() {
            output::line("weaker than gated: nothing")?;
        } else {
            output::line("weaker than gated:")?;
            for (what, crates) in &attestation.weaker_than_gated {
                output::line(format_args!("  {what} ({} crates)", crates.len()))?;
            }
        }
        for problem in &attestation.problems {
            output::line(format_args!("PROBLEM: {}: {}", problem.file, problem.what))?;
        }
        let exempt = attestation
            .crates
            .iter()
            .any(|found| found.record.runs.iter().any(|run| !run.exempt.is_empty()));
        output::line(match (attestation.gateless, exempt) {
            (true, true) => "gateless: yes, no gate was open outside the runtime crates",
            (true, false) => "gateless: yes, no gate was open at all",
            (false, _) => "gateless: not proven",
        })?;
    }
    Ok(if attestation.gateless {
        Exit::Yes
    } else {
        Exit::No
    })
}
