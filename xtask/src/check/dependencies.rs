//! Every dependency that a Cargo.toml has is named somewhere in the sources, and where its kind says.
//!
//! A dependency is used where a path or an import starts with its name and the name is no module or item of the crate's own.
//! One that only tests name belongs under `[dev-dependencies]`. One that is there for its features alone says so, in
//! `[package.metadata.unnamed]` of the package: `NAME = "why"`.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Package};

use super::repository::{Part, Repository};

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    for (_, package) in repository.crates() {
        let named = Named {
            program: named(repository, package, Part::Program, false)?,
            tests: &named(repository, package, Part::Program, true)?
                | &named(repository, package, Part::Tests, true)?,
            build: named(repository, package, Part::Build, false)?,
        };
        let unnamed = unnamed(package);
        let dependencies: Vec<Dependency> = package
            .dependencies
            .iter()
            .filter(|dependency| !unnamed.contains(&dependency.name))
            .map(|dependency| Dependency {
                name: &dependency.name,
                identifier: identifier(repository, dependency),
                kind: dependency.kind,
            })
            .collect();
        broken.extend(unused(&package.name, &dependencies, &named));
    }
    Ok(broken)
}

struct Dependency<'a> {
    name: &'a str,
    /// What sources call it.
    identifier: String,
    kind: DependencyKind,
}

/// First names of paths, by what names them.
struct Named {
    program: BTreeSet<String>,
    tests: BTreeSet<String>,
    build: BTreeSet<String>,
}

fn named(
    repository: &Repository,
    package: &Package,
    part: Part,
    tests: bool,
) -> anyhow::Result<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    for (_, sources) in repository.sources(package, part)? {
        named.extend(sources.others(tests).into_iter().map(str::to_owned));
    }
    Ok(named)
}

/// What sources call a dependency: as it is renamed, or as its library is called (`md5` for `md-5`).
fn identifier(repository: &Repository, dependency: &cargo_metadata::Dependency) -> String {
    let packages = repository.metadata.packages.iter();
    let library = packages
        .filter(|package| package.name.as_str() == dependency.name)
        .find(|package| dependency.req.matches(&package.version))
        .and_then(|package| {
            let mut targets = package.targets.iter();
            targets.find(|target| target.is_lib() || target.is_proc_macro())
        });
    let name = match (&dependency.rename, library) {
        (Some(rename), _) => rename,
        (None, Some(library)) => &library.name,
        (None, None) => &dependency.name,
    };
    name.replace('-', "_")
}

/// Dependencies that say why nothing names them.
fn unnamed(package: &Package) -> BTreeSet<String> {
    let listed = package.metadata.get("unnamed");
    let listed = listed.and_then(serde_json::Value::as_object);
    listed
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

fn unused(package: &str, dependencies: &[Dependency], named: &Named) -> Vec<String> {
    let mut broken = Vec::new();
    for Dependency {
        name,
        identifier,
        kind,
    } in dependencies
    {
        let by = match kind {
            DependencyKind::Development => &named.tests,
            DependencyKind::Build => &named.build,
            _ => &named.program,
        };
        if by.contains(identifier) {
            continue;
        }
        broken.push(match named.tests.contains(identifier) {
            true => {
                format!("{package}: only tests use `{name}`; it belongs under dev-dependencies")
            }
            false => format!("{package}: nothing uses the dependency `{name}`"),
        });
    }
    broken
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::sources::Crate;
    use super::*;

    const SOURCE: &str = "
        use serde::Serialize;
        mod object { pub fn read() {} }
        #[derive(thiserror::Error)] struct E;
        fn f() { object::read(); assert!(fs_err::read(\"x\").is_ok()); }
        #[cfg(test)] mod tests { use tempfile::tempdir; }
    ";

    fn found(dependencies: &[(&str, DependencyKind)]) -> String {
        let read = |_: &Utf8Path| Ok(SOURCE.to_owned());
        let sources = Crate::load(Utf8Path::new("src/lib.rs"), &read).unwrap();
        let others = |tests| {
            sources
                .others(tests)
                .into_iter()
                .map(str::to_owned)
                .collect()
        };
        let named = Named {
            program: others(false),
            tests: others(true),
            build: BTreeSet::new(),
        };
        let dependencies: Vec<Dependency> = dependencies
            .iter()
            .map(|(name, kind)| Dependency {
                name,
                identifier: name.replace('-', "_"),
                kind: *kind,
            })
            .collect();
        unused("sample", &dependencies, &named).join("\n")
    }

    #[test]
    fn dependencies_in_imports_macros_and_attributes_are_used() {
        let normal = DependencyKind::Normal;
        let all = [("serde", normal), ("thiserror", normal), ("fs-err", normal)];
        assert_eq!(found(&all), "");
        assert_eq!(found(&[("tempfile", DependencyKind::Development)]), "");
    }

    #[test]
    fn an_unused_dependency_is_reported_even_if_a_module_is_called_so() {
        let missing = "sample: nothing uses the dependency";
        let normal = DependencyKind::Normal;
        assert_eq!(found(&[("object", normal)]), format!("{missing} `object`"));
        assert_eq!(found(&[("anyhow", normal)]), format!("{missing} `anyhow`"));
    }

    #[test]
    fn a_dependency_that_only_tests_use_is_reported() {
        assert_eq!(
            found(&[("tempfile", DependencyKind::Normal)]),
            "sample: only tests use `tempfile`; it belongs under dev-dependencies"
        );
    }
}
