//! `gateless matrix`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use gateless_base::{cache, hash};
use gateless_kbuild::presets;
use gateless_machines::Machine;
use gateless_matrix::emit::{self, Scheduler};
use gateless_matrix::plan::{Axes, slug};
use gateless_matrix::steps::{self, Done, Options};
use gateless_matrix::store::Store;
use gateless_matrix::summary;
use gateless_model::targets::{Cell, RunRecord};
use gateless_model::{Exit, Failure, Result};

use super::build_options::architecture;
use super::make_vars::own_path;
use crate::output;

/// Build, boot and compare any set of architectures, releases, compilers and presets, gated and gateless
///
/// Each combination is a cell. A failing cell doesn't stop the others. Passing cells are cached; interrupted runs resume. Appends
/// results to `results.jsonl` in the store, with the logs they cite, for `gateless targets`. Exits with 1 if a cell fails: it
/// didn't build or boot, a test result differs from the gated build (without one: a test failed), a gate was open, or a
/// difference in machine code is unexplained.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Architectures, separated by commas [default: every variant that `gateless targets` shows]
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    arch: Vec<String>,
    /// Kernel releases
    #[arg(long, value_delimiter = ',', value_name = "R,S", default_value = "7.3")]
    release: Vec<String>,
    /// Compilers: releases (1.85), to unpack from Debian's packages, or paths of stable rustcs [default: the one that builds use]
    #[arg(long, value_delimiter = ',', value_name = "V,W")]
    rustc: Vec<String>,
    /// Presets [default: ARCH-small of each]
    #[arg(long, value_delimiter = ',', value_name = "P,Q")]
    preset: Vec<String>,
    /// Directory of the builds, one per cell [default: in the cache]
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// Directory of results and logs [default: in the cache]
    #[arg(long, value_name = "DIR")]
    store: Option<Utf8PathBuf>,
    /// Skip the gated builds, and with them the comparisons
    #[arg(long)]
    no_gated: bool,
    /// Rerun cells that passed
    #[arg(long)]
    again: bool,
    /// Install what is missing without asking
    #[arg(long, short)]
    yes: bool,
    /// Parallel jobs [default: one per processor]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print the cells and exit
    #[arg(long)]
    list: bool,
    /// Print the matrix for a scheduler, one job per cell, and exit
    #[arg(long, value_enum, value_name = "SCHEDULER", conflicts_with = "list")]
    emit: Option<Form>,
    /// Import the results that jobs left below this directory, and summarize them
    #[arg(long, value_name = "DIR", conflicts_with_all = ["emit", "list", "arch", "rustc", "preset", "again"])]
    collect: Option<Utf8PathBuf>,
    /// Print the records as JSON lines (crates/model/schema/run-record.json)
    #[arg(long)]
    json: bool,
}

/// The schedulers that `--emit` knows.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// A workflow
    GithubActions,
    /// A pipeline
    Gitlab,
    /// A job array
    Slurm,
}

/// Runs, emits or collects.
pub fn run(args: Args) -> Result<Exit> {
    let cache = cache::root()?;
    let directory = args.store.clone().unwrap_or_else(|| cache::results(&cache));
    let store = Store::new(&camino::absolute_utf8(&directory)?);
    if let Some(from) = &args.collect {
        return collect(&store, from, args.json);
    }
    let cells = axes(&args)?.cells()?;
    if args.list {
        for cell in &cells {
            output::line(slug(cell))?;
        }
        return Ok(Exit::Yes);
    }
    if let Some(form) = args.emit {
        let scheduler = match form {
            Form::GithubActions => Scheduler::GithubActions,
            Form::Gitlab => Scheduler::Gitlab,
            Form::Slurm => Scheduler::Slurm,
        };
        output::line(emit::emit(scheduler, &cells, &passed_on(&args)).trim_end())?;
        return Ok(Exit::Yes);
    }
    let builds = args.out.clone().unwrap_or_else(|| cache.join("matrix"));
    let records = run_cells(&args, &cells, &store, &camino::absolute_utf8(&builds)?)?;
    answer(&records, args.json)
}

/// Checks the names.
fn axes(args: &Args) -> Result<Axes> {
    let archs = if args.arch.is_empty() {
        Machine::all()
            .map(|machine| machine.name().to_owned())
            .collect()
    } else {
        let named = args.arch.iter().map(|arch| {
            let Ok(name) = architecture(arch);
            match Machine::find(&name) {
                Some(_) => Ok(name),
                None => Err(
                    Failure::usage(format!("no machine is known for architecture {arch}"))
                        .help(format!("known: {}", Machine::names())),
                ),
            }
        });
        named.collect::<Result<_>>()?
    };
    if let Some(unknown) = args
        .preset
        .iter()
        .find(|name| presets::find(name).is_none())
    {
        return Err(Failure::usage(format!("there is no preset {unknown}"))
            .help(format!("the presets are {}", presets::names())));
    }
    Ok(Axes {
        archs,
        releases: args.release.clone(),
        compilers: args.rustc.clone(),
        presets: args.preset.clone(),
    })
}

