//! `gateless bench`.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{Progress, cache};
use gateless_kbuild::c_tools::MakeArgs;
use gateless_kbuild::wrappers;
use gateless_lab::measure::{Cost, measure, median};
use gateless_model::{Exit, Failure, Result};
use gateless_provision::toolchain::Choice;
use serde::Serialize;

use super::boot::gated_twin;
use super::build::{Purpose, open};
use super::build_options::BuildOptions;
use super::make_vars::own_path;
use crate::output;
use crate::terminal::Terminal;

/// Largest ratio of wall times, gateless over gated.
const WALL_LIMIT: f64 = 1.15;
/// Largest ratio of peak memory.
const MEMORY_LIMIT: f64 = 1.2;
/// Largest time that the wrapper adds to one compiler call, in milliseconds.
const WRAPPER_LIMIT: f64 = 50.0;
/// Compiler calls timed with and without the wrapper.
const CALLS: usize = 15;

/// Measure what gateless costs: `make prepare` (rust/ from scratch), alternating gated and gateless
///
/// Prints the ratios of wall time and of peak memory (of the largest process), and what the wrapper adds to one small
/// compiler call. Exits with 1 if gateless takes more than 1.15 times the time or 1.2 times the memory, or if the wrapper
/// adds more than 50 ms. Deletes the contents of OUT/rust.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: BuildOptions,
    /// Runs of each; medians are compared
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Print the measurements as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    version: u32,
    runs: u16,
    gated: Measured,
    gateless: Measured,
    /// Gateless over gated.
    wall_ratio: f64,
    memory_ratio: f64,
    wrapper: WrapperCost,
}

/// One value per run.
#[derive(Debug, Default, Serialize)]
struct Measured {
    seconds: Vec<f64>,
    max_rss_kib: Vec<f64>,
}

/// Medians over [`CALLS`] calls, in milliseconds.
#[derive(Debug, Serialize)]
struct WrapperCost {
    calls: usize,
    rustc_ms: f64,
    gateless_rustc_ms: f64,
    added_ms: f64,
}

/// Measures and prints the ratios on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let others = MakeArgs::of(&args.options.make_args).others;
    if args.options.gated || !others.is_empty() {
        return Err(
            Failure::usage("bench builds both ways, and always `make prepare`")
                .help("drop --gated, and all MAKE ARGS except variables that choose the C tools"),
        );
    }
    let mut progress = Terminal::new();
    let gated = Side::ready(gated_twin(&args.options), &mut progress)?;
    let gateless = Side::ready(args.options.clone(), &mut progress)?;
    let mut costs = [Measured::default(), Measured::default()];
    for _ in 0..args.runs {
        for (side, costs) in [&gated, &gateless].into_iter().zip(&mut costs) {
            let cost = side.prepare_rust()?;
            costs.seconds.push(cost.seconds);
            costs.max_rss_kib.push(cost.max_rss_kib as f64);
        }
    }
    let wrapper = wrapper(&gateless.rustc)?;
    let [gated, gateless] = costs;
    let answer = Answer {
        version: 1,
        runs: args.runs,
        wall_ratio: ratio(&gateless.seconds, &gated.seconds),
        memory_ratio: ratio(&gateless.max_rss_kib, &gated.max_rss_kib),
        gated,
        gateless,
        wrapper,
    };
    if args.json {
        output::json(&answer)?;
    } else {
        print(&answer)?;
    }
    let within = answer.wall_ratio <= WALL_LIMIT
        && answer.memory_ratio <= MEMORY_LIMIT
        && answer.wrapper.added_ms <= WRAPPER_LIMIT;
    Ok(if within { Exit::Yes } else { Exit::No })
}

/// One of the two builds.
struct Side {
    options: BuildOptions,
    out: Utf8PathBuf,
    /// The compiler itself.
    rustc: Utf8PathBuf,
}

impl Side {
    /// Configures, and makes all that `make prepare` needs besides rust/.
    fn ready(options: BuildOptions, progress: &mut dyn Progress) -> Result<Self> {
        let build = open(&options, Purpose::Build, progress)?;
        build.configure(progress)?;
        build.make(&["prepare0".to_owned()], progress)?;
        Ok(Side {
            options,
            out: build.out.path.clone(),
            rustc: build.tools.compiler.rustc.clone(),
        })
    }

    /// Removes the products of rust/ and makes them again, in a process of its own, so that the memory of the two
    /// sides is told apart.
    fn prepare_rust(&self) -> Result<Cost> {
        remove(&self.out.join("rust"))?;
        remove_kept(&self.out.join(".gateless"))?;
        let mut command = Command::new(own_path()?);
        command
            .arg("build")
            .args(arguments(&self.options, &self.out))
            .args(["--", "prepare"])
            .args(&self.options.make_args)
            .stdout(Stdio::null());
        let cost = measure(&mut command)?;
        if !cost.status.success() {
            return Err(
                Failure::failed(format!("`make prepare` failed in {}", self.out)).help(format!(
                    "the full output is in {}",
                    self.out.join("build.log")
                )),
            );
        }
        Ok(cost)
    }
}

