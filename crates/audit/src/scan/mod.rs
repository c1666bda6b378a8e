//! A whole tree: every file that can hold a gate is read by its own rules, in parallel; what can't be read is a problem, not an end.

mod ci;
mod other;
mod vendored;
mod walk;

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_linux::condition::Condition;
use gateless_linux::kconfig::file::{self as kconfig_file, Item};
use gateless_linux::makefile::words::{name_condition, words};
use gateless_linux::makefile::{self, Makefile, Statement, directories};
use gateless_linux::tree;

use crate::finding::{Finding, Problem};
use crate::kconfig::{self, Kconfig, arch_of_path};
use crate::makefile::facts::{Global, PassedCfg, facts};
use crate::makefile::goals::Root;
use crate::parallel;
use crate::rust::file as rust_file;
use crate::rust::modules::Child;

pub use other::spec_findings;
pub use vendored::Vendored;
pub use walk::{Kind, Listing};

/// How many files of each sort were read.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct Counts {
    /// Rust sources.
    pub rust: usize,
    /// Makefiles.
    pub makefiles: usize,
    /// Kconfig files.
    pub kconfig: usize,
    /// Scripts, target specifications, configuration of tools.
    pub other: usize,
}

/// All that the files of a tree say.
#[derive(Debug, Default)]
pub struct Scan {
    /// Places, as each file alone has them.
    pub findings: Vec<Finding>,
    /// Places that count only where the tree opens a feature.
    pub dependent: Vec<(String, Finding)>,
    /// Files that a Rust file brings in.
    pub children: BTreeMap<String, Vec<Child>>,
    /// Sources that makefiles compile.
    pub roots: Vec<Root>,
    /// `cfg`s that makefiles pass.
    pub cfgs: Vec<PassedCfg>,
    /// Built-in targets that makefiles name: the makefile, and the target.
    pub targets: Vec<(String, String)>,
    /// Symbols.
    pub kconfig: Kconfig,
    /// What could not be read wholly.
    pub problems: Vec<Problem>,
    /// Directories with crates of others.
    pub vendored: Vendored,
    /// Files read.
    pub counts: Counts,
    /// `VERSION.PATCHLEVEL.SUBLEVEL` of the top makefile.
    pub release: Option<String>,
}

/// What one file gave.
enum Read {
    Rust(String, rust_file::RustFile),
    Makefile(String, Makefile),
    Kconfig(String, kconfig::Macros, Vec<Item>),
    Other(Vec<Finding>),
    Problem(Problem),
}

/// Scans the directory `tree`. Fails only if the directory itself can't be listed.
pub fn scan(tree: &Utf8Path) -> std::io::Result<Scan> {
    let listing = walk::list(tree)?;
    let reads = parallel::map(&listing.files, |(path, kind)| read(tree, path, *kind));
    let mut scan = Scan {
        vendored: Vendored::read(tree, &listing.readmes),
        problems: listing.problems,
        ..Scan::default()
    };
    scan.count(&listing.files);
    scan.merge(reads.into_iter().flatten());
    scan.sort();
    Ok(scan)
}

fn read(tree: &Utf8Path, path: &str, kind: Kind) -> Vec<Read> {
    let problem = |line: usize, what: String| {
        Read::Problem(Problem {
            file: path.to_owned(),
            line,
            what,
        })
    };
    let bytes = match std::fs::read(tree.join(path)) {
        Ok(bytes) => bytes,
        Err(error) => return vec![problem(0, format!("can't be read: {error}"))],
    };
    let mut reads = Vec::new();
    let (text, odd) = other::text(bytes);
    if let Some(what) = odd.filter(|_| kind == Kind::Rust) {
        reads.push(problem(0, what));
    }
    if kind != Kind::Spec
        && let Some(line) = other::conflict(&text)
    {
        reads.push(problem(
            line,
            "a merge or patch was left half done (`<<<<<<<`)".to_owned(),
        ));
    }
    match kind {
        Kind::Rust | Kind::PreprocessedRust => {
            let file = rust_file::scan(&text, path, kind == Kind::Rust);
            reads.push(Read::Rust(path.to_owned(), file));
        }
        Kind::Makefile => reads.push(Read::Makefile(path.to_owned(), makefile::parse(&text))),
        Kind::Kconfig => {
            let parsed = kconfig_file::parse(&text, path);
            let problems = parsed.problems.into_iter();
            reads.extend(problems.map(|(place, what)| problem(place.line, what)));
            let macros = other::kconfig_macros(&parsed.macros);
            reads.push(Read::Kconfig(path.to_owned(), macros, parsed.items));
        }
        Kind::Shell => reads.push(Read::Other(other::shell(&text, path))),
        Kind::Yaml => reads.push(Read::Other(ci::yaml(&text, path))),
        Kind::Dockerfile => reads.push(Read::Other(ci::dockerfile(&text, path))),
        Kind::Python => reads.push(Read::Other(other::python(&text, path))),
        Kind::Toml => reads.push(Read::Other(other::toml(&text, path))),
        Kind::BindgenOptions => reads.push(Read::Other(other::bindgen(&text, path))),
        Kind::Spec => match spec_findings(&text, path) {
            Ok(found) => reads.push(Read::Other(found)),
            Err(error) => reads.push(problem(error.line(), format!("not JSON: {error}"))),
        },
    }
    reads
}

