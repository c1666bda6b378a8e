//! `gateless audit`.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_audit::audit::{self, Audit, baseline, sarif, text};
use gateless_base::{cache, files};
use gateless_ledger::Ledger;
use gateless_model::{Exit, Failure, Result};
use gateless_provision::fetch;
use gateless_rustc::compiler;

use crate::output;

const AFTER_HELP: &str = "\
What counts as needed: the chosen compiler refuses it without a gate, and something that a build makes uses it.

Examples:
  gateless audit ~/linux                                what is unstable in a tree, as a table
  gateless audit ~/linux --json >now.json               the same for programs
  gateless audit ~/linux --deny-new now.json            for CI: exit 1 when a gate or a use of one was added
  gateless audit --diff ~/linux-6.12 ~/linux-7.3        from one tree to another
  gateless audit ~/linux --out ~/out --verify           prove it by compiling with one gate closed at a time

Exit codes:
  0  the tree was audited (and nothing new was found, nothing contradicted)
  1  --deny-new found something new or hardly anything of the baseline, or --verify contradicts the audit
  2  wrong usage
  3  a file could not be read or parsed (it is named, the rest was audited), or nothing could be done";

/// List every gate that a tree relies on, with file and line of each use, and whether the compiler needs it
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Kernel tree, or any directory of Rust sources
    #[arg(required_unless_present = "diff")]
    tree: Option<Utf8PathBuf>,
    /// Output directory of a build of the tree: use its configuration, the commands that make ran, and generated sources
    #[arg(long, value_name = "OUT")]
    out: Option<Utf8PathBuf>,
    /// Compiler to audit for [default: $GATELESS_RUSTC, else `rustc` on PATH]
    #[arg(long, value_name = "PATH")]
    rustc: Option<Utf8PathBuf>,
    /// Use the ledger files in this directory instead of the built-in ones; it may be empty
    #[arg(long, value_name = "DIR")]
    ledger: Option<Utf8PathBuf>,
    /// List every use in the table
    #[arg(long)]
    all: bool,
    /// Print everything as JSON (crates/audit/schema/audit.json)
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0, or write it to FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    sarif: Option<Option<Utf8PathBuf>>,
    /// Also write a self-contained HTML page to FILE
    #[arg(long, value_name = "FILE")]
    html: Option<Utf8PathBuf>,
    /// Exit with 1 if there is a gate or a use that BASELINE (an earlier --json) doesn't have
    #[arg(long, value_name = "BASELINE")]
    deny_new: Option<Utf8PathBuf>,
    /// With --deny-new: don't fail when the tree has no Rust, or fewer than half of the baseline's files or gates
    #[arg(long, requires = "deny_new")]
    allow_shrink: bool,
    /// Compare with another tree, release (6.12) or earlier --json: `TREE --diff OTHER`, or `--diff OLD NEW`
    #[arg(long, value_name = "OTHER", num_args = 1..=2)]
    diff: Option<Vec<Utf8PathBuf>>,
    /// Rerun the recorded commands of --out with one gate closed at a time, and compare with the audit. Shows how each gate was
    /// closed; what that build doesn't compile is neither verified nor contradicted
    #[arg(long, requires = "out")]
    verify: bool,
    /// With --verify: check only these gates
    #[arg(long, value_name = "ID", requires = "verify", value_delimiter = ',')]
    gate: Vec<String>,
}

/// Prints the audit, or what is new.
pub fn run(args: Args) -> Result<Exit> {
    let own = args.ledger.as_deref().map(own_ledger).transpose()?;
    let ledger = own.as_ref().unwrap_or_else(|| Ledger::embedded());
    let rustc = match &args.rustc {
        Some(path) => path.clone(),
        None => compiler::find()?.rustc,
    };
    if let Some(others) = &args.diff {
        return diff(&args, others, &rustc, ledger);
    }
    let tree = args
        .tree
        .as_ref()
        .ok_or_else(|| Failure::usage("no tree given"))?;
    let audited = audit::run(tree, args.out.as_deref(), &rustc)?;
    let mut answer = audited.audit(ledger);
    notes(&answer);
    let mut agrees = true;
    if args.verify
        && let Some(out) = &args.out
    {
        let job = audit::verify::Job {
            tree,
            out,
            rustc: &rustc,
            ledger,
            only: &args.gate,
        };
        let outcome = audit::verify::verify(&mut answer, &job, &|line| output::note(line))?;
        output::note(format_args!(
            "verified: {}; contradicted: {}; not compiled in this build: {}",
            outcome.verified, outcome.contradicted, outcome.not_compiled
        ));
        agrees = outcome.contradicted == 0;
    }
    if let Some(file) = &args.html {
        files::write(file, audit::html::page(&answer))?;
        output::note(format_args!("wrote {file}"));
    }
    let complete = answer.problems.is_empty();
    if let Some(file) = &args.deny_new {
        return deny_new(&args, tree, file, &answer);
    }
    match &args.sarif {
        Some(Some(file)) => {
            let text = serde_json::to_string_pretty(&sarif::sarif(&answer))
                .map_err(|error| Failure::failed("SARIF can't be written").because(error))?;
            files::write(file, &text)?;
            output::note(format_args!("wrote {file}"));
        }
        Some(None) => output::json(&sarif::sarif(&answer))?,
        None if args.json => output::json(&answer)?,
        None => output::line(text::table(&answer, width(), args.all))?,
    }
    Ok(match (agrees, complete) {
        (false, _) => Exit::No,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Yes,
    })
}

