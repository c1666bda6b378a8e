//! What was proven, as an in-toto statement with SLSA provenance: a form that other programs read.
//!
//! Its paths and hashes are those of the records, so that a build says the same wherever it is.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use camino::Utf8Path;
use gateless_base::hash;
use gateless_linux::DotConfig;
use gateless_linux::places::TREE;
use gateless_model::record::Record;
use gateless_model::{Failure, Result};
use serde::{Deserialize, Serialize};

use crate::{Attestation, attest};

/// The types that the specifications name (in-toto Statement v1, SLSA Provenance v1).
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// What is built, and what vouches for it.
const BUILD: &str = "urn:gateless:kernel-build:1";
const BUILDER: &str = "urn:gateless";

/// A statement about the image and the modules of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Resource>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Predicate {
    build_definition: BuildDefinition,
    run_details: RunDetails,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BuildDefinition {
    build_type: String,
    external_parameters: BTreeMap<String, String>,
    /// Materials.
    resolved_dependencies: Vec<Resource>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RunDetails {
    builder: Builder,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Builder {
    id: String,
    version: BTreeMap<String, String>,
}

/// in-toto's ResourceDescriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    digest: BTreeMap<String, String>,
    /// Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// The statement about a build in the output directory `out`, which must be proven.
///
/// # Errors
/// When the build is not proven, or has no image.
pub fn state(out: &Utf8Path, attestation: &Attestation) -> Result<Statement> {
    let image = attestation
        .image
        .as_ref()
        .filter(|_| attestation.gateless)
        .ok_or_else(|| {
            Failure::no(format!(
                "`{out}` has no proven image: nothing can be stated"
            ))
            .help(format!("`gateless attest {out}` says what is in the way"))
        })?;
    let records: Vec<&Record> = attestation
        .crates
        .iter()
        .map(|found| &found.record)
        .collect();
    let subject = image.files.iter().map(|file| Resource {
        annotations: BTreeMap::from([("what".to_owned(), file.what.clone())]),
        ..Resource::hashed(&file.file, "sha256", file.sha256.clone())
    });
    Ok(Statement {
        kind: STATEMENT.to_owned(),
        subject: subject.collect(),
        predicate_type: PROVENANCE.to_owned(),
        predicate: Predicate {
            build_definition: BuildDefinition {
                build_type: BUILD.to_owned(),
                external_parameters: parameters(out)?,
                resolved_dependencies: materials(out, &records)?,
            },
            run_details: RunDetails {
                builder: Builder {
                    id: BUILDER.to_owned(),
                    version: BTreeMap::from([(
                        "gateless".to_owned(),
                        env!("CARGO_PKG_VERSION").to_owned(),
                    )]),
                },
            },
        },
    })
}

/// Proves the build in `out` again, and compares what can be stated about it with a statement. What differs is the answer.
///
/// # Errors
/// When the text is no such statement, or the build is not proven.
pub fn verify(text: &str, out: &Utf8Path) -> Result<Vec<String>> {
    let stated: Statement = serde_json::from_str(text).map_err(|error| {
        Failure::no("the file is no statement that gateless made").because(error)
    })?;
    let found = state(out, &attest(out)?)?;
    let mut differences = Vec::new();
    let types = |statement: &Statement| {
        let definition = &statement.predicate.build_definition;
        [
            statement.kind.clone(),
            statement.predicate_type.clone(),
            definition.build_type.clone(),
        ]
    };
    if types(&stated) != types(&found) {
        differences.push(format!(
            "it is a statement of another kind: {}",
            types(&stated).join(", ")
        ));
    }
    compare(&stated.subject, &found.subject, &mut differences);
    let definition = |statement: &Statement| statement.predicate.build_definition.clone();
    let (stated, found) = (definition(&stated), definition(&found));
    compare(
        &stated.resolved_dependencies,
        &found.resolved_dependencies,
        &mut differences,
    );
    if stated.external_parameters != found.external_parameters {
        differences.push(format!(
            "the parameters are {:?}, stated are {:?}",
            found.external_parameters, stated.external_parameters
        ));
    }
    Ok(differences)
}

/// What differs between the resources that are stated and those that are there.
fn compare(stated: &[Resource], found: &[Resource], differences: &mut Vec<String>) {
    let names: BTreeSet<&str> = stated
        .iter()
        .chain(found)
        .map(|resource| resource.name.as_str())
        .collect();
    for name in names {
        let of = |resources: &[Resource]| {
            let mut own: Vec<String> = resources
                .iter()
                .filter(|resource| resource.name == name)
                .map(Resource::identity)
                .collect();
            own.sort();
            own.join(", ")
        };
        let (stated, found) = (of(stated), of(found));
        let what = match (stated.is_empty(), found.is_empty()) {
            (true, _) => format!("`{name}` is not in the statement"),
            (_, true) => format!("`{name}` is stated, and missing"),
            _ if stated != found => format!("`{name}` is {found}, stated is {stated}"),
            _ => continue,
        };
        differences.push(what);
    }
}

impl Resource {
    fn hashed(name: &str, algorithm: &str, digest: String) -> Self {
        Self {
            name: name.to_owned(),
            digest: BTreeMap::from([(algorithm.to_owned(), digest)]),
            content: None,
            annotations: BTreeMap::new(),
        }
    }

    /// What says that two resources of a name are the same.
    fn identity(&self) -> String {
        let mut parts: Vec<String> = self
            .digest
            .iter()
            .map(|(algorithm, digest)| format!("{algorithm} {digest}"))
            .collect();
        parts.extend(self.content.clone());
        parts.extend(
            self.annotations
                .iter()
                .map(|(name, value)| format!("{name} {value}")),
        );
        parts.join(" ")
    }
}

/// What the build was asked for.
fn parameters(out: &Utf8Path) -> Result<BTreeMap<String, String>> {
    let config = fs_err::read_to_string(out.join(".config"))?;
    let mut parameters = BTreeMap::from([("configSha256".to_owned(), hash::sha256(&config))]);
    if let Some(arch) = DotConfig::arch(&config) {
        parameters.insert("arch".to_owned(), arch.to_owned());
    }
    // Kbuild writes it before anything is compiled.
    if let Ok(release) = fs_err::read_to_string(out.join("include/config/kernel.release")) {
        parameters.insert("release".to_owned(), release.trim().to_owned());
    }
    Ok(parameters)
}

/// What the build was made of: the tree's Rust sources, compilers, libLLVM, the C compiler.
fn materials(out: &Utf8Path, records: &[&Record]) -> Result<Vec<Resource>> {
    let mut materials = vec![tree(records)];
    let runs = records.iter().flat_map(|record| &record.runs);
    let compilers: BTreeSet<_> = runs.map(|run| (&run.version, &run.sha256)).collect();
    materials.extend(
        compilers
            .into_iter()
            .map(|(version, sha256)| Resource::hashed(version, "sha256", sha256.clone())),
    );
    let generators = records
        .iter()
        .filter_map(|record| record.generator.as_ref());
    let generators: BTreeSet<_> = generators
        .map(|generator| (format!("libLLVM {}", generator.version), &generator.sha256))
        .collect();
    materials.extend(
        generators
            .into_iter()
            .map(|(name, sha256)| Resource::hashed(&name, "sha256", sha256.clone())),
    );
    let by_c = records
        .iter()
        .filter_map(|record| record.generator.as_ref()?.c.as_ref());
    let by_c: BTreeSet<_> = by_c.flat_map(|made| &made.programs).collect();
    materials.extend(
        by_c.into_iter()
            .map(|(path, sha256)| Resource::hashed(path, "sha256", sha256.clone())),
    );
    // Its version only: Kbuild does not record which file it was.
    let config = DotConfig::read(out)?;
    if let Some(version) = config.get("CC_VERSION_TEXT") {
        materials.push(Resource {
            name: "C compiler".to_owned(),
            digest: BTreeMap::new(),
            content: Some(BASE64.encode(version.trim_matches('"').as_bytes())),
            annotations: BTreeMap::new(),
        });
    }
    Ok(materials)
}

/// The tree's sources that Rust compilers read, hashed as a directory of these files.
fn tree(records: &[&Record]) -> Resource {
    let inputs = records.iter().flat_map(|record| &record.inputs);
    let files: BTreeMap<&str, &str> = inputs
        .filter_map(|(path, sha256)| {
            let path = path.strip_prefix(TREE)?.strip_prefix('/')?;
            Some((path, sha256.as_str()))
        })
        .collect();
    let list: String = files
        .iter()
        .map(|(path, sha256)| format!("{sha256}  {path}\n"))
        .collect();
    Resource {
        annotations: BTreeMap::from([("files".to_owned(), files.len().to_string())]),
        ..Resource::hashed(
            "Rust sources of the kernel tree",
            "dirHash",
            hash::sha256(list),
        )
    }
}