impl Scan {
    fn count(&mut self, files: &[(String, Kind)]) {
        for (_, kind) in files {
            match kind {
                Kind::Rust | Kind::PreprocessedRust => self.counts.rust += 1,
                Kind::Makefile => self.counts.makefiles += 1,
                Kind::Kconfig => self.counts.kconfig += 1,
                _ => self.counts.other += 1,
            }
        }
    }

    fn merge(&mut self, reads: impl Iterator<Item = Read>) {
        let mut makefiles = Vec::new();
        for read in reads {
            match read {
                Read::Rust(path, mut file) => {
                    self.findings.append(&mut file.findings);
                    self.dependent.append(&mut file.dependent);
                    self.problems.append(&mut file.problems);
                    self.children.insert(path, file.children);
                }
                Read::Makefile(path, made) => makefiles.push((path, made)),
                Read::Kconfig(path, macros, items) => {
                    self.findings
                        .extend(macros.into_iter().map(|found| Finding {
                            file: path.clone(),
                            ..found
                        }));
                    self.kconfig.add(&items, arch_of_path(&path));
                }
                Read::Other(mut found) => self.findings.append(&mut found),
                Read::Problem(problem) => self.problems.push(problem),
            }
        }
        let global = Global::collect(makefiles.iter().map(|(_, made)| made));
        let included = included(&makefiles);
        let directories = directories::conditions(&makefiles);
        for (path, made) in &makefiles {
            let mut found = facts(made, path, &global);
            for condition in [included.get(path), directories.get(path)]
                .into_iter()
                .flatten()
            {
                found.under(condition);
            }
            self.findings.append(&mut found.findings);
            self.roots.append(&mut found.roots);
            self.cfgs.append(&mut found.cfgs);
            self.targets
                .extend(found.targets.drain(..).map(|target| (path.clone(), target)));
            // Only makefiles that have to do with Rust are ours to complain about.
            if !found.problems.is_empty() && mentions_rust(made) {
                self.problems.append(&mut found.problems);
            }
            if path == "Makefile" {
                self.release = tree::version_of(made).map(|(_, release)| release);
            }
        }
    }

    fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            (&a.file, a.line, &a.sign, a.role).cmp(&(&b.file, b.line, &b.sign, b.role))
        });
        self.problems.sort();
        self.problems.dedup();
    }
}

/// Conditions of the makefiles that `include-$(CONFIG_X) += FILE` names.
fn included(makefiles: &[(String, Makefile)]) -> BTreeMap<String, Condition> {
    let mut found: BTreeMap<String, Condition> = BTreeMap::new();
    for (condition, statement) in makefiles.iter().flat_map(|(_, made)| &made.statements) {
        if let Statement::Assignment(assignment) = statement
            && assignment.name.starts_with("include-")
        {
            let when = condition.clone().and(name_condition(&assignment.name));
            for word in words(&assignment.value.text) {
                let slot = found.entry(word.text).or_insert(Condition::Never);
                *slot = slot.clone().or(when.clone());
            }
        }
    }
    found
}

fn mentions_rust(made: &Makefile) -> bool {
    made.statements.iter().any(|(_, statement)| {
        let text = format!("{statement:?}");
        text.contains("RUST") || text.contains("rust")
    })
}