/// The ledger in a directory that the user names.
pub fn own_ledger(directory: &Utf8Path) -> Result<Ledger> {
    Ledger::from_directory(directory.as_std_path())
        .map_err(|what| Failure::failed(format!("the ledger in {directory} can't be read: {what}")))
}

/// Reports on stderr what could not be read, and what kind of directory it is.
fn notes(answer: &Audit) {
    for problem in &answer.problems {
        let line = if problem.line > 0 {
            format!(":{}", problem.line)
        } else {
            String::new()
        };
        output::note(format_args!("{}{line}: {}", problem.file, problem.what));
    }
    if answer.files.rust == 0 {
        output::note("there is no Rust in this tree");
    }
}

fn width() -> usize {
    let named = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    let of_terminal = || terminal_size::terminal_size().map(|(width, _)| width.0.into());
    let columns = named.or_else(of_terminal);
    columns.map_or(100, |columns: usize| columns.clamp(60, 160))
}

fn deny_new(args: &Args, tree: &Utf8Path, file: &Utf8Path, answer: &Audit) -> Result<Exit> {
    let old = baseline_of(file)?;
    let mut found = baseline::difference(&old, answer);
    for change in found.added.iter_mut().take(BLAMED) {
        change.commit = blame(tree, &change.file, change.line);
    }
    if args.json {
        output::json(&found)?;
    } else {
        output::line(baseline::text(&found))?;
    }
    let exists = |path: &str| tree.join(path).exists();
    let shrunk = baseline::shrunk(&old, answer, &exists).filter(|_| !args.allow_shrink);
    if let Some(why) = &shrunk {
        output::note(format_args!("{tree} is not what {file} was made of: {why}"));
        output::note("help: check the path; --allow-shrink takes it as it is");
    }
    let is_new = shrunk.is_some()
        || !found.new_gates.is_empty()
        || !found.added.is_empty()
        || !found.newly_needed.is_empty();
    Ok(match (is_new, answer.problems.is_empty()) {
        (true, _) => Exit::No,
        (false, false) => Exit::Failed,
        (false, true) => Exit::Yes,
    })
}

/// How many added lines are looked up in the history; each lookup takes git a moment.
const BLAMED: usize = 20;

/// `COMMIT (author, date): subject` of the commit that a line comes from; nothing without history.
fn blame(tree: &Utf8Path, file: &str, line: usize) -> Option<String> {
    let range = format!("{line},{line}");
    let output = Command::new("git")
        .args([
            "-C",
            tree.as_str(),
            "blame",
            "--porcelain",
            "-L",
            &range,
            "--",
            file,
        ])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let hash: String = text.split_whitespace().next()?.chars().take(12).collect();
    if hash.chars().all(|c| c == '0') {
        return Some("a change that is not committed yet".to_owned());
    }
    Some(format!(
        "{hash} ({}): {}",
        field("author "),
        field("summary ")
    ))
}

fn baseline_of(file: &Utf8Path) -> Result<Audit> {
    let text = fs_err::read_to_string(file)?;
    let audit: Audit = serde_json::from_str(&text).map_err(|error| {
        Failure::failed(format!(
            "{file} is not an answer of `gateless audit --json`"
        ))
        .because(error)
        .help("make one with `gateless audit TREE --json >FILE`")
    })?;
    if audit.version != audit::VERSION {
        return Err(Failure::failed(format!(
            "{file} has version {}, but this gateless reads version {}",
            audit.version,
            audit::VERSION
        )));
    }
    Ok(audit)
}

fn diff(args: &Args, others: &[Utf8PathBuf], rustc: &Utf8Path, ledger: &Ledger) -> Result<Exit> {
    let (old, new) = match (others, &args.tree) {
        ([old, new], None) => (old, new),
        ([other], Some(tree)) => (tree, other),
        ([_], None) => {
            return Err(Failure::usage(
                "--diff needs two trees: `TREE --diff OTHER` or `--diff OLD NEW`",
            ));
        }
        _ => return Err(Failure::usage("--diff takes two trees, not three")),
    };
    let side = |which: &Utf8Path| -> Result<Audit> {
        if which.is_file() {
            return baseline_of(which);
        }
        let tree = if which.is_dir() {
            which.to_owned()
        } else {
            fetch::cached(&cache::root()?, which.as_str())?.ok_or_else(|| {
                Failure::failed(format!(
                    "{which} is neither a directory, nor a file, nor a release in the cache"
                ))
                .help(format!("`gateless fetch {which}` may find it"))
            })?
        };
        Ok(audit::run(&tree, None, rustc)?.audit(ledger))
    };
    let (old, new) = (side(old)?, side(new)?);
    notes(&new);
    let found = baseline::difference(&old, &new);
    if args.json {
        output::json(&found)?;
    } else {
        output::line(baseline::text(&found))?;
    }
    let complete = old.problems.is_empty() && new.problems.is_empty();
    Ok(if complete { Exit::Yes } else { Exit::Failed })
}
