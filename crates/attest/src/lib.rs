//! Proving a build: no gate was open outside the runtime crates, and what lies in the output tree is what the records say.
//!
//! Everything is read from the records that the wrappers wrote during the build, from Kbuild's own `.cmd` files (an independent
//! witness of the arguments), and from the objects of the image. Logs are not looked at.

mod bindings;
mod cmd;
mod image;
mod objects;
mod records;
mod statement;

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_base::paths;
use gateless_linux::DotConfig;
use gateless_linux::places::Agreement;
use gateless_model::record::{OUT, Record};
use gateless_model::{Failure, Result};
use gateless_overlay::state as overlay;
use serde::Serialize;

pub use image::{File, Image};
pub use statement::{Statement, state, verify};

/// What was found out about a build. This is the shape of `gateless attest --json`.
#[derive(Debug, Serialize)]
pub struct Attestation {
    /// Version of this shape: 1.
    pub version: u32,
    /// Whether the build is gateless: no problem was found.
    pub gateless: bool,
    /// Every crate that was compiled.
    pub crates: Vec<Crate>,
    /// Number of objects in the image and its modules that a Rust compiler made; nothing when no image was linked yet.
    pub rust_objects: Option<usize>,
    /// What was proven of the image; nothing when none was linked yet.
    pub image: Option<Image>,
    /// What the gated build has and this one has not, with the reason, and the crates it is about.
    pub weaker_than_gated: BTreeMap<String, Vec<String>>,
    /// What was fixed up in what bindgen wrote, with the reason, by file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fixed_bindings: BTreeMap<String, Vec<String>>,
    /// Why the build is not proven.
    pub problems: Vec<Problem>,
}

/// One compiled crate.
#[derive(Debug, Serialize)]
pub struct Crate {
    /// Its record.
    #[serde(flatten)]
    pub record: Record,
    /// Crates for which a gate was open in one of its compiler runs.
    pub exempt: Vec<String>,
}

/// One reason why a build is not proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file it is about, relative to the output directory.
    pub file: String,
    /// What is wrong.
    pub what: String,
}

impl Problem {
    fn new(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            what: what.into(),
        }
    }
}

/// A recorded output's path within the output directory.
fn in_out(output: &str) -> &str {
    output
        .strip_prefix(OUT)
        .map_or(output, |path| path.trim_start_matches('/'))
}

/// Examines the output directory of a kernel build.
///
/// # Errors
/// When the directory has no records at all: it was not built through gateless.
pub fn attest(out: &Utf8Path) -> Result<Attestation> {
    if !out.is_dir() {
        return Err(Failure::failed(format!("`{out}` is not a directory")));
    }
    let mut problems = Vec::new();
    let records = records::load(out, &mut problems)?;
    if records.is_empty() && problems.is_empty() {
        return Err(Failure::no(format!(
            "`{out}` has no records: it was not built through gateless"
        ))
        .help("build it with `gateless build`, or with `make $(gateless make-vars)`"));
    }
    let mut places = Agreement::default();
    for record in records.values() {
        records::check(record, &mut problems);
        cmd::check(out, record, &mut places, &mut problems);
        objects::check(out, record, &mut problems)?;
    }
    if overlay::directory(out).is_dir()
        && let Err(failure) = overlay::check(out, &DotConfig::read(out)?)
    {
        problems.push(Problem::new(".config", failure.what));
    }
    let recorded = records.values().flat_map(|record| record.outputs.keys());
    let recorded = recorded
        .map(|output| {
            let path = paths::absolute(Utf8Path::new("/"), Utf8Path::new(in_out(output)));
            path.strip_prefix("/").unwrap_or(&path).to_owned()
        })
        .collect();
    let found = image::check(out, &recorded, &mut problems)?;
    let mut weaker: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records.values() {
        for decision in &record.decisions {
            if let Some(text) = &decision.weaker {
                weaker
                    .entry(format!("{}: {text}", decision.argument))
                    .or_default()
                    .push(record.crate_name.clone());
            }
        }
    }
    for record in records.values() {
        let made = record.generator.as_ref().and_then(|its| its.c.as_ref());
        for text in made.iter().flat_map(|made| &made.weaker) {
            let of = weaker.entry(format!("back end C: {text}")).or_default();
            of.push(record.crate_name.clone());
        }
    }
    let crates = records
        .into_values()
        .map(|record| Crate {
            exempt: record
                .runs
                .iter()
                .flat_map(|run| run.exempt.clone())
                .collect(),
            record,
        })
        .collect();
    Ok(Attestation {
        version: 1,
        gateless: problems.is_empty(),
        crates,
        rust_objects: found.as_ref().map(|found| found.rust_objects),
        image: found.and_then(|found| found.image),
        weaker_than_gated: weaker,
        fixed_bindings: bindings::fixed(out)?,
        problems,
    })
}
