//! `gateless why`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_kbuild::build::Build;
use gateless_linux::kconfig::rust::RUST;
use gateless_linux::why::Answer;
use gateless_model::{Exit, Failure, Result};
use gateless_provision::toolchain::Choice;
use serde::Serialize;

use super::build::{self, Purpose};
use super::build_options::{self, BackEnd, BuildOptions, Runtime};
use crate::configured::{self, Subject};
use crate::output;
use crate::terminal::Terminal;

const AFTER_HELP: &str = "\
Examples:
  gateless why RUST --out ../out                     any output directory, also one of plain make
  gateless why CONFIG_LTO_CLANG_FULL --arch x86_64   as `gateless build` would configure it
  gateless why RUST --tree ~/linux --config my.config

Only what is false is printed, each with the line of the Kconfig that says so, the current values, and what to change. Of
alternatives the cheapest comes first. The lines at the end are enough: put them into .config in place of what it says about
these symbols, and run `make $(gateless make-vars) olddefconfig`; or put them into a file for `gateless build --config`.

Exit codes: 0 it is on, 1 it is off, 2 there is no such symbol.";

/// Say why a symbol is off in a configuration, and what to change
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Symbol, with or without CONFIG_
    #[arg(value_name = "SYMBOL")]
    symbol: String,
    /// Output directory, or tree, with a .config [default: configure as `gateless build` would, in a scratch directory]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["configs", "release"])]
    out: Option<Utf8PathBuf>,
    /// Kernel source tree; with --out, where the directory doesn't name it
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    tree: Option<Utf8PathBuf>,
    /// Kernel release, fetched if necessary: 7.3 is the newest 7.3.y
    #[arg(long, default_value = build_options::DEFAULT_RELEASE)]
    release: String,
    /// Architecture [default: um; with --out, that of its .config]
    #[arg(long, value_parser = build_options::architecture)]
    arch: Option<String>,
    /// Preset (ARCH, ARCH-small) or file of CONFIG_X=y lines; repeatable, later ones win [default: ARCH-small]
    #[arg(long = "config", value_name = "PRESET|FILE")]
    configs: Vec<String>,
    /// Compiler to configure with, as for `gateless build`
    #[arg(long, value_name = "auto|RELEASE|PATH", default_value = "auto", value_parser = build_options::toolchain, conflicts_with = "out")]
    toolchain: Choice,
    /// Install what is missing without asking
    #[arg(long, short)]
    yes: bool,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// The answer as JSON.
#[derive(Debug, Serialize)]
struct Json<'a> {
    version: u32,
    #[serde(flatten)]
    answer: &'a Answer,
    /// What is wrong with the Rust tools, or with the make that configured, where the answer depends on them.
    tools: Option<&'a str>,
}

/// Prints the answer on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let subject = match &args.out {
        Some(out) => configured::read(out, args.tree.as_deref(), args.arch.as_deref())?,
        None => configure(&args)?,
    };
    let answer = subject.explain(&args.symbol);
    if let Answer::Unknown { .. } = &answer {
        return Err(Failure::usage(answer.to_string()).help(format!(
            "the tree is {}, the architecture {}",
            subject.tree.path, subject.arch
        )));
    }
    let tools = match &subject.rustavailable {
        Some(said) => Some(format!("`make rustavailable` says: {said}")),
        None if args.out.is_some() && configured::is_of_rust_tools(&answer) => {
            Some(configured::of_tools(&subject, &args.toolchain)?)
        }
        None => None,
    };
    if args.json {
        output::json(&Json {
            version: 1,
            answer: &answer,
            tools: tools.as_deref(),
        })?;
    } else {
        output::line(&answer)?;
        if let Some(tools) = &tools {
            output::line(tools)?;
        }
    }
    Ok(match answer {
        Answer::On(_) => Exit::Yes,
        _ => Exit::No,
    })
}

/// Configures as `gateless build` would.
fn configure(args: &Args) -> Result<Subject> {
    let scratch = tempfile::tempdir()?;
    let out = Utf8Path::from_path(scratch.path())
        .ok_or_else(|| Failure::failed("the directory for temporary files is not UTF-8"))?;
    let options = BuildOptions {
        tree: args.tree.clone(),
        release: args.release.clone(),
        arch: args.arch.clone().unwrap_or_else(|| "um".to_owned()),
        configs: args.configs.clone(),
        out: Some(out.to_owned()),
        toolchain: args.toolchain.clone(),
        runtime: Runtime::Source,
        gated: false,
        wishes: Vec::new(),
        backend: BackEnd::Llvm,
        yes: args.yes,
        jobs: None,
        make_args: Vec::new(),
    };
    let progress = &mut Terminal::new();
    let build: Build = build::open(&options, Purpose::Build, progress)?;
    let config = build.try_config(progress)?;
    let is_checked = args.symbol.trim_start_matches("CONFIG_") == RUST && !config.is_on(RUST);
    Ok(Subject {
        symbols: build.symbols()?,
        arch: options.arch.clone(),
        rustavailable: is_checked
            .then(|| build.rust_unavailable(progress))
            .flatten(),
        config,
        tree: build.tree.clone(),
    })
}
