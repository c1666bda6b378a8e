//! `gateless attest`.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_attest::{Attestation, Image};
use gateless_base::files;
use gateless_model::record::Generator;
use gateless_model::{Exit, Failure, Result, wish};

use crate::output;

/// Prove that a build opened no gate outside the runtime crates; exit with 1 if that can't be proven
///
/// Reads the records that the wrappers wrote during the build, Kbuild's .cmd files, the objects, and the image and modules made of them.
/// Lists each crate with its class, the runtime source, and the crates for which a gate was open.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output directory of a kernel build; it may have been moved
    out: Utf8PathBuf,
    /// Print everything as JSON: per crate the compiler, its version and hash, hashes of inputs, final arguments, environment
    #[arg(long)]
    json: bool,
    /// Write what is proven to FILE, as an in-toto statement with SLSA provenance
    #[arg(long, value_name = "FILE", conflicts_with = "verify")]
    statement: Option<Utf8PathBuf>,
    /// Check that the statement in FILE is about this build, which is proven anew
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    verify: Option<Utf8PathBuf>,
}

/// Prints the crates, what is weaker than gated, and any problem.
pub fn run(args: Args) -> Result<Exit> {
    if let Some(statement) = &args.verify {
        return verify(statement, &args.out);
    }
    let attestation = gateless_attest::attest(&args.out)?;
    if args.json {
        output::json(&attestation)?;
    } else {
        print(&attestation)?;
    }
    if !attestation.gateless {
        return Ok(Exit::No);
    }
    if let Some(file) = &args.statement {
        let statement = gateless_attest::state(&args.out, &attestation)?;
        let text = serde_json::to_string_pretty(&statement).map_err(|error| {
            Failure::failed("the statement can't be written as JSON").because(error)
        })?;
        files::write_with_parents(file, format!("{text}\n").as_bytes())?;
    }
    Ok(Exit::Yes)
}

fn verify(statement: &Utf8Path, out: &Utf8Path) -> Result<Exit> {
    let text = fs_err::read_to_string(statement)?;
    let differences = gateless_attest::verify(&text, out)?;
    for difference in &differences {
        output::line(format_args!("DIFFERENT: {difference}"))?;
    }
    output::line(if differences.is_empty() {
        "verified: the build is proven, and is the one that is stated"
    } else {
        "not verified: the build is another one than is stated"
    })?;
    Ok(if differences.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

fn print(attestation: &Attestation) -> Result<()> {
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
    let compilers: BTreeSet<_> = attestation
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
    let generators: BTreeSet<_> = attestation
        .crates
        .iter()
        .filter_map(|found| found.record.generator.as_ref())
        .map(generator)
        .collect();
    for generator in generators {
        output::line(generator)?;
    }
    for (name, crates) in wishes(attestation) {
        output::line(format_args!("wished for: {name} ({crates} crates)"))?;
    }
    if let Some(count) = attestation.rust_objects {
        output::line(format_args!(
            "image and modules: {count} objects made by rustc"
        ))?;
    }
    match &attestation.image {
        Some(image) => print_image(image)?,
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
    for (file, notes) in &attestation.fixed_bindings {
        for note in notes {
            output::line(format_args!("fixed up in {file}: {note}"))?;
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
    })
}

/// What the image was found to be made of.
fn print_image(image: &Image) -> Result<()> {
    for file in &image.files {
        output::line(format_args!(
            "{}: {}, sha256 {}",
            file.file, file.what, file.sha256
        ))?;
    }
    output::line(format_args!(
        "Rust functions in it, as their objects have them: {}",
        image.rust_functions
    ))?;
    if image.left_out > 0 {
        output::line(format_args!(
            "Rust functions that the linker left out, as the configuration asks: {}",
            image.left_out
        ))?;
    }
    for (kind, count) in &image.not_computed {
        output::line(format_args!(
            "not compared: {count} words that the linker fills in ({kind})"
        ))?;
    }
    for (file, why) in &image.not_unpacked {
        output::line(format_args!("not examined: {file}: {why}"))?;
    }
    Ok(())
}

/// What the build wished for, and in how many crates.
fn wishes(attestation: &Attestation) -> BTreeMap<&str, usize> {
    let mut wishes = BTreeMap::new();
    for found in &attestation.crates {
        let arguments = found.record.decisions.iter();
        let arguments = arguments.filter_map(|decision| wish::name(&decision.argument));
        for name in arguments {
            *wishes.entry(name).or_default() += 1;
        }
    }
    wishes
}

/// Which LLVM generated the code, in words.
fn generator(generator: &Generator) -> String {
    let Generator {
        path,
        version,
        own,
        of_compiler,
        c,
        ..
    } = generator;
    if let Some(made) = c {
        let programs = made.programs.iter();
        let programs: Vec<_> = programs
            .map(|(path, sha256)| format!("{path}, sha256 {}", &sha256[..16.min(sha256.len())]))
            .collect();
        return format!(
            "code generated by way of C by: {} ({}); read with LLVM {version}",
            made.version,
            programs.join("; ")
        );
    }
    if *own {
        format!("code generated by: the compiler's own LLVM {version} ({path})")
    } else {
        format!(
            "code generated by: an installed LLVM {version} ({path}); the compiler has LLVM {of_compiler} linked in, which cannot be called"
        )
    }
}
