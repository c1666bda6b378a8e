//! A tree audited for a compiler, from its files to the answer.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use gateless_ledger::Ledger;
use gateless_linux::DotConfig;
use gateless_model::{Failure, Result};

use crate::audit::{Audit, Question, assemble, out};
use crate::finding::Sign;
use crate::scan::{self, Scan};
use gateless_rustc::answers::Answers;

/// A scanned tree with what a compiler says about its features; asked once, it can be assembled for several ledgers.
pub struct Audited {
    /// The scan.
    pub scan: Scan,
    /// The compiler.
    pub compiler: Answers,
    /// Symbols of the build directory's configuration.
    pub configuration: Option<DotConfig>,
    out: Option<String>,
}

/// Scans `tree` (and the build directory `out`), and asks the compiler at `rustc` about what was found.
pub fn run(tree: &Utf8Path, out: Option<&Utf8Path>, rustc: &Utf8Path) -> Result<Audited> {
    if !tree.is_dir() {
        return Err(Failure::failed(format!("{tree} is not a directory"))
            .help("`gateless fetch 7.3` fetches a kernel tree and prints its path"));
    }
    let mut scan = scan::scan(tree)?;
    let configuration = match out {
        Some(out) => Some(out::add(&mut scan, out).map_err(|error| {
            Failure::failed(format!(
                "{out} is no directory of a kernel build that was configured"
            ))
            .because(error)
            .help(
                "name the output directory of a build, as `gateless build --out` or `make O=` has it",
            )
        })?),
        None => None,
    };
    let mut compiler = Answers::ask(rustc)?;
    let features: BTreeSet<String> = scan
        .findings
        .iter()
        .filter_map(|finding| match &finding.sign {
            Sign::Feature(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    compiler.ask_features(features.iter().map(String::as_str))?;
    for (target, names) in target_features(&scan) {
        compiler.ask_target_features(&target, &names)?;
    }
    Ok(Audited {
        scan,
        compiler,
        configuration,
        out: out.map(ToString::to_string),
    })
}

/// Target features on command lines, by the built-in target that the same makefile names (that of the compiler's host for those that name none).
fn target_features(scan: &Scan) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in &scan.findings {
        if let Sign::TargetFeature(name) = &finding.sign
            && finding.text.contains("-Ctarget-feature")
        {
            let target = scan
                .targets
                .iter()
                .find(|(file, _)| *file == finding.file)
                .map_or("x86_64-unknown-none", |(_, target)| target.as_str());
            found
                .entry(target.to_owned())
                .or_default()
                .insert(name.clone());
        }
    }
    found
}

impl Audited {
    /// The audit by a ledger.
    pub fn audit(&self, ledger: &Ledger) -> Audit {
        assemble(&Question {
            scan: &self.scan,
            compiler: &self.compiler,
            ledger,
            configuration: self.configuration.as_ref(),
            out: self.out.clone(),
        })
    }
}
