//! A configuration that is there or was just made, and questions about it; `gateless why` and `gateless doctor` ask them.

use camino::Utf8Path;
use gateless_base::cache;
use gateless_kbuild::c_tools;
use gateless_linux::DotConfig;
use gateless_linux::kconfig::Symbols;
use gateless_linux::out::tree_of;
use gateless_linux::tree::{self, Tree};
use gateless_linux::why::{Answer, Outside, Why};
use gateless_machines::kbuild_arch;
use gateless_model::{Failure, Result};
use gateless_overlay::state as overlay;
use gateless_provision::doctor::{self, Job};
use gateless_provision::toolchain::Choice;

/// A configuration and the tree that it is of.
pub struct Subject {
    /// The kernel tree.
    pub tree: Tree,
    /// Kbuild's ARCH, or a machine's name where the user gave that.
    pub arch: String,
    /// What the tree's Kconfig says, and that of an overlay.
    pub symbols: Symbols,
    /// What it says.
    pub config: DotConfig,
    /// What the tree's own check of the Rust tools printed, where it was run and found something.
    pub rustavailable: Option<String>,
}

impl Subject {
    /// Why the symbol is on or off.
    pub fn explain(&self, symbol: &str) -> Answer {
        Why::new(&self.symbols, &self.config).explain(symbol)
    }
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
pub fn of_tools(subject: &Subject, toolchain: &Choice) -> Result<String> {
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
pub fn read(out: &Utf8Path, tree: Option<&Utf8Path>, arch: Option<&str>) -> Result<Subject> {
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
