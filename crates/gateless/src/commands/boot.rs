//! `gateless boot`.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::Progress;
use gateless_kbuild::build::userland_of;
use gateless_kbuild::out::Out;
use gateless_lab::compare::{self, Comparison};
use gateless_lab::console::{self, Ended};
use gateless_lab::expected::{Expected, expected};
use gateless_lab::results::Results;
use gateless_lab::summary::{summary, totals};
use gateless_machines::Machine;
use gateless_model::{Exit, Failure, Result};
use gateless_userland::Check;
use gateless_userland::boot::{Userland, chosen};
use serde::Serialize;

use super::build::{Purpose, build, make_for_checks};
use super::build_options::{BackEnd, BuildOptions};
use crate::output;
use crate::terminal::Terminal;

/// Build a kernel, boot it and report its test results
///
/// Writes the raw console to OUT/boot.log and the results by test to OUT/boot.json. Checks of userland appear as suites; one
/// that ends in a panic boots on its own (OUT/boot-CHECK.log, .png, .txt and .ktap). Exit codes: 0 all tests passed, 1 some
/// did not, 3 could not be done, 4 the kernel panicked or stopped before its tests were complete, 5 time limit, 6 no KTAP.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: BuildOptions,
    /// Time limit for boot and tests [default: the machine's, 600]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Print the results as JSON (crates/lab/schema/boot.json)
    #[arg(long)]
    json: bool,
    /// Boot the kernel in --out without building it
    #[arg(long, requires = "out", conflicts_with = "log")]
    no_build: bool,
    #[command(flatten)]
    userland: UserlandOptions,
    /// Read this console log instead of building and booting; with --out, expect the tests of that build
    #[arg(long, value_name = "FILE", conflicts_with_all = ["compare_gated", "timeout"])]
    log: Option<Utf8PathBuf>,
    /// Build and boot upstream's way too (in OUT-gated if --out is given), and compare test by test
    #[arg(long, conflicts_with_all = ["gated", "no_build"])]
    compare_gated: bool,
}

/// Which checks of userland run, and how.
#[derive(Debug, clap::Args)]
struct UserlandOptions {
    /// Run this check after the kernel's own tests: a name from userland/ without .toml, a path, all, or none; repeatable
    /// [default: what the configuration asks for]
    #[arg(long = "userland", value_name = "CHECK", conflicts_with = "log")]
    checks: Vec<String>,
    /// Let the guest's clock count instructions (QEMU's -icount; 500 million are a second), so that what checks of userland
    /// measure doesn't depend on the load of this machine. Slower
    #[arg(long, conflicts_with = "log")]
    count_instructions: bool,
}

/// Two boots of the same configuration.
#[derive(Debug, Serialize)]
struct Pair {
    version: u32,
    gateless: Results,
    gated: Results,
    comparison: Comparison,
}

/// Builds, boots and prints the results on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let machine = Machine::for_boot(&args.options.arch)?;
    if let Some(log) = &args.log {
        let expected = args
            .options
            .out
            .as_deref()
            .map_or(Ok(Expected::default()), expected)?;
        let results = Results::from_log(log, &Ended::Unknown, &expected)?;
        return answer(&results, args.json);
    }
    // A misspelt check is worth saying before anything is built.
    chosen(&args.userland.checks)?;
    let limit = Duration::from_secs(args.timeout.unwrap_or(machine.boot.time_limit_seconds));
    let mut progress = Terminal::new();
    if args.no_build {
        let out = Out::reopen(args.options.out.as_deref().unwrap_or(Utf8Path::new(".")))?;
        let results = boot(machine, &out.path, &args.userland, limit, &mut progress)?;
        return answer(&results, args.json);
    }
    let once = |options: &BuildOptions, progress: &mut Terminal| {
        build_and_boot(machine, options, &args.userland, limit, progress)
    };
    let results = once(&args.options, &mut progress)?;
    if !args.compare_gated {
        return answer(&results, args.json);
    }
    let gated = once(&gated_twin(&args.options), &mut progress)?;
    answer_pair(results, gated, args.json)
}

/// The same build, gated; in OUT-gated if an output directory is given.
pub fn gated_twin(options: &BuildOptions) -> BuildOptions {
    let out = options
        .out
        .as_ref()
        .map(|out| out.as_str().trim_end_matches('/'));
    BuildOptions {
        gated: true,
        wishes: Vec::new(),
        backend: BackEnd::Llvm,
        out: out.map(|out| format!("{out}-gated").into()),
        ..options.clone()
    }
}

