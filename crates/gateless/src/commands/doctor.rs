//! `gateless doctor`, and the check at the start of build and boot.

use std::io::{BufRead, IsTerminal};

use anstyle::{AnsiColor, Style};
use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{Progress, cache};
use gateless_kbuild::c_tools;
use gateless_linux::kconfig::rust::RUST;
use gateless_linux::tree::Tree;
use gateless_linux::why::Answer as WhyAnswer;
use gateless_machines::Machine;
use gateless_model::{Exit, Failure, Result};
use gateless_provision::doctor::{self, Job, Prerequisite};
use gateless_provision::doctor_answer::Answer;
use gateless_provision::fetch;
use gateless_provision::install::Installation;
use gateless_provision::system::System;
use gateless_provision::toolchain::Choice;

use super::build_options::{DEFAULT_RELEASE, architecture, toolchain};
use crate::configured;
use crate::output;
use crate::terminal::Terminal;

/// Check what a build needs, with the versions found and wanted; --install installs what is missing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Architecture to build for (`gateless targets` lists them) [default: um; with --out, that of its .config]
    #[arg(long, value_parser = architecture)]
    arch: Option<String>,
    /// Output directory: also say why CONFIG_RUST is off in its .config
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    out: Option<Utf8PathBuf>,
    /// Kernel tree whose minimum versions apply [default: a Linux 7.3 in the cache, else what 7.3 wants for um and x86_64]
    #[arg(long, value_name = "DIR")]
    tree: Option<Utf8PathBuf>,
    /// Kernel release whose minimum versions apply; its tree must be in the cache (`gateless fetch`)
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["tree", "out"])]
    release: Option<String>,
    /// Compiler: auto, a release (1.96), or the path of a rustc, as for `gateless build`
    #[arg(long, value_name = "auto|RELEASE|PATH", default_value = "auto", value_parser = toolchain)]
    toolchain: Choice,
    /// Install what is missing (asks first)
    #[arg(long)]
    install: bool,
    /// Install without asking
    #[arg(long, short, requires = "install")]
    yes: bool,
    /// Print the table as JSON (crates/provision/schema/doctor.json)
    #[arg(long)]
    json: bool,
}

/// Prints the table on stdout; [`Exit::No`] if something required is missing.
pub fn run(args: Args) -> Result<Exit> {
    let subject = match &args.out {
        Some(out) => Some(configured::read(
            out,
            args.tree.as_deref(),
            args.arch.as_deref(),
        )?),
        None => None,
    };
    let arch = match (&args.arch, &subject) {
        (Some(arch), _) => arch.clone(),
        (None, Some(subject)) => subject.arch.clone(),
        (None, None) => "um".to_owned(),
    };
    if Machine::find(&arch).is_none() {
        return Err(Failure::usage(format!(
            "nothing is known about what a build for {arch} needs"
        ))
        .help(format!("known: {}", Machine::names())));
    }
    let cache = cache::root()?;
    let tree = match (&args.tree, &subject) {
        (Some(path), _) => Some(path.clone()),
        (None, Some(subject)) => Some(subject.tree.path.clone()),
        (None, None) => of_release(&cache, args.release.as_deref())?,
    };
    let tree = tree.as_deref().map(Tree::open).transpose()?;
    let variables = c_tools::variables(&arch, &[]);
    let job = Job {
        arch: &arch,
        c_tools: &variables,
        boots: true,
        builds_core: true,
        toolchain: &args.toolchain,
    };
    let check = || doctor::check(&cache, job, tree.as_ref());
    if args.install {
        install(check()?, &cache, args.yes, &mut Terminal::new())?;
    }
    let mut found = check()?;
    found.extend(doctor::installed(&cache, job, tree.as_ref())?);
    let all_there = !found.iter().any(Prerequisite::is_missing);
    if args.json {
        output::json(&Answer::of(&arch, &found))?;
    } else {
        print_table(&found)?;
        if !all_there && !args.install {
            advise(&arch, found)?;
        }
    }
    let has_rust = match &subject {
        Some(subject) => tell_rust(subject, all_there)?,
        None => true,
    };
    Ok(if all_there && has_rust {
        Exit::Yes
    } else {
        Exit::No
    })
}

