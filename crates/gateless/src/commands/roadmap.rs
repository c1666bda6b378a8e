//! `gateless roadmap`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_audit::audit;
use gateless_audit::roadmap::{self, Point, Selection, plan};
use gateless_base::{cache, files};
use gateless_ledger::Ledger;
use gateless_linux::tree::{Tree, source_arch};
use gateless_machines::kbuild_arch;
use gateless_model::targets::Targets;
use gateless_model::{Exit, Failure, Result};
use gateless_provision::fetch;
use gateless_rustc::compiler;

use crate::output;

const AFTER_HELP: &str = "\
\"Done when\" is the shortest set of steps after which the tree needs no gate: what has to be stabilised, and what the tree can leave out.
What falls away with others (RUSTC_BOOTSTRAP, -Zunstable-options) is no step of its own.

Examples:
  gateless roadmap                              the newest 7.3.y at hand, every architecture
  gateless roadmap --tree ~/linux --arch x86    one architecture
  gateless roadmap --out ~/out --html page.html one configuration, as a page
  gateless roadmap --dot | dot -Tsvg >graph.svg the graph";

/// Show what is left until a tree builds on stable Rust, what waits for what, and the trend over releases
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Kernel tree
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    tree: Option<Utf8PathBuf>,
    /// Use the newest tree of this release in the cache
    #[arg(long, value_name = "RELEASE", default_value = "7.3")]
    release: String,
    /// Architecture, as for `gateless build` or as under the kernel's arch/ [default: all]
    #[arg(long, value_name = "ARCH", value_parser = directory)]
    arch: Option<String>,
    /// Output directory of a build of the tree: count only what its configuration needs
    #[arg(long, value_name = "OUT")]
    out: Option<Utf8PathBuf>,
    /// Compiler to plan for [default: $GATELESS_RUSTC, else `rustc` on PATH]
    #[arg(long, value_name = "PATH")]
    rustc: Option<Utf8PathBuf>,
    /// Trees or releases for the trend, oldest first [default: 6.12, 7.2 and 7.3, where the cache has them]
    #[arg(long, value_name = "TREE", num_args = 0..)]
    trend: Option<Vec<Utf8PathBuf>>,
    /// Output of `gateless targets --json`, for the matrix of architectures [default: what it would print now]
    #[arg(long, value_name = "FILE")]
    targets: Option<Utf8PathBuf>,
    /// Print everything as JSON (crates/audit/schema/roadmap.json)
    #[arg(long, conflicts_with = "dot")]
    json: bool,
    /// Print the dependency graph in Graphviz's language
    #[arg(long)]
    dot: bool,
    /// Write a self-contained HTML page to FILE
    #[arg(long, value_name = "FILE")]
    html: Option<Utf8PathBuf>,
}

/// Prints the plan.
pub fn run(args: Args) -> Result<Exit> {
    let ledger = Ledger::embedded();
    let rustc = match &args.rustc {
        Some(path) => path.clone(),
        None => compiler::find()?.rustc,
    };
    let tree = match &args.tree {
        Some(tree) => tree.clone(),
        None => tree_of(Utf8Path::new(&args.release))?,
    };
    let audited = audit::run(&tree, args.out.as_deref(), &rustc)?;
    let answer = audited.audit(ledger);
    if let Some(arch) = &args.arch
        && !answer.architectures.is_empty()
        && !answer.architectures.contains(arch)
    {
        return Err(Failure::usage(format!(
            "this tree has no Rust for the architecture `{arch}`"
        ))
        .help(format!(
            "it has Rust for {}",
            answer.architectures.join(", ")
        )));
    }
    let selection = Selection {
        arch: args.arch.clone(),
        compiler: audited.compiler.minor(),
    };
    let mut made = plan(&answer, ledger, &selection);
    made.trend = trend(&args, &tree, &answer, &rustc, ledger)?;
    made.support = match &args.targets {
        Some(file) => Some(support(file)?),
        None => own_support(&tree),
    };
    if let Some(file) = &args.html {
        files::write(file, roadmap::html::page(&made))?;
        output::note(format_args!("wrote {file}"));
    }
    if args.json {
        output::json(&made)?;
    } else if args.dot {
        output::line(roadmap::dot::dot(&made))?;
    } else if args.html.is_none() {
        output::line(roadmap::text::table(&made))?;
    }
    Ok(if answer.problems.is_empty() {
        Exit::Yes
    } else {
        Exit::Failed
    })
}

fn tree_of(which: &Utf8Path) -> Result<Utf8PathBuf> {
    if which.is_dir() {
        return Ok(which.to_owned());
    }
    fetch::cached(&cache::root()?, which.as_str())?.ok_or_else(|| {
        Failure::failed(format!("Linux {which} is not in the cache")).help(format!(
            "`gateless fetch {which}` fetches it; or name a tree"
        ))
    })
}

/// The releases of the trend; by default those in the cache.
fn trend(
    args: &Args,
    tree: &Utf8Path,
    answer: &audit::Audit,
    rustc: &Utf8Path,
    ledger: &Ledger,
) -> Result<Vec<Point>> {
    let wanted = match &args.trend {
        Some(given) => given
            .iter()
            .map(|which| tree_of(which))
            .collect::<Result<Vec<_>>>()?,
        None => ["6.12", "7.2", "7.3"]
            .iter()
            .filter_map(|release| tree_of(Utf8Path::new(release)).ok())
            .collect(),
    };
    let mut points = Vec::new();
    for other in wanted {
        if other == tree && args.out.is_none() {
            points.push(roadmap::plan::point(answer));
        } else {
            points.push(roadmap::plan::point(
                &audit::run(&other, None, rustc)?.audit(ledger),
            ));
        }
    }
    Ok(points)
}

fn support(file: &Utf8Path) -> Result<Targets> {
    serde_json::from_str(&fs_err::read_to_string(file)?).map_err(|error| {
        Failure::failed(format!(
            "{file} is not an answer of `gateless targets --json`"
        ))
        .because(error)
    })
}

/// The matrix of `gateless targets`; nothing, and a note, where there can't be one (a directory that is no kernel tree).
fn own_support(tree: &Utf8Path) -> Option<Targets> {
    let made = Tree::open(tree).and_then(|tree| super::targets::matrix(&tree, None));
    if let Err(error) = &made {
        output::note(format_args!("no matrix of architectures: {error}"));
    }
    made.ok()
}

/// The directory under the kernel's arch/ for a name of an architecture.
fn directory(name: &str) -> Result<String, std::convert::Infallible> {
    Ok(source_arch(kbuild_arch(name)).to_owned())
}