/// The options that each job of an emitted matrix also gets.
fn passed_on(args: &Args) -> Vec<String> {
    let mut options = Vec::new();
    options.extend(args.no_gated.then(|| "--no-gated".to_owned()));
    // A job has nobody to ask.
    options.push("--yes".to_owned());
    if let Some(jobs) = args.jobs {
        options.extend(["--jobs".to_owned(), jobs.to_string()]);
    }
    options
}

fn run_cells(
    args: &Args,
    cells: &[Cell],
    store: &Store,
    builds: &Utf8Path,
) -> Result<Vec<RunRecord>> {
    let program = own_path()?;
    let gateless = format!(
        "{} (sha256 {})",
        env!("CARGO_PKG_VERSION"),
        hash::sha256_file(&program)?
    );
    let mut records = Vec::new();
    for (number, cell) in cells.iter().enumerate() {
        let name = slug(cell);
        let place = format!("[{}/{}] {name}", number + 1, cells.len());
        if !args.again
            && let Some(record) = store.done(cell, &gateless)?
        {
            output::note(format_args!("{place}: done before"));
            records.push(record);
            continue;
        }
        let options = Options {
            out: builds.join(&name),
            gated: !args.no_gated,
            yes: args.yes,
            jobs: args.jobs,
            gateless: gateless.clone(),
            known_failures: known_failures(&cell.arch),
        };
        let mut runner = |step: &str, command: &steps::Command| {
            output::note(format_args!("{place}: {step}"));
            run_one(&program, command)
        };
        let mut finished = steps::run(cell, &options, &mut runner)?;
        store.add(&mut finished.record, finished.log.as_deref())?;
        if let Some(failed) = &finished.record.failed {
            output::note(format_args!(
                "{place}: {} failed; going on with the next",
                failed.step
            ));
        }
        records.push(finished.record);
    }
    Ok(records)
}

/// What a machine's file says of tests that fail in upstream's builds alike.
fn known_failures(arch: &str) -> Vec<String> {
    let overlay = Machine::find(arch).and_then(|machine| machine.overlay.as_ref());
    let known = overlay
        .into_iter()
        .flat_map(|overlay| &overlay.known_failures);
    known.map(|failure| failure.test.clone()).collect()
}

/// Runs one gateless command; passes its stderr through and keeps the last lines.
fn run_one(program: &Utf8Path, command: &steps::Command) -> Result<Done> {
    let mut process = Command::new(program);
    process
        .args(&command.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(rustc) = &command.rustc {
        process.env("GATELESS_RUSTC", rustc);
    }
    let failed =
        |error: std::io::Error| Failure::failed(format!("{program} can't be run")).because(error);
    let mut child = process.spawn().map_err(failed)?;
    let stderr = child.stderr.take();
    let reader = std::thread::spawn(move || {
        let mut tail: Vec<String> = Vec::new();
        for line in stderr
            .into_iter()
            .flat_map(|stderr| BufReader::new(stderr).split(b'\n'))
            .map_while(|line| line.ok())
        {
            let line = String::from_utf8_lossy(&line).into_owned();
            output::passed_on(&line);
            tail.push(line);
            if tail.len() > 2 * KEPT_LINES {
                tail.drain(..KEPT_LINES);
            }
        }
        tail.join("\n")
    });
    let mut stdout = Vec::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_end(&mut stdout).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    Ok(Done {
        exit: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: reader.join().unwrap_or_default(),
    })
}

const KEPT_LINES: usize = 40;

fn collect(store: &Store, from: &Utf8Path, json: bool) -> Result<Exit> {
    let collected = store.collect(from)?;
    for refused in &collected.refused {
        output::note(format_args!("not imported: {refused}"));
    }
    output::note(format_args!(
        "{} new results, {} known, {} refused",
        collected.added.len(),
        collected.known,
        collected.refused.len()
    ));
    let exit = answer(&collected.added, json)?;
    Ok(if collected.refused.is_empty() {
        exit
    } else {
        Exit::No
    })
}

fn answer(records: &[RunRecord], json: bool) -> Result<Exit> {
    if json {
        for record in records {
            let line = serde_json::to_string(record).map_err(|error| {
                Failure::failed("the answer can't be written as JSON").because(error)
            })?;
            output::line(line)?;
        }
    } else {
        output::line(summary::text(records))?;
    }
    Ok(if records.iter().all(summary::is_good) {
        Exit::Yes
    } else {
        Exit::No
    })
}
