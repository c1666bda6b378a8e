//! `gateless targets`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, program};
use gateless_kbuild::c_tools::CTools;
use gateless_linux::tree::Tree;
use gateless_llvm::Llvm;
use gateless_matrix::store::Store;
use gateless_model::targets::Targets;
use gateless_model::{Exit, Result};
use gateless_provision::fetch;
use gateless_rustc::compiler;
use gateless_survey::{Facts, survey, table};

use crate::output;
use crate::terminal::Terminal;

/// Show what works on which architecture, and what is missing
///
/// Covers every architecture of the kernel tree, from the tree itself, the compiler and its LLVM, this machine, and the results of
/// `gateless matrix`. A result counts only while the log it cites exists and has the recorded hash.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Kernel source tree
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    tree: Option<Utf8PathBuf>,
    /// Kernel release, fetched if necessary: 7.3 is the newest 7.3.y
    #[arg(long, default_value = "7.3")]
    release: String,
    /// Directory of results [default: in the cache]
    #[arg(long, value_name = "DIR")]
    store: Option<Utf8PathBuf>,
    /// Print everything as JSON (crates/model/schema/targets.json)
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the results as a Markdown table
    #[arg(long)]
    markdown: bool,
}

/// Prints the matrix on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let cache = cache::root()?;
    let tree = match &args.tree {
        Some(tree) => Tree::open(tree)?,
        None => Tree::open(&fetch::fetch(&cache, &args.release, &mut Terminal::new())?)?,
    };
    let targets = matrix(&tree, args.store.as_deref())?;
    if args.json {
        output::json(&targets)?;
    } else if args.markdown {
        output::line(table::markdown(&targets).trim_end())?;
    } else {
        output::line(table::text(&targets).trim_end())?;
    }
    Ok(Exit::Yes)
}

/// The matrix of a tree, for the compiler that gateless uses, this machine, and the results in `store` (by default the cache's).
pub fn matrix(tree: &Tree, store: Option<&Utf8Path>) -> Result<Targets> {
    let compiler = compiler::find()?;
    let llvm = Llvm::load(&compiler.generator()?.path)?;
    let facts = Facts {
        builtin: compiler.builtin_targets()?,
        version: compiler.version,
        version_text: &compiler.version_text,
        spec_targets: gateless_driver::target::spec_targets(),
        back_end: &|processor| llvm.back_end(processor),
        c_compiler: &|variables| {
            let tools = CTools::of(variables)?.tools;
            Ok(tools.into_iter().next().map(|tool| tool.program))
        },
        has_program: &|name| program::find(name).is_some(),
    };
    let store = store.map_or_else(
        || cache::root().map(|root| cache::results(&root)),
        |store| Ok(store.to_owned()),
    )?;
    let results = Store::new(&store).latest()?;
    survey(tree, &facts, &results)
}