fn arguments(options: &BuildOptions, out: &Utf8Path) -> Vec<String> {
    let mut arguments = match &options.tree {
        Some(tree) => vec![format!("--tree={tree}")],
        None => vec![format!("--release={}", options.release)],
    };
    arguments.push(format!("--arch={}", options.arch));
    arguments.extend(
        options
            .configs
            .iter()
            .map(|config| format!("--config={config}")),
    );
    if options.toolchain != Choice::Automatic {
        arguments.push(format!("--toolchain={}", options.toolchain));
    }
    arguments.push(format!("--out={out}"));
    arguments.push(format!("--runtime={}", options.runtime.name()));
    arguments.extend(options.jobs.map(|jobs| format!("--jobs={jobs}")));
    if options.gated {
        arguments.push("--gated".to_owned());
    }
    arguments
}

fn remove(path: &Utf8Path) -> Result<()> {
    let removed = if path.is_dir() {
        fs_err::remove_dir_all(path)
    } else {
        fs_err::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// What the wrappers keep beside the products goes as well; the lock and what the configuration is known by stay.
fn remove_kept(directory: &Utf8Path) -> Result<()> {
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        if !["lock", "config.json", "wanted.config"].contains(&entry.file_name()) {
            remove(entry.path())?;
        }
    }
    Ok(())
}

/// Times a small crate through the wrapper and without it, in turn.
fn wrapper(rustc: &Utf8Path) -> Result<WrapperCost> {
    let through = wrappers::link(&own_path()?, &cache::root()?)?.rustc;
    let directory = tempfile::tempdir()?;
    fs_err::write(
        directory.path().join("small.rs"),
        "#![no_std]\npub fn one() -> u32 { 1 }\n",
    )?;
    let time = |program: &Utf8Path| -> Result<f64> {
        let mut command = Command::new(program);
        command.args([
            "--edition=2021",
            "--crate-type=lib",
            "--emit=metadata",
            "small.rs",
        ]);
        command
            .current_dir(directory.path())
            .env("GATELESS_RUSTC", rustc);
        let cost = measure(&mut command)?;
        if cost.status.success() {
            Ok(cost.seconds * 1000.0)
        } else {
            Err(Failure::failed(format!(
                "{program} can't compile a small crate"
            )))
        }
    };
    // The first call of each finds nothing in the system's caches.
    time(rustc)?;
    time(&through)?;
    let (mut direct, mut stood_in) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        direct.push(time(rustc)?);
        stood_in.push(time(&through)?);
    }
    let (rustc_ms, gateless_rustc_ms) = (middle(&direct), middle(&stood_in));
    Ok(WrapperCost {
        calls: CALLS,
        rustc_ms,
        gateless_rustc_ms,
        added_ms: gateless_rustc_ms - rustc_ms,
    })
}

fn middle(values: &[f64]) -> f64 {
    median(values).unwrap_or(f64::NAN)
}

fn ratio(of: &[f64], over: &[f64]) -> f64 {
    middle(of) / middle(over)
}

fn print(answer: &Answer) -> Result<()> {
    for (name, side) in [("gated", &answer.gated), ("gateless", &answer.gateless)] {
        let (seconds, memory) = (middle(&side.seconds), middle(&side.max_rss_kib) / 1024.0);
        output::line(format_args!("{name:9} {seconds:7.1} s  {memory:6.0} MiB"))?;
    }
    output::line(format_args!(
        "ratio     {:7.2}    {:6.2}      (at most {WALL_LIMIT} and {MEMORY_LIMIT}; median of {})",
        answer.wall_ratio, answer.memory_ratio, answer.runs
    ))?;
    let WrapperCost {
        rustc_ms,
        gateless_rustc_ms,
        added_ms,
        calls,
    } = &answer.wrapper;
    output::line(format_args!(
        "wrapper  {added_ms:7.1} ms added to a small call: {gateless_rustc_ms:.1} ms instead of {rustc_ms:.1} ms \
         (at most {WRAPPER_LIMIT}; median of {calls})"
    ))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Build {
        #[command(flatten)]
        options: BuildOptions,
    }

    #[test]
    fn the_measured_build_gets_every_option() {
        let given = [
            "build",
            "--tree=/t",
            "--arch=um",
            "--config=um",
            "--config=x",
            "--toolchain=1.96",
            "--out=/o",
            "--runtime=sysroot",
            "--jobs=3",
            "--gated",
        ];
        let options = Build::parse_from(given).options;
        assert_eq!(arguments(&options, "/o".into()), given[1..]);
        let defaults = Build::parse_from(["build"]).options;
        let again = arguments(&defaults, "/o".into());
        assert_eq!(
            again,
            ["--release=7.3", "--arch=um", "--out=/o", "--runtime=source"]
        );
    }

    #[test]
    fn a_clean_start_keeps_the_lock_and_the_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        for name in ["lock", "config.json", "wanted.config", "gateless.so"] {
            fs_err::write(directory.join(name), "").unwrap();
        }
        fs_err::create_dir_all(directory.join("lowered/kernel")).unwrap();
        remove_kept(directory).unwrap();
        let mut left: Vec<String> = directory
            .read_dir_utf8()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["config.json", "lock", "wanted.config"]);
    }
}