fn build_and_boot(
    machine: &Machine,
    options: &BuildOptions,
    userland: &UserlandOptions,
    limit: Duration,
    progress: &mut Terminal,
) -> Result<Results> {
    let built = build(options, Purpose::Boot, progress)?;
    if built.image.is_none() {
        return Err(
            Failure::failed(format!("make left no kernel in {}", built.build.out.path))
                .help("drop the MAKE ARGS, or give a goal that builds one"),
        );
    }
    let out = &built.build.out.path;
    let checks = checks(userland, out)?;
    if !userland.checks.is_empty() && checks.iter().any(Check::has_programs) {
        make_for_checks(&built.build, &checks, progress)?;
    }
    boot(machine, out, userland, limit, progress)
}

/// The checks that the options name, or, without any, those that the configuration of the build in `out` asked for.
fn checks(options: &UserlandOptions, out: &Utf8Path) -> Result<Vec<Check>> {
    match options.checks.as_slice() {
        [] => chosen(&userland_of(out)?),
        named => chosen(named),
    }
}

/// Boots the kernel in `out` with the requested checks of userland, and writes boot.log and boot.json there.
fn boot(
    machine: &Machine,
    out: &Utf8Path,
    options: &UserlandOptions,
    limit: Duration,
    progress: &mut Terminal,
) -> Result<Results> {
    let log = out.join("boot.log");
    let json = out.join("boot.json");
    let mut expected = expected(out)?;
    let checks = checks(options, out)?;
    let userland = Userland::prepare(checks, out, progress)?;
    userland.expect(&mut expected);
    let guest = userland.guest(options.count_instructions)?;
    // Old results must not be taken for those of a boot that was interrupted.
    match fs_err::remove_file(&json) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let emulator = gateless_lab::emulator(machine, out)?;
    progress.step(&format!("booting ({})", machine.name()));
    let mut shown = 0;
    let ended = gateless_lab::boot(machine, out, guest, &log, limit, &mut |now| {
        while shown < now.tests {
            shown += 1;
            progress.tick(&format!("tests, {} failed", now.failed));
        }
        if let Some(quiet) = now.quiet {
            progress.note(&quiet_console(&log, quiet, limit));
        }
    });
    progress.done();
    let ended = ended?;
    let further = userland.panic_screens(machine, limit, progress)?;
    let mut results = Results::from_logs(&log, &further, &ended, &expected)?;
    results.emulator = emulator;
    results.write(&json)?;
    Ok(results)
}

/// What to say of a machine that has printed nothing for a while, before its time is up.
fn quiet_console(log: &Utf8Path, quiet: Duration, limit: Duration) -> String {
    const SHOWN: usize = 3;
    let lines = console::last_lines(log, SHOWN).unwrap_or_default();
    let last = if lines.is_empty() {
        "  nothing at all".to_owned()
    } else {
        format!("  {}", lines.join("\n  "))
    };
    format!(
        "the console has been quiet for {} s (the limit is {} s); it said last:\n{last}\n\
         one test may take that long (--timeout for more time); a machine that hangs there every time may boot with another version of the emulator",
        quiet.as_secs(),
        limit.as_secs()
    )
}

fn answer(results: &Results, json: bool) -> Result<Exit> {
    let text = if json {
        results.to_json()
    } else {
        summary(results)
    };
    output::line(text.trim_end())?;
    Ok(results.outcome.exit())
}

fn answer_pair(gateless: Results, gated: Results, json: bool) -> Result<Exit> {
    let comparison = compare::compare(&gateless, &gated);
    let exits = [gateless.outcome.exit(), gated.outcome.exit()];
    let exit = exits.into_iter().find(|exit| *exit != Exit::Yes);
    let exit = exit.unwrap_or(if comparison.is_equal() {
        Exit::Yes
    } else {
        Exit::No
    });
    if json {
        let pair = Pair {
            version: compare::VERSION,
            gateless,
            gated,
            comparison,
        };
        output::json(&pair)?;
    } else {
        output::line(summary(&gateless))?;
        match gated.outcome.exit() {
            Exit::Yes => output::line(format_args!("gated: {}", totals(gated.totals)))?,
            _ => output::line(format_args!("gated:\n{}", summary(&gated)))?,
        }
        output::line(comparison.text("gateless", "gated").trim_end())?;
    }
    Ok(exit)
}
