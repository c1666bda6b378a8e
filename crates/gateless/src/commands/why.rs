//! `gateless why`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::cache;
use gateless_kbuild::build::Build;
use gateless_kbuild::c_tools;
use gateless_linux::DotConfig;
use gateless_linux::kconfig::Symbols;
use gateless_linux::kconfig::rust::RUST;
use gateless_linux::out::tree_of;
use gateless_linux::tree::{self, Tree};
use gateless_linux::why::{Answer, Outside, Why};
use gateless_machines::kbuild_arch;
use gateless_model::{Exit, Failure, Result};
use gateless_overlay::state as overlay;
use gateless_provision::doctor::{self, Job};
use gateless_provision::toolchain::Choice;
use serde::Serialize;

use super::build::{self, Purpose};
use super::build_options::{self, BuildOptions, Runtime};
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

/// A configuration and the tree that it is of.
pub struct Subject {
    /// The kernel tree.
    pub tree: Tree,
    /// Kbuild's ARCH, or a machine's name where the user gave that.
    pub arch: String,
    /// What the tree's Kconfig says, and that of an overlay.
    symbols: Symbols,
    config: DotConfig,
    /// What the tree's own check of the Rust tools printed, where it was run and found something.
    rustavailable: Option<String>,
}

impl Subject {
    /// Why the symbol is on or off.
    pub fn explain(&self, symbol: &str) -> Answer {
        Why::new(&self.symbols, &self.config).explain(symbol)
    }
}

/// Prints the answer on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let subject = match &args.out {
        Some(out) => configured(out, args.tree.as_deref(), args.arch.as_deref())?,
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
        None if args.out.is_some() && is_of_rust_tools(&answer) => {
            Some(of_tools(&subject, &args.toolchain)?)
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

/// Whether the answer depends on what the tree's own check of the Rust tools said when Kconfig ran.
pub fn is_of_rust_tools(answer: &Answer) -> bool {
    let Answer::Off(off) = answer else {
        return false;
    };
    let changes = off.terms.iter().filter_map(|term| term.change.as_ref());
    changes
        .chain(&off.change)
        .any(|change| change.outside.iter().any(Outside::is_of_rust_tools))
}

/// Why that check failed in an output directory: what this machine lacks, or that make ran without gateless's variables.
fn of_tools(subject: &Subject, toolchain: &Choice) -> Result<String> {
    let variables = c_tools::variables(&subject.arch, &[]);
    let job = Job {
        arch: &subject.arch,
        c_tools: &variables,
        boots: false,
        builds_core: true,
        toolchain,
    };
    let found = doctor::check(&cache::root()?, job, Some(&subject.tree))?;
    let missing = found.iter().filter(|one| one.is_missing());
    let missing: Vec<String> = missing
        .filter_map(|one| {
            Some(format!(
                "\n  {}: {}",
                one.name,
                one.found.as_ref().err()?.what
            ))
        })
        .collect();
    Ok(match missing.as_slice() {
        [] => not_by_gateless(&subject.arch),
        missing => format!("Missing on this machine:{}", missing.concat()),
    })
}

/// What is said of a configuration that found no Rust tools on a machine that has them.
pub fn not_by_gateless(arch: &str) -> String {
    format!(
        "The Rust tools are there, so a make without gateless's variables wrote this .config. Configure again with\n  make $(gateless make-vars --arch {arch}) olddefconfig"
    )
}

/// The configuration that is in a directory.
///
/// # Errors
/// If it has none, or doesn't say of which tree and architecture and neither do the arguments.
pub fn configured(out: &Utf8Path, tree: Option<&Utf8Path>, arch: Option<&str>) -> Result<Subject> {
    let text = fs_err::read_to_string(out.join(".config")).map_err(|error| {
        Failure::failed(format!("{out} has no .config"))
            .because(error)
            .help("name the output directory of a build, or omit --out to have one configured")
    })?;
    let tree = tree.map_or_else(|| tree_of(out), Utf8Path::to_owned);
    let tree = Tree::open(&tree).map_err(|failure| {
        failure.help(format!(
            "{out} doesn't name its tree; give it with --tree DIR"
        ))
    })?;
    let arch = match arch {
        Some(arch) => arch.to_owned(),
        None => DotConfig::arch(&text).map(str::to_owned).ok_or_else(|| {
            Failure::failed(format!(
                "{out}/.config doesn't say of which architecture it is"
            ))
            .help("give it with --arch")
        })?,
    };
    let top = overlay::kconfig(&camino::absolute_utf8(out)?);
    Ok(Subject {
        symbols: Symbols::read_top(&tree.path, &top, tree::source_arch(kbuild_arch(&arch)))?,
        tree,
        arch,
        config: DotConfig::parse(&text),
        rustavailable: None,
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