/// The tree in the cache of the release that is named, which has to be there, or else of the default one.
fn of_release(cache: &Utf8Path, named: Option<&str>) -> Result<Option<Utf8PathBuf>> {
    let Some(release) = named else {
        return fetch::cached(cache, DEFAULT_RELEASE);
    };
    fetch::check_release(release)?;
    fetch::cached(cache, release)?.map(Some).ok_or_else(|| {
        Failure::no(format!(
            "there is no tree of Linux {release} in the cache to ask what it wants"
        ))
        .help(format!("`gateless fetch {release}` brings it in"))
    })
}

/// Says whether a configuration has Rust on, and why not.
fn tell_rust(subject: &configured::Subject, all_there: bool) -> Result<bool> {
    let answer = subject.explain(RUST);
    output::line(&answer)?;
    if all_there && configured::is_of_rust_tools(&answer) {
        output::line(configured::not_by_gateless(&subject.arch))?;
    }
    Ok(matches!(answer, WhyAnswer::On(_)))
}

/// Makes sure that what `job` needs is there; asks before installing anything, unless `yes`.
pub fn ensure(
    cache: &Utf8Path,
    job: Job<'_>,
    tree: Option<&Tree>,
    yes: bool,
    progress: &mut dyn Progress,
) -> Result<()> {
    install(doctor::check(cache, job, tree)?, cache, yes, progress)
}

fn install(
    found: Vec<Prerequisite>,
    cache: &Utf8Path,
    yes: bool,
    progress: &mut dyn Progress,
) -> Result<()> {
    let installation = Installation::of(found)?;
    if installation.is_empty() {
        return Ok(());
    }
    let what = installation.describe(cache);
    let system = System::this();
    if !yes && system.is_debian() && !confirm(&what)? {
        return Err(Failure::no(format!("missing: {what}"))
            .help("run `gateless doctor --install` on a terminal, or pass --yes to install without asking"));
    }
    installation.run(cache, progress)
}

/// Asks on the terminal; without a terminal the answer is no.
fn confirm(what: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    output::note(format_args!("missing: {what}"));
    output::note("install this now? [y/N]");
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::failed("the answer can't be read").because(error))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Says what to do about what is missing: a command of gateless's own on Debian, the system's own elsewhere.
fn advise(arch: &str, found: Vec<Prerequisite>) -> Result<()> {
    let system = System::this();
    let missing = Installation::possible(found);
    if missing.is_empty() {
        output::note("install what is marked MISSING by hand; each line says what is wrong");
    } else if system.is_debian() {
        output::note(format_args!(
            "something is missing: run `gateless doctor --arch {arch} --install`"
        ));
    } else {
        output::note(format_args!(
            "something is missing; on {}, install it with:",
            system.name
        ));
        for line in missing.commands(&system) {
            output::note(format_args!("  {line}"));
        }
    }
    Ok(())
}

fn print_table(found: &[Prerequisite]) -> Result<()> {
    let width = |text: fn(&Prerequisite) -> usize| found.iter().map(text).max().unwrap_or_default();
    let (names, wants) = (
        width(|item| item.name.len()),
        width(|item| item.wanted.len()),
    );
    for item in found {
        let (colour, word) = match (&item.found, item.required) {
            (Ok(_), _) => (AnsiColor::Green, "ok      "),
            (Err(_), true) => (AnsiColor::Red, "MISSING "),
            (Err(_), false) => (AnsiColor::Yellow, "optional"),
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let found = item
            .found
            .as_ref()
            .map_or_else(ToString::to_string, Clone::clone);
        output::line(format_args!(
            "{style}{word}{style:#} {:names$}  {:wants$}  {found}  ({})",
            item.name, item.wanted, item.purpose
        ))?;
    }
    Ok(())
}
