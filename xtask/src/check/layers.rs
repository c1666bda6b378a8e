//! The table "crates, and what they may know" of ARCHITECTURE.md is what `cargo metadata` says.
//!
//! A row's last column names exactly the crates that a crate depends on, or says `all`. Rows stand from the ground up: each
//! uses only crates above it. What tests alone depend on may be any crate of the row, and the crate of test helpers.

use std::collections::BTreeSet;

use anyhow::ensure;
use cargo_metadata::DependencyKind;

use super::repository::Repository;

const DOCUMENT: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Crates, and what they may know";
/// Helpers of tests: what nothing but tests may depend on.
const TESTS_ONLY: &str = "trials";

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let rows = rows(&repository.read(DOCUMENT)?);
    ensure!(!rows.is_empty(), "{DOCUMENT}: no table under `{HEADING}`");
    let crates = repository
        .crates()
        .map(|(name, package)| {
            let of_kind = |tests: bool| {
                let kind = move |kind| (kind == DependencyKind::Development) == tests;
                package
                    .dependencies
                    .iter()
                    .filter(move |dependency| kind(dependency.kind))
                    .filter_map(|dependency| dependency.path.as_ref()?.file_name())
                    .map(str::to_owned)
                    .collect()
            };
            Crate {
                name: name.to_owned(),
                uses: of_kind(false),
                tests_use: of_kind(true),
            }
        })
        .collect::<Vec<_>>();
    Ok(differences(&rows, &crates))
}

/// A row of the table.
struct Row {
    name: String,
    may_use: MayUse,
}

enum MayUse {
    All,
    These(BTreeSet<String>),
}

/// A crate as cargo knows it, with other crates of the workspace.
struct Crate {
    name: String,
    uses: BTreeSet<String>,
    tests_use: BTreeSet<String>,
}

fn rows(document: &str) -> Vec<Row> {
    let section = document.split_once(HEADING).map_or("", |(_, after)| after);
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').collect();
        let [name, _, may_use, ..] = cells.as_slice() else {
            return None;
        };
        let name = quoted(name).into_iter().next()?;
        let may_use = match may_use.trim() {
            "all" => MayUse::All,
            names => MayUse::These(quoted(names)),
        };
        Some(Row { name, may_use })
    });
    rows.collect()
}

/// Names in backticks, but not those in parentheses.
fn quoted(cell: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = cell.to_owned();
    while let (Some(from), Some(to)) = (rest.find('('), rest.find(')')) {
        if from > to {
            break;
        }
        rest.replace_range(from..=to, "");
    }
    for (at, piece) in rest.split('`').enumerate() {
        if at % 2 == 1 {
            names.insert(piece.to_owned());
        }
    }
    names
}

fn differences(rows: &[Row], crates: &[Crate]) -> Vec<String> {
    let mut broken = Vec::new();
    for row in rows {
        if !crates.iter().any(|known| known.name == row.name) {
            broken.push(format!("{DOCUMENT}: there is no crate `{}`", row.name));
        }
    }
    for Crate {
        name,
        uses,
        tests_use,
    } in crates
    {
        let Some(at) = rows.iter().position(|row| row.name == *name) else {
            broken.push(format!("{DOCUMENT}: has no row for the crate `{name}`"));
            continue;
        };
        let above = |other: &String| rows[..at].iter().any(|row| row.name == *other);
        for other in uses.iter().filter(|other| *other == TESTS_ONLY) {
            broken.push(format!("`{name}` uses `{other}` outside of tests"));
        }
        for other in uses.iter().filter(|other| !above(other)) {
            broken.push(format!(
                "`{name}` uses `{other}`, which stands no higher in the table of {DOCUMENT}"
            ));
        }
        let MayUse::These(allowed) = &rows[at].may_use else {
            continue;
        };
        for other in uses.difference(allowed) {
            broken.push(format!(
                "`{name}` uses `{other}`, which {DOCUMENT} does not allow"
            ));
        }
        for other in allowed.difference(uses) {
            broken.push(format!(
                "{DOCUMENT}: `{name}` may use `{other}`, and does not"
            ));
        }
        for other in tests_use
            .difference(allowed)
            .filter(|other| *other != TESTS_ONLY)
        {
            broken.push(format!(
                "tests of `{name}` use `{other}`, which {DOCUMENT} does not allow"
            ));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
## Crates, and what they may know

| crate | is | may use |
| --- | --- | --- |
| `model` | shapes | |
| `trials` | of tests | |
| `lower` | rewriting | `model` (failures, not `lab`) |
| `top` | everything | all |

## Next
| `other` | table | `model` |
";

    fn known(name: &str, uses: &[&str], tests_use: &[&str]) -> Crate {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Crate {
            name: name.to_owned(),
            uses: set(uses),
            tests_use: set(tests_use),
        }
    }

    fn workspace() -> Vec<Crate> {
        vec![
            known("model", &[], &[]),
            known("trials", &[], &[]),
            known("lower", &["model"], &["trials"]),
            known("top", &["lower"], &["model"]),
        ]
    }

    fn found(crates: &[Crate]) -> String {
        differences(&rows(TABLE), crates).join("\n")
    }

    #[test]
    fn a_workspace_that_is_as_the_table_says_is_fine() {
        assert_eq!(found(&workspace()), "");
    }

    #[test]
    fn a_dependency_that_the_table_lacks_is_reported() {
        let mut crates = workspace();
        crates[0] = known("model", &["lower"], &[]);
        assert!(
            found(&crates).contains("`model` uses `lower`, which ARCHITECTURE.md does not allow")
        );
        assert!(found(&crates).contains("stands no higher"));
    }

    #[test]
    fn a_dependency_that_only_the_table_has_is_reported() {
        let mut crates = workspace();
        crates[2] = known("lower", &[], &[]);
        assert_eq!(
            found(&crates),
            "ARCHITECTURE.md: `lower` may use `model`, and does not"
        );
    }

    #[test]
    fn a_dependency_of_tests_is_held_to_the_table_too() {
        let mut crates = workspace();
        crates[2] = known("lower", &["model"], &["top"]);
        assert_eq!(
            found(&crates),
            "tests of `lower` use `top`, which ARCHITECTURE.md does not allow"
        );
        crates[2] = known("lower", &["model", "trials"], &[]);
        assert!(found(&crates).contains("`lower` uses `trials` outside of tests"));
    }

    #[test]
    fn crates_without_a_row_and_rows_without_a_crate_are_reported() {
        let mut crates = workspace();
        crates[3].name = "new".to_owned();
        assert_eq!(
            found(&crates),
            "ARCHITECTURE.md: there is no crate `top`\nARCHITECTURE.md: has no row for the crate `new`"
        );
    }
}
